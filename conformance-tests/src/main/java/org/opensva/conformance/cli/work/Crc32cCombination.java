package org.opensva.conformance.cli.work;

/**
 * Combines the CRC-32C of two pieces into that of their concatenation, so that each window can be
 * checked on its own.
 *
 * <p>A CRC is a remainder modulo the generator polynomial over GF(2) (RFC 3720, appendix B.4; bits
 * reflected, so the coefficient of x^0 is the highest bit). Appending a piece multiplies what came
 * before by x to the number of its bits; the presets of ones cancel out.
 */
final class Crc32cCombination {

    /** The polynomial 0x1EDC6F41 with its bits reflected. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private static final int ONE = 1 << 31;
    private static final int X_TO_THE_8TH = ONE >>> 8;

    private Crc32cCombination() {}

    /** The CRC of two pieces, from the CRC of each and the length in bytes of the second. */
    static long combine(long first, long second, long secondLength) {
        int shifted = multiply(power(X_TO_THE_8TH, secondLength), (int) first);
        return (shifted ^ (int) second) & 0xffff_ffffL;
    }

    private static int power(int base, long exponent) {
        int result = ONE;
        int square = base;
        for (long left = exponent; left != 0; left >>>= 1) {
            if ((left & 1) != 0) {
                result = multiply(result, square);
            }
            square = multiply(square, square);
        }
        return result;
    }

    private static int multiply(int a, int b) {
        int product = 0;
        int term = b;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= term;
            }
            // Times x, modulo the polynomial.
            term = (term & 1) != 0 ? term >>> 1 ^ POLYNOMIAL : term >>> 1;
        }
        return product;
    }
}
