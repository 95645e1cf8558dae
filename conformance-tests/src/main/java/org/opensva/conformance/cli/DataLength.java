package org.opensva.conformance.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the length of a file: {@code 4096}, {@code 64K}, {@code 10G}. */
final class DataLength implements ITypeConverter<Long> {

    private static final Pattern LENGTH = Pattern.compile("([0-9]{1,15})([kKmMgGtT]?)(i?B)?");
    private static final long MOST = 1L << 50;

    /** Needed by picocli. */
    DataLength() {}

    @Override
    public Long convert(String text) {
        Matcher matcher = LENGTH.matcher(text);
        if (matcher.matches()) {
            int shift =
                    switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                        case "k" -> 10;
                        case "m" -> 20;
                        case "g" -> 30;
                        case "t" -> 40;
                        default -> 0;
                    };
            long number = Long.parseLong(matcher.group(1));
            if (number <= MOST >>> shift) {
                return number << shift;
            }
        }
        throw new TypeConversionException("'%s' is not a length from 0 to 1024T".formatted(text));
    }
}
