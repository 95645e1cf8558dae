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
import org.junit.jupiter.params.provider.ValueSource;
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

    /** Less than normal, because a wait that is given up is a member's symptom here. */
    private static final double PATIENCE = 0.5;

    /** For rules that must fail because somebody waits for ever: longer shows nothing more. */
    private static final double HASTE = 0.1;

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

    /** Random programs: they find many of the members as well, and take long to make them small. */
    private static final String PROGRAMS = "ProgramTests.";

    private static ConformanceResult certify(
            BackendCatalog catalog,
            String backend,
            Set<RuleId> rules,
            double patience,
            Map<String, String> options) {
        return ConformanceRun.builder()
                .catalog(catalog)
                .backend(backend)
                .options(options)
                .rules(rules.stream().map(RuleId::id).collect(Collectors.joining(",")))
                .only(test -> !test.startsWith(PROGRAMS))
                .timeoutFactor(patience)
                .run();
    }

    @ParameterizedTest
    @MethodSource("members")
    void isCaughtByTheRulesThatNameItsFaultAndByNoOther(BrokenBackend member) {
        List<ConformanceResult> results = caught(member);
        assertAll(
                member.fault(),
                results.stream()
                        .flatMap(result -> result.rules().stream())
                        .map(rule -> () -> judge(member, rule)));
        Duration time =
                results.stream()
                        .map(ConformanceResult::duration)
                        .reduce(Duration.ZERO, Duration::plus);
        assertTrue(time.compareTo(BOUND) < 0, () -> member + " took " + time);
        caught.put(
                member.name(),
                "| %s | %s | %d ms | %s; after: %s |"
                        .formatted(
                                member,
                                ids(member.mustFail()),
                                time.toMillis(),
                                member.fault(),
                                member.history()));
    }

    /** One try: a fault that is found by luck is a rule whose test is too weak. */
    private static List<ConformanceResult> caught(BrokenBackend member) {
        BackendCatalog catalog = ZooProvider.catalog(member);
        if (!member.waits()) {
            return List.of(certify(catalog, ZooProvider.NAME, member.rules(), PATIENCE, Map.of()));
        }
        return List.of(
                certify(catalog, ZooProvider.NAME, member.mustFail(), HASTE, Map.of()),
                certify(catalog, ZooProvider.NAME, member.staysSound(), PATIENCE, Map.of()));
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

    /** The programs are on trial with members that break what they look at. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "first-page-is-left-out",
                "map-over-tells-nobody",
                "fork-tells-nobody",
                "any-close-ends-the-queue",
                "a-queue-starts-twice",
                "a-forked-page-is-not-copied"
            })
    void isFoundByRandomProgramsAlone(String name) {
        BrokenBackend member =
                Zoo.members().stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        ConformanceResult result =
                ConformanceRun.builder()
                        .catalog(ZooProvider.catalog(member))
                        .backend(ZooProvider.NAME)
                        .only(test -> test.startsWith(PROGRAMS))
                        .claims(false)
                        .timeoutFactor(PATIENCE)
                        .run();
        List<TestResult> found =
                result.with(Verdict.FAILED).stream()
                        .flatMap(rule -> rule.tests().stream())
                        .filter(test -> test.verdict() == Verdict.FAILED)
                        .toList();
        assertFalse(found.isEmpty(), member.fault());
        found.forEach(test ->
                assertFalse(test.evidence().orElseThrow().steps().isEmpty(), test.message()));
    }

    /** {@link SoundMachinesTest} asks the others for everything. */
    static Set<String> machines() {
        return members().stream()
                .map(member -> member.defect().get().machine())
                .filter(machine -> !SoundMachinesTest.WHOLE.contains(machine))
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
                        PATIENCE,
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
