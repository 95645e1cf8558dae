package org.opensva.conformance.programs;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Checks;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Does programs on a backend, each with processes of its own, beside the {@link ReferenceModel}.
 *
 * <p><b>Threading.</b> One program at a time.
 */
public final class ProgramRunner {

    private final Backend backend;
    private final Claims claims;
    private final Limits limits;

    /**
     * Creates a runner.
     *
     * @param backend the backend; not closed
     * @param claims what its programs may rest on
     * @param limits how long things may take
     */
    public ProgramRunner(Backend backend, Claims claims, Limits limits) {
        this.backend = backend;
        this.claims = claims;
        this.limits = limits;
    }

    /**
     * Does a program.
     *
     * @param program the program
     * @return what it showed; never throws for what the backend does
     */
    public Run run(Program program) {
        return run(program, (step, seen) -> {});
    }

    /**
     * Does a program, and tells of each step.
     *
     * @param program the program
     * @param observer is told of each step that was done, and of what it showed
     * @return what it showed; never throws for what the backend does
     */
    public Run run(Program program, BiConsumer<Step, String> observer) {
        List<Optional<Observation>> observations = new ArrayList<>();
        List<Integer> free = freeQueues();
        Optional<Finding> finding = Optional.empty();
        TestBench bench =
                new TestBench(backend, new BenchSettings("program", List.of(), 0, limits));
        try {
            Supplier<Optional<Finding>> steps = () -> steps(program, bench, observations, observer);
            finding = backend.schedule().map(schedule -> schedule.call(steps)).orElseGet(steps);
        } finally {
            Optional<Finding> left = close(program, bench, free);
            if (finding.isEmpty()) {
                finding = left;
            }
        }
        return new Run(observations, finding);
    }

    private Optional<Finding> steps(
            Program program,
            TestBench bench,
            List<Optional<Observation>> observations,
            BiConsumer<Step, String> observer) {
        ReferenceModel model = new ReferenceModel(claims);
        Stage stage = new Stage(bench);
        for (int index = 0; index < program.steps().size(); index++) {
            Step step = program.steps().get(index);
            Optional<Expectation> next = model.next(step);
            if (next.isEmpty()) {
                observations.add(Optional.empty());
                continue;
            }
            Expectation expected = next.get();
            Observation seen;
            try {
                seen = stage.act(step);
            } catch (NotObservable scenario) {
                throw scenario;
            } catch (RuntimeException | AssertionError surprise) {
                observer.accept(step, said(surprise));
                return Optional.of(finding(program, index, expected, said(surprise)));
            }
            observer.accept(step, seen.text());
            observations.add(Optional.of(seen));
            if (!expected.allowed().test(seen)) {
                return Optional.of(finding(program, index, expected, seen.text()));
            }
            model.settle(expected, seen);
        }
        return Optional.empty();
    }

    private static Finding finding(Program program, int index, Expectation expected, String seen) {
        return new Finding(program, index, expected.rule(), expected.text(), expected.why(), seen);
    }

    private static String said(Throwable surprise) {
        if (surprise instanceof RuleViolation violation) {
            return violation.evidence().seen();
        }
        return Checks.words(surprise);
    }

    private List<Integer> freeQueues() {
        return claims.has(Capability.INSTANCES)
                ? backend.accelerators().stream().map(Accelerator::availableInstances).toList()
                : List.of();
    }

    /** Ends every process, and looks whether everything is back. */
    private Optional<Finding> close(Program program, TestBench bench, List<Integer> free) {
        String expected = "every process to end, and every queue to be free again";
        try {
            bench.bounded("closing what the program had opened", bench::close);
            if (claims.has(Capability.INSTANCES)) {
                bench.until(expected, limits.settle(), () -> freeQueues().equals(free));
            }
            return Optional.empty();
        } catch (RuntimeException | AssertionError surprise) {
            return Optional.of(
                    new Finding(
                            program,
                            program.steps().size(),
                            RuleId.EXIT_05,
                            expected,
                            "nobody uses them any more",
                            said(surprise)));
        }
    }
}
