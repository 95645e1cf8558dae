package org.opensva.conformance.suite;

import org.opensva.conformance.rules.Observability;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleId;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What proves the suite itself: the tests of each rule, the broken machines that prove these tests,
 * and why a rule has no test. The build checks all three: {@code mutants.json} is what its zoo
 * consists of, {@code untested.json} names only rules without a test, and {@code unproven.json}
 * only rules whose tests no broken machine proves.
 *
 * <p>Immutable.
 */
public final class Proof {

    private final Map<String, List<String>> tests;
    private final List<Mutant> mutants;
    private final Map<String, String> untested;
    private final Map<String, String> unproven;

    private Proof(
            Map<String, List<String>> tests,
            List<Mutant> mutants,
            Map<String, String> untested,
            Map<String, String> unproven) {
        this.tests = Collections.unmodifiableMap(tests);
        this.mutants = List.copyOf(mutants);
        this.untested = Collections.unmodifiableMap(untested);
        this.unproven = Collections.unmodifiableMap(unproven);
    }

    /**
     * A machine that is broken on purpose.
     *
     * @param name its name
     * @param fault what is broken, in a sentence
     * @param history the real bug that it recreates
     * @param breaks the rules whose tests must catch it
     * @param milliseconds how long that took when the table was made
     */
    public record Mutant(
            String name, String fault, String history, List<String> breaks, long milliseconds) {

        /** Copies the rules. */
        public Mutant {
            breaks = List.copyOf(breaks);
        }
    }

    /**
     * Collects what this version of the suite has.
     *
     * @return the proof
     */
    public static Proof load() {
        Map<String, List<String>> tests = new TreeMap<>();
        for (PlannedTest test : TestSelection.everything()) {
            for (RuleId rule : test.rules()) {
                tests.computeIfAbsent(rule.id(), id -> new ArrayList<>()).add(test.name());
            }
        }
        tests.values().forEach(Collections::sort);
        List<Mutant> mutants = new ArrayList<>();
        for (JsonNode node : resource("mutants.json")) {
            List<String> breaks = new ArrayList<>();
            node.path("breaks").forEach(rule -> breaks.add(rule.asString("")));
            mutants.add(
                    new Mutant(
                            node.path("name").asString(""),
                            node.path("fault").asString(""),
                            node.path("history").asString(""),
                            breaks,
                            node.path("milliseconds").asLong(0)));
        }
        return new Proof(tests, mutants, reasons("untested.json"), reasons("unproven.json"));
    }

    private static Map<String, String> reasons(String name) {
        Map<String, String> reasons = new TreeMap<>();
        resource(name)
                .properties()
                .forEach(entry -> reasons.put(entry.getKey(), entry.getValue().asString("")));
        return reasons;
    }

    private static JsonNode resource(String name) {
        try (InputStream in = Proof.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from the suite");
            }
            return JsonMapper.shared().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name + " of the suite", e);
        }
    }

    /**
     * The tests of a rule.
     *
     * @param rule its id
     * @return their names, sorted; empty if there is none
     */
    public List<String> tests(String rule) {
        return tests.getOrDefault(rule, List.of());
    }

    /**
     * Every rule that has a test.
     *
     * @return ids with the names of their tests
     */
    public Map<String, List<String>> tests() {
        return tests;
    }

    /**
     * The broken machines that prove the tests of a rule.
     *
     * @param rule its id
     * @return the machines; empty if there is none
     */
    public List<Mutant> mutants(String rule) {
        return mutants.stream().filter(mutant -> mutant.breaks().contains(rule)).toList();
    }

    /**
     * Every broken machine.
     *
     * @return the machines in the order of the table
     */
    public List<Mutant> mutants() {
        return mutants;
    }

    /**
     * Why a rule has no test.
     *
     * @param rule the rule
     * @return the reason, reviewed; empty if none is given
     */
    public Optional<String> excuse(Rule rule) {
        return rule.observe() == Observability.UNTESTABLE
                ? Optional.of(rule.reason())
                : Optional.ofNullable(untested.get(rule.id()));
    }

    /**
     * Why no broken machine proves the tests of a rule.
     *
     * @param rule its id
     * @return the reason, reviewed; empty if none is given or needed
     */
    public Optional<String> unproven(String rule) {
        return Optional.ofNullable(unproven.get(rule));
    }

    /**
     * The reviewed list of rules with tests that no broken machine proves.
     *
     * @return reasons by id
     */
    public Map<String, String> unproven() {
        return unproven;
    }

    /**
     * The reviewed list of rules without a test.
     *
     * @return reasons by id
     */
    public Map<String, String> untested() {
        return untested;
    }
}
