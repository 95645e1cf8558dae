package org.opensva.conformance.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Locale;

/** Reads seeds as reports print them: decimal, or {@code 0x} and up to 16 hexadecimal digits. */
final class Seed implements ITypeConverter<Long> {

    /** Needed by picocli. */
    Seed() {}

    @Override
    public Long convert(String text) {
        try {
            String lower = text.toLowerCase(Locale.ROOT);
            return lower.startsWith("0x")
                    ? Long.parseUnsignedLong(lower.substring(2), 16)
                    : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException(
                    "'%s' is neither a number nor 0x and up to 16 hexadecimal digits"
                            .formatted(text));
        }
    }
}
