package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_01;
import static org.opensva.conformance.rules.RuleId.BIND_02;
import static org.opensva.conformance.rules.RuleId.BIND_03;
import static org.opensva.conformance.rules.RuleId.BIND_06;
import static org.opensva.conformance.rules.RuleId.BIND_13;
import static org.opensva.conformance.rules.RuleId.EXIT_05;
import static org.opensva.conformance.rules.RuleId.EXIT_14;
import static org.opensva.conformance.rules.RuleId.FAULT_02;
import static org.opensva.conformance.rules.RuleId.FAULT_03;
import static org.opensva.conformance.rules.RuleId.FORK_04;
import static org.opensva.conformance.rules.RuleId.FORK_05;
import static org.opensva.conformance.rules.RuleId.FORK_06;
import static org.opensva.conformance.rules.RuleId.FORK_07;
import static org.opensva.conformance.rules.RuleId.FORK_08;
import static org.opensva.conformance.rules.RuleId.FORK_09;
import static org.opensva.conformance.rules.RuleId.FORK_11;
import static org.opensva.conformance.rules.RuleId.FORK_15;
import static org.opensva.conformance.rules.RuleId.FORK_16;
import static org.opensva.conformance.rules.RuleId.FORK_20;
import static org.opensva.conformance.rules.RuleId.UACCE_03;
import static org.opensva.conformance.rules.RuleId.UACCE_04;
import static org.opensva.conformance.rules.RuleId.UACCE_20;
import static org.opensva.conformance.rules.RuleId.UNMAP_01;
import static org.opensva.conformance.rules.RuleId.UNMAP_15;
import static org.opensva.conformance.rules.RuleId.UNMAP_16;
import static org.opensva.conformance.rules.RuleId.UNMAP_17;
import static org.opensva.conformance.rules.RuleId.UNMAP_18;
import static org.opensva.conformance.rules.RuleId.UNMAP_19;
import static org.opensva.conformance.rules.RuleId.UNMAP_20;
import static org.opensva.conformance.rules.RuleId.UNMAP_24;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.programs.Claims;
import org.opensva.conformance.programs.Finding;
import org.opensva.conformance.programs.Program;
import org.opensva.conformance.programs.ProgramGenerator;
import org.opensva.conformance.programs.ProgramRunner;
import org.opensva.conformance.programs.Shrinker;
import org.opensva.conformance.programs.Step;
import org.opensva.conformance.programs.Theme;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.bench.Timeline.Lane;

import java.util.Optional;

/**
 * Random programs beside the contract. What is found is made small before it is reported, and its
 * steps are the steps of the failure.
 */
@RuleTests
class ProgramTests {

    private static final int PROGRAMS = 40;
    private static final int LENGTH = 80;
    private static final int SHRINKING = 300;

    /** Part of a test's time after which no further program is begun. */
    private static final int SHARE = 6;

    @Test
    @Covers({
        BIND_01, BIND_02, BIND_03, BIND_06, BIND_13, UNMAP_01, UNMAP_15, UNMAP_16, UNMAP_17,
        UNMAP_18, UNMAP_19, UNMAP_20, UNMAP_24, FAULT_02, FAULT_03, FORK_15, UACCE_03, UACCE_04,
        EXIT_05
    })
    void whateverOneProcessDoesToItsMappingsItsDevicesSeeTheSame(TestBench bench) {
        run(bench, Theme.MAPPINGS);
    }

    @Test
    @Covers({
        BIND_01, BIND_02, BIND_03, BIND_06, BIND_13, EXIT_05, EXIT_14, FAULT_02, FAULT_03, FORK_04,
        FORK_05, FORK_06, FORK_07, FORK_08, FORK_09, FORK_11, FORK_15, FORK_16, FORK_20, UACCE_03,
        UACCE_04, UACCE_20, UNMAP_01, UNMAP_15, UNMAP_16, UNMAP_17, UNMAP_18, UNMAP_19, UNMAP_20,
        UNMAP_24
    })
    void whateverAFamilyOfProcessesDoesNoDeviceSeesAnothersMemory(TestBench bench) {
        run(bench, Theme.FORKS);
    }

    @Test
    @Covers({
        BIND_01, BIND_02, BIND_03, BIND_06, BIND_13, EXIT_05, EXIT_14, FAULT_02, FAULT_03, FORK_04,
        FORK_05, FORK_06, FORK_07, FORK_08, FORK_09, FORK_11, FORK_15, FORK_16, FORK_20, UACCE_03,
        UACCE_04, UACCE_20, UNMAP_01, UNMAP_15, UNMAP_16, UNMAP_17, UNMAP_18, UNMAP_19, UNMAP_20,
        UNMAP_24
    })
    void whateverProcessesLeaveBehindReachesNobody(TestBench bench) {
        run(bench, Theme.ENDINGS);
    }

    private static void run(TestBench bench, Theme theme) {
        Claims claims;
        try {
            claims = Claims.of(bench.backend());
        } catch (IllegalArgumentException e) {
            throw new NotObservable(String.valueOf(e.getMessage()));
        }
        ProgramRunner runner = new ProgramRunner(bench.backend(), claims, bench.limits());
        long deadline = System.nanoTime() + bench.limits().test().toNanos() / SHARE;
        for (int i = 0; i < PROGRAMS && System.nanoTime() - deadline < 0; i++) {
            long seed = bench.random().nextLong();
            Program program = ProgramGenerator.generate(claims, theme, seed, LENGTH);
            Optional<Finding> finding = runner.run(program).finding();
            if (finding.isPresent()) {
                report(bench, runner, shrink(runner, deadline, finding.get()));
            }
        }
    }

    private static Finding shrink(ProgramRunner runner, long deadline, Finding finding) {
        return new Shrinker(
                        program ->
                                System.nanoTime() - deadline < 0
                                        ? runner.run(program).finding()
                                        : Optional.empty(),
                        SHRINKING)
                .shrink(finding);
    }

    private static void report(TestBench bench, ProgramRunner runner, Finding finding) {
        // Once more, for the picture of the small program alone.
        bench.beginTimeline();
        runner.run(
                finding.program(),
                (step, seen) -> bench.noted(lane(step), step.text(), () -> seen));
        bench.steps(finding.program().steps().stream().map(Step::text).toList());
        throw bench.violation(
                finding.rule(), finding.expected() + " (" + finding.why() + ")", finding.seen());
    }

    private static Lane lane(Step step) {
        return step instanceof Step.Read || step instanceof Step.Write ? Lane.DEVICE : Lane.PROCESS;
    }
}
