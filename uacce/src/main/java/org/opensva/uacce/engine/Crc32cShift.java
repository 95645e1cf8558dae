package org.opensva.uacce.engine;

/**
 * What bytes that come later make of a CRC-32C: the JDK's checksum cannot begin with a value other
 * than that of no bytes.
 *
 * <p>A CRC is a remainder of polynomials over GF(2): appending {@code n} bytes multiplies by x to
 * the power of 8n, and the CRC of the appended bytes is added. Polynomials are written with the
 * coefficient of x<sup>0</sup> in bit 31, as the reflected CRC has them.
 */
final class Crc32cShift {

    /** RFC 3720 section 12.1: 0x1edc6f41, reflected. */
    private static final int POLYNOMIAL = 0x82f63b78;

    private static final int ONE = 1 << 31;

    /** x to the power of 2<sup>i</sup>; behind the last one they begin again. */
    private static final int[] POWERS = powers();

    private Crc32cShift() {}

    private static int[] powers() {
        int[] powers = new int[Long.SIZE + 3];
        int power = ONE >>> 1;
        for (int i = 0; i < powers.length; i++) {
            powers[i] = power;
            power = multiply(power, power);
        }
        return powers;
    }

    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= shifted;
            }
            shifted = (shifted & 1) != 0 ? shifted >>> 1 ^ POLYNOMIAL : shifted >>> 1;
        }
        return product;
    }

    /**
     * The CRC of two runs of bytes, one behind the other.
     *
     * @param first the CRC of the first
     * @param second the CRC of the second
     * @param length how many bytes the second has
     * @return the CRC of both
     */
    static long combine(long first, long second, long length) {
        int shifted = (int) first;
        long left = length;
        for (int i = 3; left != 0 && shifted != 0; i++) {
            if ((left & 1) != 0) {
                shifted = multiply(POWERS[i], shifted);
            }
            left >>>= 1;
        }
        return (shifted ^ (int) second) & 0xffff_ffffL;
    }
}
