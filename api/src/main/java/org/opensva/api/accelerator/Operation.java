package org.opensva.api.accelerator;

/** What an accelerator can be asked to do. */
public enum Operation {
    /** Nothing, with a completion. */
    NOP("nop", 0),
    /** Copy bytes. */
    COPY("copy", 1),
    /** Fill bytes with an 8-byte pattern. */
    FILL("fill", 2),
    /** CRC-32C (Castagnoli, RFC 3720) of bytes; the value is in the result. */
    CRC32C("crc32c", 3),
    /** Compress to the gzip format (RFC 1952). */
    GZIP("gzip", 4),
    /** Decompress the gzip format, all members. */
    GUNZIP("gunzip", 5),
    /** Compress to raw DEFLATE (RFC 1951). */
    DEFLATE("deflate", 6),
    /** Decompress raw DEFLATE. */
    INFLATE("inflate", 7);

    private final String id;
    private final int code;

    Operation(String id, int code) {
        this.id = id;
        this.code = code;
    }

    /**
     * The name in commands, attributes and reports.
     *
     * @return lower case
     */
    public String id() {
        return id;
    }

    /**
     * The number in descriptors of the project's own queue format. Never reused.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }
}
