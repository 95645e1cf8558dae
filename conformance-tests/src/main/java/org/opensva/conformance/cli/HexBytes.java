package org.opensva.conformance.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.HexFormat;

/** Bytes that were typed in hexadecimal: 1 to 128 of them. */
final class HexBytes {

    private static final int MOST = 128;

    private final byte[] bytes;

    private HexBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /** Reads them. */
    static final class Reader implements ITypeConverter<HexBytes> {

        /** Needed by picocli. */
        Reader() {}

        @Override
        public HexBytes convert(String text) {
            String digits = text.startsWith("0x") ? text.substring(2) : text;
            byte[] bytes;
            try {
                bytes = HexFormat.of().parseHex(digits);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'%s' is not pairs of hexadecimal digits".formatted(text));
            }
            if (bytes.length == 0 || bytes.length > MOST) {
                throw new TypeConversionException(
                        "'%s' is not 1 to %d bytes".formatted(text, MOST));
            }
            return new HexBytes(bytes);
        }
    }
}
