package org.opensva.conformance.suite.bench;

import java.util.List;

/**
 * What a test found when a rule was broken, in the field's words.
 *
 * @param test the test, as {@code Class.method}
 * @param step what was being done when it was found
 * @param expected what the rule demands
 * @param seen what was there instead
 * @param seed the seed that repeats the test's random choices
 * @param steps every step of the test so far, oldest first
 */
public record Evidence(
        String test, String step, String expected, String seen, long seed, List<String> steps) {

    /** Copies the steps. */
    public Evidence {
        steps = List.copyOf(steps);
    }

    /**
     * One line for tables.
     *
     * @return what was expected and seen, and where
     */
    public String summary() {
        return "expected " + expected + "; seen: " + seen + " (" + step + ")";
    }
}
