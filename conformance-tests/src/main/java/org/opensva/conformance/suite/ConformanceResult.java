package org.opensva.conformance.suite;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.claims.ClaimResult;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
 * @param shard which part of the tests was run
 * @param runs how many runs this is the result of, each with a seed of its own; at least 1
 * @param claims what was found about each claim that could be probed
 * @param rules one entry for every rule that was asked for, in the order of the rule book; in a
 *     part, for every rule that can be judged by it
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
        Shard shard,
        int runs,
        List<ClaimResult> claims,
        List<RuleResult> rules) {

    /** Copies the collections. */
    public ConformanceResult {
        options = Map.copyOf(options);
        claims = List.copyOf(claims);
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
        if (has(Verdict.FAILED) || claims.stream().anyMatch(ClaimResult::isContradicted)) {
            return Outcome.FAILED;
        }
        return has(Verdict.INCONCLUSIVE) ? Outcome.INCONCLUSIVE : Outcome.PASSED;
    }

    private boolean has(Verdict verdict) {
        return rules.stream()
                .anyMatch(result ->
                        result.verdict() == verdict && result.rule().level() == RuleLevel.MUST);
    }

    /**
     * What two runs found together, as one: every test with its worse result, every rule judged by
     * these.
     *
     * @param other another run of the same backend with another seed
     * @param judgement what judges the rules
     * @return the seed of this run, and the time of both
     */
    public ConformanceResult and(ConformanceResult other, Judgement judgement) {
        Map<String, TestResult> worse = new LinkedHashMap<>();
        for (ConformanceResult run : List.of(this, other)) {
            for (RuleResult rule : run.rules) {
                rule.tests()
                        .forEach(test -> worse.merge(test.name(), test, ConformanceResult::worse));
            }
        }
        List<Rule> judged = rules.stream().map(RuleResult::rule).toList();
        return new ConformanceResult(
                selector,
                backend,
                options,
                ruleGlob,
                ruleBookDigest,
                seed,
                timeoutFactor,
                duration.plus(other.duration),
                shard,
                runs + other.runs,
                worseClaims(other),
                judgement.of(judged, worse.values(), Set.of()));
    }

    private List<ClaimResult> worseClaims(ConformanceResult other) {
        Map<Capability, ClaimResult> worse = new EnumMap<>(Capability.class);
        for (ConformanceResult run : List.of(this, other)) {
            run.claims.forEach(claim ->
                    worse.merge(
                            claim.capability(),
                            claim,
                            (a, b) -> !a.isContradicted() && b.isContradicted() ? b : a));
        }
        return List.copyOf(worse.values());
    }

    private static TestResult worse(TestResult a, TestResult b) {
        Verdict decisive = Verdict.decisive(List.of(a.verdict(), b.verdict())).orElseThrow();
        return a.verdict() == decisive ? a : b;
    }

    /** What a run says as a whole. */
    public enum Outcome {
        /** No rule that binds was seen broken, and none of them was left open. */
        PASSED,
        /** A MUST rule was seen broken, or a claim was contradicted. */
        FAILED,
        /** No MUST rule was seen broken, but one could not be judged on this machine. */
        INCONCLUSIVE
    }
}
