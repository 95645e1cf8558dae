package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Operation;

/** What is around a DEFLATE stream (RFC 1951). */
enum CompressionFormat {
    /** Nothing. */
    RAW,
    /** Header, Adler-32 (RFC 1950): the codec of the library makes and checks them. */
    ZLIB,
    /** Header, CRC-32 and size (RFC 1952). */
    GZIP;

    static CompressionFormat of(Operation operation) {
        return switch (operation) {
            case GZIP, GUNZIP -> GZIP;
            case ZLIB, UNZLIB -> ZLIB;
            default -> RAW;
        };
    }

    /** Tells whether the library's codec is to leave header and trailer away. */
    boolean bare() {
        return this != ZLIB;
    }
}
