package org.opensva.uacce.client.jca;

import org.opensva.api.accelerator.Algorithm;

/** How many bytes digests have. */
final class DigestLength {

    private DigestLength() {}

    static int of(Algorithm algorithm) {
        return switch (algorithm) {
            case MD5 -> 16;
            case SHA_1 -> 20;
            case SHA_224, SHA_512_224, SHA3_224 -> 28;
            case SHA_256, SHA_512_256, SHA3_256 -> 32;
            case SHA_384, SHA3_384 -> 48;
            case SHA_512, SHA3_512 -> 64;
            default -> throw new IllegalArgumentException(algorithm.id() + " is no digest");
        };
    }
}
