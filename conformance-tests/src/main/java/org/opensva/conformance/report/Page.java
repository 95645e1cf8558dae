package org.opensva.conformance.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The frame of every HTML page: {@code page.html} with a title and a body put in. */
final class Page {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([a-z]+)}");

    private Page() {}

    /** Makes a page; the body is markup already. */
    static String render(String title, Markup body) {
        Map<String, String> values = Map.of("title", Markup.escape(title), "body", body + "");
        // One pass, so that text that looks like a placeholder is not taken for one.
        return PLACEHOLDER
                .matcher(template())
                .replaceAll(match ->
                        Matcher.quoteReplacement(
                                values.getOrDefault(match.group(1), match.group())));
    }

    private static String template() {
        try (InputStream stream = Page.class.getResourceAsStream("page.html")) {
            if (stream == null) {
                throw new IllegalStateException("page.html is missing from the suite");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read page.html of the suite", e);
        }
    }
}
