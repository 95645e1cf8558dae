package org.opensva.conformance.suite.bench;

import org.opensva.conformance.rules.Rule;

import java.util.List;

/**
 * What a bench needs to know beside its backend.
 *
 * @param test the test, as {@code Class.method}
 * @param rules the rules that the test covers
 * @param seed the seed of the test's random choices
 * @param limits how long things may take
 */
public record BenchSettings(String test, List<Rule> rules, long seed, Limits limits) {

    /** Copies the rules. */
    public BenchSettings {
        rules = List.copyOf(rules);
    }
}
