package org.opensva.conformance.report;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Builds elements of HTML and XML: every text and attribute is escaped, every element is closed,
 * and what neither format can hold is replaced.
 */
final class Markup {

    private final StringBuilder out = new StringBuilder(1 << 14);
    private final Deque<String> open = new ArrayDeque<>();

    /** Opens an element; attributes come as name and value in turn. */
    Markup open(String name, String... attributes) {
        start(name, attributes);
        out.append('>');
        open.push(name);
        return this;
    }

    /** Adds an element without content. */
    Markup empty(String name, String... attributes) {
        start(name, attributes);
        out.append("/>");
        return this;
    }

    /** Adds an element with text in it. */
    Markup leaf(String name, String text, String... attributes) {
        return open(name, attributes).text(text).close();
    }

    /** Adds text. */
    Markup text(String text) {
        escape(out, text);
        return this;
    }

    /** Ends a line, for readers of the source. */
    Markup line() {
        out.append('\n');
        return this;
    }

    /** Closes the element that was opened last. */
    Markup close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    private void start(String name, String... attributes) {
        out.append('<').append(name);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            escape(out, attributes[i + 1]);
            out.append('"');
        }
    }

    /** The text so far. */
    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("not closed: " + open);
        }
        return out.toString();
    }

    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        escape(escaped, text);
        return escaped.toString();
    }

    private static void escape(StringBuilder out, String text) {
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '<' -> out.append("&lt;");
                        case '>' -> out.append("&gt;");
                        case '&' -> out.append("&amp;");
                        case '"' -> out.append("&quot;");
                        case '\'' -> out.append("&#39;");
                        default -> out.appendCodePoint(isAllowed(c) ? c : 0xfffd);
                    }
                });
    }

    /** XML 1.0, production 2, without the control characters that HTML forbids. */
    private static boolean isAllowed(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || (c >= 0x20 && c <= 0x7e)
                || (c >= 0xa0 && c <= 0xd7ff)
                || (c >= 0xe000 && c <= 0xfffd)
                || c >= 0x10000;
    }
}
