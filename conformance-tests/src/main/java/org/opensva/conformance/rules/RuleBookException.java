package org.opensva.conformance.rules;

/** A rule file, or an expression in it, that cannot be used; the message is one line. */
public final class RuleBookException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was found, where, and what is allowed
     */
    public RuleBookException(String message) {
        super(oneLine(message));
    }

    /**
     * Shows hostile text safely: shortened, quoted, control characters replaced.
     *
     * @param text any text
     * @return the quoted form, at most 60 characters of it
     */
    static String quote(String text) {
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        return "'" + oneLine(shown) + "'";
    }

    private static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.chars().forEach(c -> line.append(isLayoutChange(c) ? '?' : (char) c));
        return line.toString();
    }

    private static boolean isLayoutChange(int c) {
        // Line and paragraph separators break a line in a terminal as a line feed does.
        return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
    }
}
