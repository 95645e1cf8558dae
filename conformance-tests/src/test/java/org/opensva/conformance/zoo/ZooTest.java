package org.opensva.conformance.zoo;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.RuleResult;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;
import org.opensva.emulated.EmulatedBackendProvider;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Every broken backend is caught, by the rules that name its fault, and by no other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ZooTest {

    /** Much less than normal, because a wait that is given up is a member's symptom here. */
    private static final double PATIENCE = 0.5;

    /** How often a member may be tried. */
    private static final int TRIES = 3;

    /** A member is caught in a second or two; this is what a machine under load may make of it. */
    private static final Duration BOUND = Duration.ofSeconds(60);

    /** What the suite says of a step that did not end. */
    private static final Pattern WAITED =
            Pattern.compile("it hangs in|had not ended|did not come|has not completed in");

    private static final Pattern CRASHED = Pattern.compile("\\b\\w*(Exception|Error)\\b");

    private final Map<String, String> caught = new TreeMap<>();

    /** Narrows the zoo down to the members whose names match, for work on one of them. */
    private static final Pattern WANTED = Pattern.compile(System.getProperty("zoo.members", ".*"));

    static List<BrokenBackend> members() {
        return Zoo.members().stream()
                .filter(member -> WANTED.matcher(member.name()).matches())
                .toList();
    }

    private static ConformanceResult certify(
            BackendCatalog catalog,
            String backend,
            Set<RuleId> rules,
            Map<String, String> options) {
        return ConformanceRun.builder()
                .catalog(catalog)
                .backend(backend)
                .options(options)
                .rules(rules.stream().map(RuleId::id).collect(Collectors.joining(",")))
                .timeoutFactor(PATIENCE)
                .run();
    }

    @ParameterizedTest
    @MethodSource("members")
    void isCaughtByTheRulesThatNameItsFaultAndByNoOther(BrokenBackend member) {
        ConformanceResult result = caught(member);
        assertAll(member.fault(), result.rules().stream().map(rule -> () -> judge(member, rule)));
        assertTrue(
                result.duration().compareTo(BOUND) < 0,
                () -> member + " took " + result.duration());
        caught.put(
                member.name(),
                "| %s | %s | %d ms | %s; after: %s |"
                        .formatted(
                                member,
                                ids(member.mustFail()),
                                result.duration().toMillis(),
                                member.fault(),
                                member.history()));
    }

    /** A fault that shows when threads meet may be missed once; not each time. */
    private static ConformanceResult caught(BrokenBackend member) {
        ConformanceResult result;
        int tries = 0;
        do {
            result =
                    certify(
                            ZooProvider.catalog(member),
                            ZooProvider.NAME,
                            member.rules(),
                            Map.of());
        } while (++tries < TRIES && !failsWhatItMust(member, result));
        return result;
    }

    private static boolean failsWhatItMust(BrokenBackend member, ConformanceResult result) {
        Set<String> failed =
                result.rules().stream()
                        .filter(rule -> rule.verdict() == Verdict.FAILED)
                        .map(rule -> rule.rule().id())
                        .collect(Collectors.toSet());
        return member.mustFail().stream().allMatch(rule -> failed.contains(rule.id()));
    }

    private static void judge(BrokenBackend member, RuleResult result) {
        String id = result.rule().id();
        boolean named = member.mustFail().stream().anyMatch(rule -> rule.id().equals(id));
        boolean excused = member.mayAlsoFail().stream().anyMatch(rule -> rule.id().equals(id));
        if (named) {
            assertEquals(Verdict.FAILED, result.verdict(), () -> id + " " + result.reason());
            result.tests().stream()
                    .filter(test -> test.verdict() == Verdict.FAILED)
                    .forEach(test -> sayWhatIsWrong(member, id, test));
            assertTrue(
                    member.waits() || result.tests().stream().anyMatch(ZooTest::sawIt),
                    () -> id + " only waited: " + result.reason());
        } else if (!excused) {
            assertEquals(Verdict.PASSED, result.verdict(), () -> id + " " + result.reason());
        }
    }

    private static void sayWhatIsWrong(BrokenBackend member, String id, TestResult test) {
        assertTrue(test.message().contains(id), test.message());
        String seen =
                test.evidence()
                        .map(evidence -> {
                            assertFalse(evidence.expected().isBlank(), test.message());
                            assertFalse(evidence.step().isBlank(), test.message());
                            return evidence.seen();
                        })
                        .orElse("");
        assertFalse(seen.isBlank(), () -> member + " without evidence: " + test.message());
        assertFalse(CRASHED.matcher(seen).find(), () -> member + " crashed: " + seen);
    }

    private static boolean sawIt(TestResult test) {
        return test.verdict() == Verdict.FAILED
                && test.evidence()
                        .filter(evidence -> !WAITED.matcher(evidence.seen()).find())
                        .isPresent();
    }

    static Set<String> machines() {
        return members().stream()
                .map(member -> member.defect().get().machine())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void theSoundMachinePassesTheRulesThatItsBrokenOnesFail(String machine) {
        Set<RuleId> rules = EnumSet.noneOf(RuleId.class);
        members().stream()
                .filter(member -> member.defect().get().machine().equals(machine))
                .forEach(member -> rules.addAll(member.rules()));
        mustPass(machine, rules, "refuse");
    }

    @Test
    void theSoundMachinePassesWhereAnotherPolicyHoldsForForeignHandles() {
        mustPass(
                ZooProvider.SOUND,
                EnumSet.of(RuleId.FORK_11, RuleId.BIND_15, RuleId.UACCE_04),
                "opener");
    }

    private static void mustPass(String machine, Set<RuleId> rules, String policy) {
        ConformanceResult result =
                certify(
                        BackendCatalog.of(List.of(new EmulatedBackendProvider())),
                        machine,
                        rules,
                        Map.of("foreign-handles", policy));
        assertEquals(
                List.of(),
                result.rules().stream()
                        .filter(rule -> rule.verdict() != Verdict.PASSED)
                        .filter(rule -> rule.verdict() != Verdict.NOT_OBSERVABLE)
                        .map(rule -> rule.rule().id() + " " + rule.reason())
                        .toList());
    }

    @Test
    void everyMemberIsToldApartAndExplained() {
        Set<String> names = new HashSet<>();
        for (BrokenBackend member : members()) {
            assertTrue(names.add(member.name()), () -> "two members are " + member);
            assertFalse(member.history().isBlank(), () -> member + " has no history");
            assertFalse(member.fault().isBlank(), () -> member + " does not say what is broken");
            assertFalse(member.staysSound().isEmpty(), () -> member + " has no rule to stay sound");
            Set<RuleId> both = EnumSet.copyOf(member.mustFail());
            both.retainAll(member.staysSound());
            assertEquals(Set.of(), both, () -> member + " cannot pass and fail a rule");
        }
    }

    /** For whoever wants to know what proves a rule's test. */
    @AfterAll
    void writeTheTable() throws IOException {
        Map<RuleId, List<String>> provers = new TreeMap<>();
        for (BrokenBackend member : members()) {
            if (caught.containsKey(member.name())) {
                member.mustFail()
                        .forEach(rule ->
                                provers.computeIfAbsent(rule, id -> new ArrayList<>())
                                        .add(member.name()));
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add("| rule | broken backends that it catches |");
        lines.add("|---|---|");
        provers.forEach((rule, names) ->
                lines.add("| %s | %s |".formatted(rule.id(), String.join(", ", names))));
        lines.add("");
        lines.add("| broken backend | caught by | time | what is broken |");
        lines.add("|---|---|---|---|");
        lines.addAll(caught.values());
        Path table = Path.of("target", "zoo", "coverage.md");
        Files.createDirectories(table.getParent());
        Files.write(table, lines);
    }

    private static String ids(Set<RuleId> rules) {
        return rules.stream().map(RuleId::id).collect(Collectors.joining(", "));
    }
}
