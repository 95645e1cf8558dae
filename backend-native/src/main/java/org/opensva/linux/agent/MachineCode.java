package org.opensva.linux.agent;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Turns a listing into the bytes that it lists. */
final class MachineCode {

    private MachineCode() {}

    /**
     * Assembles.
     *
     * @param listing one instruction a line, bytes in hexadecimal first; lines that end with a
     *     colon are labels
     */
    static byte[] of(String listing) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (String line : listing.lines().map(String::strip).toList()) {
            if (!line.isEmpty() && !line.endsWith(":")) {
                int end = line.indexOf(' ');
                code.writeBytes(HexFormat.of().parseHex(end < 0 ? line : line.substring(0, end)));
            }
        }
        return code.toByteArray();
    }
}
