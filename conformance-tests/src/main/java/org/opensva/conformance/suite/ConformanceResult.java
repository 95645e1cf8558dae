package org.opensva.conformance.suite;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.rules.RuleLevel;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run of the suite found about one backend.
 *
 * @param selector the backend as it was asked for, resolved to {@code name:variant}
 * @param backend who it is and what it claims
 * @param options the options it was opened with
 * @param ruleGlob which rules were asked for; {@code *} for all
 * @param ruleBookDigest SHA-256 of the rule book, in hexadecimal
 * @param seed the seed of all random choices
 * @param timeoutFactor the factor of all limits
 * @param duration how long the run took
 * @param rules one entry for every rule that was asked for, in the order of the rule book
 */
public record ConformanceResult(
        String selector,
        BackendDescriptor backend,
        Map<String, String> options,
        String ruleGlob,
        String ruleBookDigest,
        long seed,
        double timeoutFactor,
        Duration duration,
        List<RuleResult> rules) {

    /** Copies the collections. */
    public ConformanceResult {
        options = Map.copyOf(options);
        rules = List.copyOf(rules);
    }

    /**
     * The result of one rule.
     *
     * @param id the rule
     * @return its result, or empty if it was not asked for
     */
    public Optional<RuleResult> rule(RuleId id) {
        return rules.stream().filter(result -> result.rule().id().equals(id.id())).findFirst();
    }

    /**
     * How many rules have each verdict.
     *
     * @return a count for every verdict, 0 included
     */
    public Map<Verdict, Integer> summary() {
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (Verdict verdict : Verdict.values()) {
            counts.put(verdict, 0);
        }
        rules.forEach(result -> counts.merge(result.verdict(), 1, Integer::sum));
        return Collections.unmodifiableMap(counts);
    }

    /**
     * The rules of a verdict.
     *
     * @param verdict which one
     * @return its rules in order
     */
    public List<RuleResult> with(Verdict verdict) {
        return rules.stream().filter(result -> result.verdict() == verdict).toList();
    }

    /**
     * The run as a whole, which decides the exit code of the command line.
     *
     * @return failed, inconclusive or passed
     */
    public Outcome outcome() {
        if (has(Verdict.FAILED)) {
            return Outcome.FAILED;
        }
        return has(Verdict.INCONCLUSIVE) ? Outcome.INCONCLUSIVE : Outcome.PASSED;
    }

    private boolean has(Verdict verdict) {
        return rules.stream()
                .anyMatch(result ->
                        result.verdict() == verdict && result.rule().level() == RuleLevel.MUST);
    }

    /** What a run says as a whole. */
    public enum Outcome {
        /** No rule that binds was seen broken, and none of them was left open. */
        PASSED,
        /** A MUST rule was seen broken. */
        FAILED,
        /** No MUST rule was seen broken, but one could not be judged on this machine. */
        INCONCLUSIVE
    }
}
