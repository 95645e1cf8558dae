package org.opensva.conformance.report.seal;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** Writes a double as ECMAScript's Number::toString does, which RFC 8785 section 3.2.2.3 names. */
final class CanonicalNumber {

    /** Where ECMAScript changes to an exponent: from 1e21 up, and below 1e-6. */
    private static final int LARGEST_PLAIN = 21;

    private static final int SMALLEST_PLAIN = -6;

    private CanonicalNumber() {}

    static String of(double value) {
        if (!Double.isFinite(value)) {
            throw new SealException("a number is larger than JSON can hold exactly");
        }
        if (value == 0) {
            return "0"; // also for -0
        }
        BigDecimal shortest = shortest(Math.abs(value));
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale();
        return (value < 0 ? "-" : "") + layout(digits, point);
    }

    /** The fewest digits that mean this double. */
    private static BigDecimal shortest(double value) {
        // Java's form is the shortest, except that it never has fewer than two digits.
        BigDecimal two = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (two.precision() == 2) {
            for (RoundingMode mode :
                    List.of(RoundingMode.HALF_EVEN, RoundingMode.DOWN, RoundingMode.UP)) {
                BigDecimal one = two.round(new MathContext(1, mode)).stripTrailingZeros();
                if (one.doubleValue() == value) {
                    return one;
                }
            }
        }
        return two;
    }

    /** The value is 0.DIGITS times ten to the power of {@code point}. */
    private static String layout(String digits, int point) {
        int count = digits.length();
        if (point > SMALLEST_PLAIN && point <= 0) {
            return "0." + "0".repeat(-point) + digits;
        }
        if (point > 0 && point <= LARGEST_PLAIN) {
            return point >= count
                    ? digits + "0".repeat(point - count)
                    : digits.substring(0, point) + "." + digits.substring(point);
        }
        int exponent = point - 1;
        return digits.charAt(0)
                + (count > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + Math.abs(exponent);
    }
}
