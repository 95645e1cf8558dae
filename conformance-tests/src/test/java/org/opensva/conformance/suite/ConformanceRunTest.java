package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.inject.Module;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleBookException;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.sample.EveryEnd;
import org.opensva.conformance.suite.sample.NoRule;
import org.opensva.conformance.suite.testbackend.SoftBackend;
import org.opensva.conformance.suite.testbackend.SoftProvider;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/** From tests to verdicts. */
class ConformanceRunTest {

    private static ConformanceRun.Builder run() {
        return ConformanceRun.builder()
                .catalog(SoftBackend.catalog(SoftBackend.ALL, ForeignHandlePolicy.REFUSE))
                .backend("soft")
                .timeoutFactor(0.02);
    }

    private static RuleResult everyEnd(RuleId rule) {
        return run().tests(EveryEnd.class).rules(rule.id()).run().rule(rule).orElseThrow();
    }

    @Test
    void everyRuleOfTheBookHasExactlyOneVerdictInOrder() {
        ConformanceResult result = run().tests(EveryEnd.class).run();
        assertEquals(
                RuleBook.load().rules().stream().map(Rule::id).toList(),
                result.rules().stream().map(rule -> rule.rule().id()).toList());
        for (RuleResult rule : result.rules()) {
            assertEquals(
                    rule.verdict() == Verdict.PASSED,
                    rule.reason().isBlank(),
                    rule.rule().id() + " " + rule.verdict() + " '" + rule.reason() + "'");
        }
    }

    @Test
    void aTestThatPassesPassesItsRule() {
        assertEquals(Verdict.PASSED, everyEnd(RuleId.BIND_01).verdict());
    }

    @Test
    void aBreachIsToldInTheFieldsWords() {
        RuleResult rule = everyEnd(RuleId.BIND_02);
        assertEquals(Verdict.FAILED, rule.verdict());
        TestResult test = rule.tests().getFirst();
        assertEquals("EveryEnd.aTestThatFindsABreach", test.name());
        assertEquals("a test that finds a breach", test.sentence());
        Evidence evidence = test.evidence().orElseThrow();
        assertEquals(List.of("step 1", "step 2"), evidence.steps());
        assertEquals("step 2", evidence.step());
        assertTrue(evidence.expected().contains("(the new value)"), evidence.expected());
        assertTrue(evidence.seen().contains("(the old value)"), evidence.seen());
        assertTrue(test.message().startsWith("BIND-02: "), test.message());
        assertTrue(test.message().contains(rule.rule().text()), test.message());
        assertTrue(test.message().contains(rule.rule().ifFails()), test.message());
    }

    @Test
    void aSurpriseIsAFailureAtAStep() {
        RuleResult rule = everyEnd(RuleId.BIND_03);
        assertEquals(Verdict.FAILED, rule.verdict());
        assertEquals(
                "expected the step to succeed; seen: java.lang.IllegalStateException: a surprise"
                        + " (something surprising)",
                rule.reason());
        assertEquals(Verdict.FAILED, everyEnd(RuleId.BIND_04).verdict());
    }

    @Test
    void whatCouldNotRunAndWhatWasNotSeenAreToldApart() {
        RuleResult machine = everyEnd(RuleId.BIND_06);
        assertEquals(Verdict.INCONCLUSIVE, machine.verdict());
        assertEquals("a permission is missing on soft", machine.reason());
        RuleResult unseen = everyEnd(RuleId.BIND_07);
        assertEquals(Verdict.NOT_OBSERVABLE, unseen.verdict());
        assertEquals("it did not occur", unseen.reason());
        RuleResult skipped = everyEnd(RuleId.BIND_10);
        assertEquals(Verdict.NOT_OBSERVABLE, skipped.verdict());
        assertEquals("the scenario of this test needs huge-pages", skipped.reason());
    }

    @Test
    void aTestThatHangsFailsAndNamesItsStep() {
        RuleResult rule = everyEnd(RuleId.BIND_12);
        assertEquals(Verdict.FAILED, rule.verdict());
        assertTrue(rule.reason().contains("(waiting for nobody)"), rule.reason());
        assertTrue(rule.reason().contains("it hangs in"), rule.reason());
    }

    @Test
    void theWorstTestOfARuleDecides() {
        RuleResult rule = everyEnd(RuleId.BIND_13);
        assertEquals(Verdict.INCONCLUSIVE, rule.verdict());
        assertEquals(2, rule.tests().size());
    }

    @Test
    void aRuleThatDoesNotApplyIsNotTested() {
        RuleResult rule = everyEnd(RuleId.FORK_22);
        assertEquals(Verdict.NOT_APPLICABLE, rule.verdict());
        assertEquals("the backend does not meet: huge-pages", rule.reason());
    }

    @Test
    void whatATestForgetsIsFoundByTheAudit() {
        RuleResult rule = everyEnd(RuleId.UACCE_01);
        assertEquals(Verdict.FAILED, rule.verdict());
        assertTrue(rule.reason().contains("still in use: 1 more processes"), rule.reason());
    }

    @Test
    void aRuleWithoutTestIsNotObservable() {
        ConformanceResult result = run().tests(EveryEnd.class).run();
        RuleResult rule = result.rule(RuleId.UNMAP_01).orElseThrow();
        assertEquals(Verdict.NOT_OBSERVABLE, rule.verdict());
        assertEquals("no test in this version of the suite observes it", rule.reason());
        assertEquals(List.of(), rule.tests());
    }

    @Test
    void noTestAtAllIsAFaultOfTheSuite() {
        SuiteFault fault =
                assertThrows(SuiteFault.class, () -> run().rules("FORK-26").build().run());
        assertTrue(String.valueOf(fault.getMessage()).startsWith("no test was found"));
    }

    @Test
    void aTestWithoutRuleIsAFaultOfTheSuite() {
        SuiteFault fault =
                assertThrows(SuiteFault.class, () -> run().tests(NoRule.class).build().run());
        assertTrue(
                String.valueOf(fault.getMessage()).contains("NoRule.aTestWithoutRule"),
                fault.getMessage());
    }

    @Test
    void wrongUseIsToldBeforeAnythingRuns() {
        assertThrows(RuleBookException.class, () -> run().rules("NOSUCH-*").build());
        assertThrows(RuleBookException.class, () -> run().rules("$(rm)").build());
        assertThrows(BackendException.class, () -> run().backend("nobody").build());
        assertThrows(
                BackendException.class,
                () -> run().options(Map.of("colour", "red")).rules("BIND-01").run());
        assertThrows(IllegalArgumentException.class, () -> run().timeoutFactor(0));
        assertThrows(IllegalArgumentException.class, () -> run().timeoutFactor(Double.NaN));
    }

    @Test
    void everyBackendThatWasOpenedIsClosed() {
        AtomicInteger open = new AtomicInteger();
        ConformanceRun.builder()
                .catalog(SoftBackend.catalog(SoftBackend.ALL, ForeignHandlePolicy.REFUSE, open))
                .backend("soft")
                .timeoutFactor(0.02)
                .tests(EveryEnd.class)
                .run();
        assertEquals(0, open.get());
    }

    /** The test backend, with a limit of its own by the clock. */
    private static final class Patient implements BackendProvider {
        private final BackendProvider soft = new SoftProvider();
        private final Set<String> factors = new TreeSet<>();

        @Override
        public String name() {
            return soft.name();
        }

        @Override
        public List<BackendVariant> variants() {
            return soft.variants();
        }

        @Override
        public List<BackendOption> options() {
            return List.of(new BackendOption(BackendOption.TIMEOUT_FACTOR, "how patient", "1"));
        }

        @Override
        public Module module(BackendRequest request) {
            factors.add(String.valueOf(request.options().get(BackendOption.TIMEOUT_FACTOR)));
            return soft.module(request);
        }
    }

    @Test
    void aBackendIsAsPatientAsTheSuite() {
        Patient patient = new Patient();
        run().catalog(BackendCatalog.of(List.of(patient)))
                .timeoutFactor(7)
                .tests(EveryEnd.class)
                .rules("BIND-01")
                .run();
        assertEquals(Set.of("7.0"), patient.factors);
    }

    @Test
    void theSameSeedMakesTheSameChoices() {
        List<Long> seeds = new ArrayList<>();
        for (long seed : new long[] {7, 7, 8}) {
            ConformanceResult result =
                    run().tests(EveryEnd.class).rules("BIND-02").seed(seed).run();
            seeds.add(result.rules().getFirst().tests().getFirst().evidence().orElseThrow().seed());
        }
        assertEquals(seeds.get(0), seeds.get(1));
        assertFalse(seeds.get(0).equals(seeds.get(2)));
    }

    @Test
    void theListenerHearsEverythingInOrder() {
        List<String> heard = new ArrayList<>();
        ConformanceResult result =
                run().tests(EveryEnd.class)
                        .rules("BIND-01,BIND-10,BIND-09")
                        .listener(
                                new ConformanceListener() {
                                    @Override
                                    public void runStarted(
                                            BackendDescriptor backend, int tests, int rules) {
                                        heard.add(backend.name() + " " + tests + " " + rules);
                                    }

                                    @Override
                                    public void testStarted(String name, String sentence) {
                                        heard.add("start " + name);
                                    }

                                    @Override
                                    public void testFinished(TestResult test, int done) {
                                        heard.add(test.verdict().id() + " " + done);
                                    }

                                    @Override
                                    public void runFinished(ConformanceResult end) {
                                        heard.add("end " + end.rules().size());
                                    }
                                })
                        .run();
        assertEquals("soft 2 3", heard.getFirst());
        assertEquals("end 3", heard.getLast());
        assertTrue(heard.contains("start EveryEnd.aTestThatPasses"), heard.toString());
        assertEquals(5, heard.size(), heard.toString());
        assertEquals(3, result.rules().size());
    }
}
