package org.opensva.uacce.sysfs;

import java.util.OptionalLong;

/** Numbers as {@code kstrtoul(text, 0, &value)} reads them (Linux {@code lib/kstrtox.c}). */
final class KernelNumber {

    private KernelNumber() {}

    /**
     * Reads a number: decimal, hexadecimal after {@code 0x}, octal after {@code 0}; a plus sign may
     * come before it and one newline after it, and nothing else.
     *
     * @return empty if that is no number, or none of 63 bits
     */
    static OptionalLong parse(String text) {
        String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        if (digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int radix = 10;
        if (digits.length() > 2
                && (digits.startsWith("0x") || digits.startsWith("0X"))
                && Character.digit(digits.charAt(2), 16) >= 0) {
            radix = 16;
            digits = digits.substring(2);
        } else if (digits.startsWith("0")) {
            radix = 8;
        }
        return digits(digits, radix);
    }

    private static OptionalLong digits(String digits, int radix) {
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            int digit = c < 128 ? Character.digit(c, radix) : -1;
            if (digit < 0 || value > (Long.MAX_VALUE - digit) / radix) {
                return OptionalLong.empty();
            }
            value = value * radix + digit;
        }
        return digits.isEmpty() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
