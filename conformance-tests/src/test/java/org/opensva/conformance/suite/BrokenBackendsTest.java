package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.testbackend.Fault;
import org.opensva.conformance.suite.testbackend.SoftBackend;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The suite on trial: each way of being broken is caught by the rules that name it, and by no rule
 * that has nothing to do with it.
 */
class BrokenBackendsTest {

    /** Asks each fault for every rule; without it, for its own and those that stand for others. */
    private static final boolean ALL = Boolean.getBoolean("opensva.sound.all");

    /** Rules that stand for the others: the first ones of each chapter. */
    private static final Pattern FIRST = Pattern.compile("(BIND|FORK|UNMAP|FAULT|EXIT|UACCE)-0.");

    /**
     * What a fault must and may break.
     *
     * @param named the rules that name the fault: each must fail
     * @param touched what it breaks besides, on every run or by the chance of a race
     */
    private record Expectation(Set<String> named, Set<String> touched) {}

    private static final Map<Fault, Expectation> EXPECTED = new EnumMap<>(Fault.class);

    private static void expect(Fault fault, String named, String touched) {
        EXPECTED.put(fault, new Expectation(ids(named), ids(touched)));
    }

    private static Set<String> ids(String text) {
        return text.isEmpty() ? Set.of() : Set.of(text.split(" "));
    }

    /** Rules that any missing or late invalidation of an unmapping may break. */
    private static final String UNMAPPING =
            " UNMAP-01 UNMAP-02 UNMAP-05 UNMAP-06 UNMAP-07 UNMAP-09 UNMAP-11 UNMAP-12 UNMAP-15"
                    + " UNMAP-16 UNMAP-27 UNMAP-29 UNMAP-31 ATS-06 ATS-07 ATS-12 BIND-04 BIND-26"
                    + " FAULT-02 EXIT-06";

    /** Rules that any missing invalidation of any change may break. */
    private static final String ANY_CHANGE =
            UNMAPPING
                    + " BIND-15 FORK-05 FORK-06 FORK-07 FORK-10 FORK-20 FORK-21 FORK-23 UNMAP-17"
                    + " UNMAP-18 UNMAP-19 UNMAP-20 UNMAP-24 FAULT-01 FAULT-22 FAULT-23 EXIT-01"
                    + " EXIT-03 EXIT-05 EXIT-11 EXIT-14 EXIT-15 EXIT-16 EXIT-17 ATS-20";

    static {
        expect(
                Fault.UNMAP_TELLS_NOBODY,
                "UNMAP-01 UNMAP-02 UNMAP-05 UNMAP-06 UNMAP-07 UNMAP-09 UNMAP-11 UNMAP-12 UNMAP-15"
                        + " UNMAP-27 UNMAP-04 UNMAP-10 UNMAP-28 UNMAP-30 ATS-06 ATS-07 ATS-12",
                UNMAPPING.strip());
        expect(
                Fault.ATC_IS_FORGOTTEN,
                "UNMAP-01 UNMAP-28 UNMAP-30 FORK-05 UNMAP-17 UNMAP-19 ATS-06 ATS-07 EXIT-16",
                "UNMAP-03 UNMAP-10 EXIT-19" + ANY_CHANGE);
        expect(
                Fault.IOTLB_IS_FORGOTTEN,
                "UNMAP-01 FORK-05 UNMAP-17 UNMAP-19 EXIT-09",
                ANY_CHANGE.strip());
        expect(
                Fault.SECOND_DEVICE_IS_FORGOTTEN,
                "UNMAP-06 UNMAP-30",
                "BIND-04 FORK-23 UNMAP-01 UNMAP-05 UNMAP-15 ATS-07 EXIT-03 EXIT-16");
        expect(
                Fault.LAST_PAGE_IS_LEFT_OUT,
                "UNMAP-07 UNMAP-10 UNMAP-11",
                "UNMAP-17 UNMAP-19 UNMAP-24" + UNMAPPING);
        expect(
                Fault.RANGE_IS_NOT_ROUNDED_OUTWARDS,
                "UNMAP-09 UNMAP-10",
                "UNMAP-11 UNMAP-12 UNMAP-05 ATS-07 UNMAP-17 UNMAP-19");
        expect(
                Fault.BIG_RANGE_WRAPS_TO_NOTHING,
                "UNMAP-11 UNMAP-10 UNMAP-04 UNMAP-28",
                "UNMAP-05 UNMAP-09 UNMAP-12 UNMAP-16 UNMAP-17 UNMAP-19 ATS-07 BIND-26 EXIT-06");
        expect(Fault.FORK_DOES_NOT_INVALIDATE, "FORK-05 FORK-06 FORK-23 UNMAP-10", "");
        expect(Fault.MPROTECT_DOES_NOT_INVALIDATE, "UNMAP-17", "");
        expect(
                Fault.STALE_READ_ONLY_IS_FINAL,
                "UNMAP-18 ATS-04",
                "FORK-06 FORK-17 FORK-23 UNMAP-19 FAULT-24");
        expect(Fault.DISCARD_DOES_NOT_INVALIDATE, "UNMAP-19", "FAULT-22 ATS-20");
        // The zero page is copied on the first write too.
        expect(Fault.COPY_ON_WRITE_DOES_NOT_INVALIDATE, "FORK-07", "FORK-10 ATS-08");
        expect(
                Fault.WRITE_PERMISSION_IS_IGNORED,
                "BIND-27 FAULT-03 UNMAP-17 ATS-04",
                "FORK-05 FORK-06 FORK-10 FORK-23 UNMAP-19 FAULT-24");
        expect(
                Fault.REFUSAL_IS_CACHED,
                "ATS-03",
                "FORK-20 UNMAP-17 UNMAP-18 UNMAP-24 EXIT-01 EXIT-03 EXIT-11 EXIT-14 EXIT-15"
                        + " EXIT-16");
        expect(
                Fault.WRITES_ARE_LATE,
                "UNMAP-05 ATS-07",
                "FORK-04 FORK-17 UACCE-18 EXIT-04" + ANY_CHANGE);
        expect(
                Fault.TRANSLATIONS_ARE_NOT_TAGGED,
                "UNMAP-27 ATS-12 FORK-03",
                "BIND-12 BIND-26 FAULT-24 EXIT-03 EXIT-15 UNMAP-01 UNMAP-05 UNMAP-15");
        expect(
                Fault.PASID_IS_FREED_AT_EXIT,
                "EXIT-10 FORK-16",
                "FORK-20 FORK-21 EXIT-07 EXIT-09 EXIT-11");
        expect(Fault.PASID_IS_FREED_AT_UNBIND, "BIND-13 EXIT-10", "");
        expect(Fault.CHILD_INHERITS_PASID, "FORK-03", "FORK-01 FORK-15 FORK-16 FORK-25");
        expect(Fault.CLOSE_UNBINDS_ALL, "BIND-03 UACCE-02", "");
        expect(Fault.FOREIGN_HANDLE_ACTS_ON_HOLDER, "FORK-11 UACCE-20 BIND-15", "FORK-14 FORK-16");
        expect(
                Fault.ANY_CLOSE_ENDS_THE_QUEUE,
                "FORK-14 FORK-15",
                "FORK-01 FORK-04 FORK-08 FORK-10 FORK-11 FORK-12 FORK-16 FORK-17 FORK-20 FORK-21"
                        + " FORK-23 EXIT-03 EXIT-07 EXIT-10 EXIT-16 UACCE-12 UACCE-20 BIND-15");
        expect(Fault.EXIT_LEAVES_THE_DEVICE, "EXIT-02 EXIT-03 EXIT-16", "EXIT-01 EXIT-14");
        expect(Fault.START_TWICE_IS_ALLOWED, "UACCE-03", "");
        expect(Fault.PUT_RETURNS_THE_QUEUE, "UACCE-04 UACCE-12", "");
        expect(Fault.ATC_BEFORE_IOTLB, "UNMAP-03", "");
        expect(Fault.FETCHED_TRANSLATION_IS_KEPT, "ATS-08", "FORK-01 FORK-17" + ANY_CHANGE);
        expect(Fault.UNMAPPED_ADDRESS_IS_PHYSICAL, "UACCE-13", "");
    }

    private static ConformanceRun.Builder broken(Fault fault) {
        ForeignHandlePolicy policy =
                fault == Fault.FOREIGN_HANDLE_ACTS_ON_HOLDER
                        ? ForeignHandlePolicy.OPENER
                        : ForeignHandlePolicy.REFUSE;
        return ConformanceRun.builder()
                .catalog(SoftBackend.catalog(SoftBackend.ALL, policy, fault))
                .backend("soft");
    }

    /**
     * What tests with a scenario of their own found. A random program or race names the rule of the
     * step at which a fault came to light, which any fault may reach first.
     */
    private static Set<String> byScenarios(ConformanceResult result) {
        Set<String> ids = new TreeSet<>();
        for (RuleResult rule : result.with(Verdict.FAILED)) {
            boolean scenario =
                    rule.tests().stream()
                            .filter(test -> test.verdict() == Verdict.FAILED)
                            .anyMatch(test -> !isOfChance(test));
            if (scenario) {
                ids.add(rule.rule().id());
            }
        }
        return ids;
    }

    private static boolean isOfChance(TestResult test) {
        return test.name().startsWith("ProgramTests.")
                || test.name().startsWith("RecordedRaceTests.");
    }

    private static Set<String> failures(ConformanceResult result) {
        Set<String> ids = new TreeSet<>();
        result.with(Verdict.FAILED).forEach(rule -> ids.add(rule.rule().id()));
        return ids;
    }

    /** What may fail or not is not asked for: it decides nothing, and may wait for its limit. */
    private static String asked(Expectation expected) {
        if (ALL) {
            return "*";
        }
        Set<String> asked = new TreeSet<>();
        for (RuleId rule : RuleId.values()) {
            if (FIRST.matcher(rule.id()).matches()) {
                asked.add(rule.id());
            }
        }
        asked.removeAll(expected.touched());
        asked.addAll(expected.named());
        return String.join(",", asked);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OPEN_LEAKS", "JOBS_HANG"})
    void isCaughtByTheRulesThatNameIt(Fault fault) {
        Expectation expected = EXPECTED.get(fault);
        ConformanceResult result = broken(fault).rules(asked(expected)).run();
        Set<String> failed = failures(result);
        Set<String> missed = new TreeSet<>(expected.named());
        missed.removeAll(failed);
        assertEquals(Set.of(), missed, "rules that name the fault and did not see it");
        Set<String> unexpected = byScenarios(result);
        unexpected.removeAll(expected.named());
        unexpected.removeAll(expected.touched());
        assertEquals(Set.of(), unexpected, () -> "rules with another subject: " + explain(result));
        assertEquals(ConformanceResult.Outcome.FAILED, result.outcome());
        for (String id : expected.named()) {
            RuleResult rule =
                    result.rules().stream()
                            .filter(candidate -> candidate.rule().id().equals(id))
                            .findFirst()
                            .orElseThrow();
            TestResult test =
                    rule.tests().stream()
                            .filter(candidate -> candidate.verdict() == Verdict.FAILED)
                            .findFirst()
                            .orElseThrow();
            Evidence evidence = test.evidence().orElseThrow();
            assertTrue(test.message().contains(id), test.message());
            assertTrue(test.message().contains(rule.rule().ifFails()), test.message());
            assertFalse(test.message().contains("NullPointerException"), test.message());
            assertFalse(evidence.expected().isBlank() || evidence.seen().isBlank(), id);
        }
    }

    private static String explain(ConformanceResult result) {
        StringBuilder text = new StringBuilder();
        for (RuleResult rule : result.with(Verdict.FAILED)) {
            text.append('\n').append(rule.rule().id()).append(' ').append(rule.reason());
        }
        return text.toString();
    }

    @Test
    void everyFaultIsExpectedSomewhere() {
        Set<Fault> left = java.util.EnumSet.allOf(Fault.class);
        left.removeAll(EXPECTED.keySet());
        assertEquals(Set.of(Fault.OPEN_LEAKS, Fault.JOBS_HANG), left);
    }

    @Test
    void aLeakFailsTheTestThatLeftItBehind() {
        ConformanceResult result =
                broken(Fault.OPEN_LEAKS).rules("UACCE-0*,UACCE-19").timeoutFactor(0.05).run();
        Set<String> failed = failures(result);
        assertTrue(failed.contains("UACCE-01"), failed.toString());
        assertFalse(failed.contains("UACCE-19"), "a test that opened nothing");
        assertTrue(
                result.with(Verdict.FAILED).stream()
                        .allMatch(rule -> rule.reason().contains("more frames")),
                () -> explain(result));
    }

    @Test
    void aJobThatNeverEndsIsAFailureThatSaysSo() {
        ConformanceResult result =
                broken(Fault.JOBS_HANG).rules("BIND-01,UNMAP-07").timeoutFactor(0.02).run();
        assertEquals(Set.of("BIND-01", "UNMAP-07"), failures(result));
        for (RuleResult rule : result.rules()) {
            assertTrue(rule.reason().contains("never ended"), rule.reason());
        }
    }
}
