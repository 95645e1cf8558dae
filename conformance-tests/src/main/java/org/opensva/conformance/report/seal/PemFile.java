package org.opensva.conformance.report.seal;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** One block of a PEM file (RFC 7468). */
final class PemFile {

    /** Far more than a key takes. */
    static final int LARGEST = 1 << 16;

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    private PemFile() {}

    /**
     * The bytes of the block with a label.
     *
     * @param pem the file
     * @param wanted the label, for example {@code PRIVATE KEY}
     * @return what is encoded in it
     * @throws SealException if there is no such block, or more than one
     */
    static byte[] decode(String pem, String wanted) {
        if (pem.length() > LARGEST) {
            throw new SealException("it is larger than a key can be");
        }
        List<byte[]> found = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        String label = "";
        StringBuilder body = new StringBuilder();
        for (String line : pem.lines().map(String::strip).toList()) {
            if (line.startsWith(BEGIN) && line.endsWith(DASHES)) {
                label = line.substring(BEGIN.length(), line.length() - DASHES.length());
                labels.add(label);
                body.setLength(0);
            } else if (line.startsWith(END)) {
                if (label.equals(wanted)) {
                    found.add(base64(body.toString()));
                }
                label = "";
            } else if (!label.isEmpty()) {
                body.append(line);
            }
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        if (labels.contains("ENCRYPTED PRIVATE KEY")) {
            throw new SealException("its key is encrypted; give one without a passphrase");
        }
        throw new SealException(
                found.isEmpty()
                        ? "it holds no '" + BEGIN + wanted + DASHES + "' in PEM"
                        : "it holds more than one key");
    }

    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new SealException("its PEM is damaged", e);
        }
    }
}
