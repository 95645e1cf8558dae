package org.opensva.conformance.suite;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns what tests found into verdicts about rules. Immutable. */
public final class Judgement {

    private final Applicability applicability;

    /**
     * Prepares the judgement of a backend.
     *
     * @param book the rules
     * @param backend what the backend claims
     */
    public Judgement(RuleBook book, BackendDescriptor backend) {
        this(new Applicability(book, backend));
    }

    Judgement(Applicability applicability) {
        this.applicability = applicability;
    }

    /**
     * Judges.
     *
     * @param rules the rules
     * @param results what the tests found
     * @param elsewhere rules whose tests are run elsewhere too: without a result here they get no
     *     verdict here
     * @return a verdict for each rule that can have one, in the order of the rules
     */
    public List<RuleResult> of(
            Collection<Rule> rules, Collection<TestResult> results, Set<RuleId> elsewhere) {
        Map<String, List<TestResult>> byRule = new LinkedHashMap<>();
        for (TestResult result : results) {
            for (RuleId id : result.rules()) {
                byRule.computeIfAbsent(id.id(), key -> new ArrayList<>()).add(result);
            }
        }
        List<RuleResult> verdicts = new ArrayList<>();
        for (Rule rule : rules) {
            List<TestResult> tests = byRule.getOrDefault(rule.id(), List.of());
            boolean other =
                    tests.isEmpty()
                            && elsewhere.stream().anyMatch(id -> id.id().equals(rule.id()))
                            && applicability.withoutTest(rule).isEmpty();
            if (!other) {
                verdicts.add(verdict(rule, tests));
            }
        }
        return verdicts;
    }

    private RuleResult verdict(Rule rule, List<TestResult> tests) {
        Duration total =
                tests.stream().map(TestResult::duration).reduce(Duration.ZERO, Duration::plus);
        Optional<Applicability.Finding> finding = applicability.withoutTest(rule);
        if (finding.isPresent()) {
            return new RuleResult(
                    rule, finding.get().verdict(), finding.get().reason(), tests, total);
        }
        if (tests.isEmpty()) {
            return new RuleResult(
                    rule,
                    Verdict.NOT_OBSERVABLE,
                    "no test in this version of the suite observes it",
                    tests,
                    total);
        }
        Verdict verdict =
                Verdict.decisive(tests.stream().map(TestResult::verdict).toList())
                        .orElseThrow(() ->
                                new SuiteFault(
                                        "rule " + rule.id() + " has tests without a verdict"));
        String reason =
                tests.stream()
                        .filter(result -> result.verdict() == verdict)
                        .map(TestResult::reason)
                        .findFirst()
                        .orElse("");
        return new RuleResult(rule, verdict, reason, tests, total);
    }
}
