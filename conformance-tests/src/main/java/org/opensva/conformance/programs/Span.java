package org.opensva.conformance.programs;

import java.util.stream.IntStream;

/**
 * Neighbouring pages of the window.
 *
 * @param first the first page, 0 or more
 * @param count how many, 1 or more
 */
public record Span(int first, int count) {

    /** Checks that the span is in the window. */
    public Span {
        if (first < 0 || count < 1 || first + count > Program.PAGES) {
            throw new IllegalArgumentException(
                    "pages %d+%d are not in the window of %d pages"
                            .formatted(first, count, Program.PAGES));
        }
    }

    /**
     * One page.
     *
     * @param page which
     * @return the span
     */
    public static Span of(int page) {
        return new Span(page, 1);
    }

    /**
     * The pages.
     *
     * @return in ascending order
     */
    public IntStream pages() {
        return IntStream.range(first, first + count);
    }

    /**
     * The span in the text of a program.
     *
     * @return a number, or two with a plus sign between them
     */
    public String text() {
        return count == 1 ? String.valueOf(first) : first + "+" + count;
    }
}
