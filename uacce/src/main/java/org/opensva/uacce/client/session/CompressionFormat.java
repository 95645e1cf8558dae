package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Operation;

/** Formats of compressed data. */
public enum CompressionFormat {
    /** gzip (RFC 1952). */
    GZIP(Operation.GZIP, Operation.GUNZIP),
    /** zlib (RFC 1950). */
    ZLIB(Operation.ZLIB, Operation.UNZLIB),
    /** Raw DEFLATE (RFC 1951). */
    DEFLATE(Operation.DEFLATE, Operation.INFLATE);

    private final Operation compress;
    private final Operation decompress;

    CompressionFormat(Operation compress, Operation decompress) {
        this.compress = compress;
        this.decompress = decompress;
    }

    /**
     * What makes this format.
     *
     * @return an operation
     */
    public Operation compress() {
        return compress;
    }

    /**
     * What reads this format.
     *
     * @return an operation
     */
    public Operation decompress() {
        return decompress;
    }
}
