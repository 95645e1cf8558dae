package org.opensva.emulated.profile;

import java.util.Locale;
import java.util.OptionalLong;

/** Numbers of bytes as people write them: {@code 512M}, {@code 8G}. */
public final class ByteCount {

    private ByteCount() {}

    /**
     * Reads a number of bytes.
     *
     * @param text digits, with K, M, G or T behind them for powers of 1024
     * @param most greatest number allowed
     * @return the number, or empty if the text is none from 1 to {@code most}
     */
    public static OptionalLong parse(String text, long most) {
        String digits = text.toUpperCase(Locale.ROOT);
        int shift =
                switch (digits.isEmpty() ? ' ' : digits.charAt(digits.length() - 1)) {
                    case 'K' -> 10;
                    case 'M' -> 20;
                    case 'G' -> 30;
                    case 'T' -> 40;
                    default -> 0;
                };
        try {
            long count =
                    Long.parseLong(shift > 0 ? digits.substring(0, digits.length() - 1) : digits);
            return count > 0 && count <= most >> shift
                    ? OptionalLong.of(count << shift)
                    : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
