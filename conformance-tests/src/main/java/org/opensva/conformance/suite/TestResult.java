package org.opensva.conformance.suite;

import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.Evidence;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How one test ended.
 *
 * @param name the test, as {@code Class.method}
 * @param sentence its name as a sentence
 * @param rules the rules that it covers
 * @param verdict never {@link Verdict#NOT_APPLICABLE}
 * @param reason why it is not {@link Verdict#PASSED}, in one line; otherwise empty
 * @param message with {@link Verdict#FAILED} everything that was found, several lines; otherwise
 *     empty
 * @param evidence with {@link Verdict#FAILED} what was found, where the test could say it
 * @param duration how long it ran; zero if it did not run
 * @param seed the seed of the run that it was part of
 */
public record TestResult(
        String name,
        String sentence,
        List<RuleId> rules,
        Verdict verdict,
        String reason,
        String message,
        Optional<Evidence> evidence,
        Duration duration,
        long seed) {

    /** Copies the rules. */
    public TestResult {
        rules = List.copyOf(rules);
    }
}
