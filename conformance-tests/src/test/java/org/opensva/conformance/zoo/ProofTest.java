package org.opensva.conformance.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.Proof;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The table of rules, tests and broken machines that reports show is what the suite has. With
 * {@code -Dopensva.update=true} {@code mutants.json} is written anew.
 */
class ProofTest {

    private static final Path TABLE =
            Path.of("src/main/resources/org/opensva/conformance/suite/mutants.json");
    private static final RuleBook BOOK = RuleBook.load();

    /** What is written down of a member, and what it is; times are written down only. */
    private static String line(String name, String fault, String history, List<String> breaks) {
        return name + " | " + fault + " | " + history + " | " + breaks;
    }

    private static List<String> breaks(BrokenBackend member) {
        return member.mustFail().stream().map(RuleId::id).sorted().toList();
    }

    @Test
    void everyRuleHasATestOrAReviewedReason() {
        Proof proof = Proof.load();
        List<String> wrong = new ArrayList<>();
        for (Rule rule : BOOK.rules()) {
            if (proof.tests(rule.id()).isEmpty() && proof.excuse(rule).isEmpty()) {
                wrong.add(rule.id() + " has no test, and untested.json gives no reason");
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyReasonIsStillNeededAndSaysSomething() {
        Proof proof = Proof.load();
        List<String> wrong = new ArrayList<>();
        proof.untested()
                .forEach((rule, reason) -> {
                    if (BOOK.find(rule).isEmpty()) {
                        wrong.add(rule + " is no rule");
                    } else if (!proof.tests(rule).isEmpty()) {
                        wrong.add(rule + " has a test now: take it off untested.json");
                    } else if (reason.length() < 20) {
                        wrong.add(rule + " has no reason");
                    }
                });
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyRuleWithATestHasABrokenMachineThatProvesItOrAReviewedReason() {
        Proof proof = Proof.load();
        List<String> wrong = new ArrayList<>();
        for (String rule : proof.tests().keySet()) {
            if (proof.mutants(rule).isEmpty() && proof.unproven(rule).isEmpty()) {
                wrong.add(rule + " has no broken machine, and unproven.json gives no reason");
            }
        }
        proof.unproven()
                .forEach((rule, reason) -> {
                    if (proof.tests(rule).isEmpty()) {
                        wrong.add(rule + " has no test: it is no matter of unproven.json");
                    } else if (!proof.mutants(rule).isEmpty()) {
                        wrong.add(rule + " has a broken machine: take it off unproven.json");
                    } else if (reason.length() < 40) {
                        wrong.add(rule + " has no reason");
                    }
                });
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyTestNamesRulesOfTheContract() {
        Proof.load()
                .tests()
                .forEach((rule, tests) ->
                        assertTrue(BOOK.find(rule).isPresent(), () -> rule + " of " + tests));
    }

    @Test
    void theTableOfBrokenMachinesIsWhatTheZooHolds() throws IOException {
        if (Boolean.getBoolean("opensva.update")) {
            update();
            return;
        }
        assertEquals(
                Zoo.members().stream()
                        .map(member ->
                                line(
                                        member.name(),
                                        member.fault(),
                                        member.history(),
                                        breaks(member)))
                        .sorted()
                        .collect(Collectors.joining("\n")),
                Proof.load().mutants().stream()
                        .map(m -> line(m.name(), m.fault(), m.history(), m.breaks()))
                        .sorted()
                        .collect(Collectors.joining("\n")),
                "mutants.json is out of date: run ProofTest with -Dopensva.update=true");
        for (Proof.Mutant mutant : Proof.load().mutants()) {
            assertTrue(mutant.milliseconds() > 0, mutant.name() + " has no time to detection");
        }
    }

    private static void update() throws IOException {
        Map<String, Long> known = new HashMap<>();
        Proof.load().mutants().forEach(m -> known.put(m.name(), m.milliseconds()));
        ArrayNode table = JsonMapper.shared().createArrayNode();
        List<BrokenBackend> members = new ArrayList<>(Zoo.members());
        members.sort(java.util.Comparator.comparing(BrokenBackend::name));
        for (BrokenBackend member : members) {
            Long before = known.get(member.name());
            ObjectNode node =
                    table.addObject()
                            .put("name", member.name())
                            .put("fault", member.fault())
                            .put("history", member.history());
            ArrayNode rules = node.putArray("breaks");
            breaks(member).forEach(rules::add);
            node.put(
                    "milliseconds",
                    before == null || before == 0 ? timeToDetection(member) : before);
        }
        Files.writeString(TABLE, table.toPrettyString() + "\n");
    }

    /** From the start of a run of the rules that name the fault to the first test that fails. */
    private static long timeToDetection(BrokenBackend member) {
        long start = System.nanoTime();
        long[] found = {0};
        ConformanceRun.builder()
                .catalog(ZooProvider.catalog(member))
                .backend(ZooProvider.NAME)
                .rules(member.mustFail().stream().map(RuleId::id).collect(Collectors.joining(",")))
                .timeoutFactor(0.5)
                .failFast(true)
                .listener(
                        new ConformanceListener() {
                            @Override
                            public void testFinished(TestResult result, int done) {
                                if (found[0] == 0 && result.verdict() == Verdict.FAILED) {
                                    found[0] = System.nanoTime() - start;
                                }
                            }
                        })
                .run();
        assertTrue(found[0] > 0, member + " was not caught: run this again on a quiet machine");
        return Math.max(1, found[0] / 1_000_000);
    }
}
