package org.opensva.conformance.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and prints numbers of bytes: {@code 4096}, {@code 64K}, {@code 4M}. */
final class ByteSize implements ITypeConverter<Integer> {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([kKmM]?)(i?B)?");
    private static final int MIN = 1 << 12;
    private static final int MAX = 1 << 28;
    private static final double KIBI = 1024;

    /** Needed by picocli. */
    ByteSize() {}

    @Override
    public Integer convert(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (matcher.matches()) {
            int shift =
                    switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                        case "k" -> 10;
                        case "m" -> 20;
                        default -> 0;
                    };
            long bytes = Long.parseLong(matcher.group(1)) << shift;
            if (bytes >= MIN && bytes <= MAX) {
                return (int) bytes;
            }
        }
        throw new TypeConversionException("'%s' is not a size from 4K to 256M".formatted(text));
    }

    /** A number of bytes for people. */
    static String show(long bytes) {
        if (bytes < KIBI) {
            return bytes + " B";
        }
        double value = bytes;
        String unit = "";
        for (String next : new String[] {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
            value /= KIBI;
            unit = next;
            if (value < KIBI) {
                break;
            }
        }
        return String.format(Locale.ROOT, "%.1f %s", value, unit);
    }
}
