package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Algorithm;

/**
 * AES in a mode that goes on from block to block, with all that a stream needs to know. Immutable.
 *
 * <p>AES-GCM is not among them: nothing of a message may be released before its tag was found good,
 * so that a stream of any length has no place for it ({@link
 * org.opensva.uacce.client.session.CipherSession} does messages).
 */
public final class BlockCipher {

    static final int BLOCK = 16;
    private static final byte[] NONE = {};

    private final Algorithm algorithm;
    private final byte[] key;
    private final byte[] iv;
    private final int unit;
    private final boolean padded;

    private BlockCipher(Algorithm algorithm, byte[] key, byte[] iv, int unit, boolean padded) {
        this.algorithm = algorithm;
        this.key = key.clone();
        this.iv = iv.clone();
        this.unit = unit;
        this.padded = padded;
        boolean twoKeys = algorithm == Algorithm.AES_XTS;
        int length = twoKeys ? key.length / 2 : key.length;
        check(
                length == 16 || length == 32 || !twoKeys && length == 24,
                "a key of %d bytes".formatted(key.length));
        check(
                iv.length == (algorithm == Algorithm.AES_ECB ? 0 : BLOCK),
                "an IV of %d bytes".formatted(iv.length));
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new IllegalArgumentException(what + " is not what the mode takes");
        }
    }

    /**
     * Each block by itself.
     *
     * @param key 16, 24 or 32 bytes
     * @return AES-ECB
     */
    public static BlockCipher ecb(byte[] key) {
        return new BlockCipher(Algorithm.AES_ECB, key, NONE, 0, false);
    }

    /**
     * Each block with the one before: encrypted one after the other, decrypted side by side.
     *
     * @param key 16, 24 or 32 bytes
     * @param iv 16 bytes
     * @return AES-CBC
     */
    public static BlockCipher cbc(byte[] key, byte[] iv) {
        return new BlockCipher(Algorithm.AES_CBC, key, iv, 0, false);
    }

    /**
     * Each block with a counter. Messages of any length, never two with the same key and counter.
     *
     * @param key 16, 24 or 32 bytes
     * @param iv the counter of the first block, 16 bytes
     * @return AES-CTR
     */
    public static BlockCipher ctr(byte[] key, byte[] iv) {
        return new BlockCipher(Algorithm.AES_CTR, key, iv, 0, false);
    }

    /**
     * Data units, as sectors of a disk. The last one may be shorter, but not than 16 bytes.
     *
     * @param keys both keys, 32 or 64 bytes
     * @param number of the first data unit, 16 bytes, the lowest first
     * @param unit bytes of a data unit, 16 to 16 MiB
     * @return AES-XTS
     */
    public static BlockCipher xts(byte[] keys, byte[] number, int unit) {
        check(unit >= BLOCK && unit <= 1 << 24, "a data unit of %d bytes".formatted(unit));
        return new BlockCipher(Algorithm.AES_XTS, keys, number, unit, false);
    }

    /**
     * The same for messages of any length, which are filled up to whole blocks (PKCS #7, RFC 5652
     * section 6.3; the JDK calls it PKCS5Padding).
     *
     * @return a changed copy
     */
    public BlockCipher withPadding() {
        check(
                algorithm == Algorithm.AES_ECB || algorithm == Algorithm.AES_CBC,
                "padding of " + algorithm.id());
        return new BlockCipher(algorithm, key, iv, unit, true);
    }

    Algorithm algorithm() {
        return algorithm;
    }

    boolean padded() {
        return padded;
    }

    int unit() {
        return unit;
    }

    byte[] key() {
        return key;
    }

    /** The IV of the stream. */
    byte[] iv() {
        return iv;
    }

    /** The IV, so many steps later: a number of 128 bits with the highest or the lowest first. */
    byte[] iv(long steps) {
        byte[] sum = iv.clone();
        boolean highestFirst = algorithm == Algorithm.AES_CTR;
        long carry = steps;
        for (int i = 0; i < BLOCK && carry != 0; i++) {
            int at = highestFirst ? BLOCK - 1 - i : i;
            long digit = (sum[at] & 0xffL) + (carry & 0xff);
            sum[at] = (byte) digit;
            carry = (carry >>> Byte.SIZE) + (digit >>> Byte.SIZE);
        }
        return sum;
    }
}
