package org.opensva.conformance.cli.certificate;

/** Text of a file that somebody else wrote, made fit for a terminal. */
final class Printable {

    private Printable() {}

    /** One line that moves no cursor. */
    static String of(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return line.toString();
    }
}
