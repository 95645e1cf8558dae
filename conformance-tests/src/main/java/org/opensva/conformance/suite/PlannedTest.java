package org.opensva.conformance.suite;

import org.opensva.conformance.rules.RuleId;

import java.util.List;

/**
 * A test of the suite, before it runs.
 *
 * @param name the test, as {@code Class.method}
 * @param sentence its name as a sentence
 * @param rules the rules that it covers, at least one
 */
public record PlannedTest(String name, String sentence, List<RuleId> rules) {

    /** Copies the rules. */
    public PlannedTest {
        rules = List.copyOf(rules);
    }
}
