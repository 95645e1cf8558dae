package org.opensva.conformance.suite.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * Eight-byte values that occur nowhere else, each with a name, so that a stale value tells where it
 * comes from. Thread-safe.
 */
final class Tokens {

    private final RandomGenerator random;
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Integer, Long> byCrc = new HashMap<>();

    Tokens(RandomGenerator random) {
        this.random = random;
        remember(0, "zero");
    }

    /** A new value under which no other token, and no token's checksum, is known. */
    synchronized long next(String name) {
        long token;
        do {
            token = random.nextLong();
        } while (names.containsKey(token) || byCrc.containsKey(crc(token)));
        remember(token, name);
        return token;
    }

    private void remember(long token, String name) {
        names.put(token, name);
        byCrc.put(crc(token), token);
    }

    /** The token of a checksum. */
    synchronized OptionalLong ofCrc(long crc) {
        Long token = byCrc.get((int) crc);
        return token == null ? OptionalLong.empty() : OptionalLong.of(token);
    }

    /** A value in words. */
    synchronized String describe(long value) {
        String name = names.get(value);
        return "0x" + Long.toHexString(value) + (name == null ? "" : " (" + name + ")");
    }

    /** The CRC-32C of a value in little-endian order. */
    static int crc(long value) {
        CRC32C crc = new CRC32C();
        for (int i = 0; i < Long.BYTES; i++) {
            crc.update((int) (value >>> (8 * i)) & 0xff);
        }
        return (int) crc.getValue();
    }
}
