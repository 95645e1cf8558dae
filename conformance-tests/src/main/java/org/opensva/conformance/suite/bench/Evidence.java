package org.opensva.conformance.suite.bench;

import java.util.List;
import java.util.Optional;

/**
 * What a test found when a rule was broken, in the field's words.
 *
 * @param test the test, as {@code Class.method}
 * @param step what was being done when it was found
 * @param expected what the rule demands
 * @param seen what was there instead
 * @param seed the seed that repeats the test's random choices
 * @param steps every step of the test so far, oldest first
 * @param trace the id of the trace that the test belongs to, 32 hexadecimal digits; empty without
 *     telemetry
 * @param timeline what led to it in hardware and software, where the backend shows that
 */
public record Evidence(
        String test,
        String step,
        String expected,
        String seen,
        long seed,
        List<String> steps,
        String trace,
        Optional<Timeline> timeline) {

    /** Copies the steps. */
    public Evidence {
        steps = List.copyOf(steps);
    }

    /**
     * What a test found without a view into the backend.
     *
     * @param test the test, as {@code Class.method}
     * @param step what was being done when it was found
     * @param expected what the rule demands
     * @param seen what was there instead
     * @param seed the seed that repeats the test's random choices
     * @param steps every step of the test so far, oldest first
     */
    public Evidence(
            String test, String step, String expected, String seen, long seed, List<String> steps) {
        this(test, step, expected, seen, seed, steps, "", Optional.empty());
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
