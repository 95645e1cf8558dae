package org.opensva.conformance.suite;

import org.opensva.conformance.rules.Rule;

import java.time.Duration;
import java.util.List;

/**
 * What was found about one rule.
 *
 * @param rule the rule
 * @param verdict the verdict
 * @param reason why it is not {@link Verdict#PASSED}, in one line; otherwise empty
 * @param tests the tests that cover the rule, those that did not run included
 * @param duration how long they ran together; a test of several rules counts for each
 */
public record RuleResult(
        Rule rule, Verdict verdict, String reason, List<TestResult> tests, Duration duration) {

    /** Copies the tests. */
    public RuleResult {
        tests = List.copyOf(tests);
    }
}
