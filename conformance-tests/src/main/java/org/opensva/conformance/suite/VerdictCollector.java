package org.opensva.conformance.suite;

import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.RuleViolation;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns what JUnit reports about tests into verdicts about rules. */
final class VerdictCollector implements TestExecutionListener {

    private final ConformanceListener listener;
    private final RunContext context;
    private final Map<String, TestResult> results = new LinkedHashMap<>();
    private final Map<String, Long> started = new LinkedHashMap<>();
    private @Nullable SuiteFault fault;

    /**
     * Creates a collector.
     *
     * @param listener hears of each test
     * @param context the run
     * @param earlier what is known of tests that do not run again
     */
    VerdictCollector(ConformanceListener listener, RunContext context, List<TestResult> earlier) {
        this.listener = listener;
        this.context = context;
        earlier.forEach(result -> results.put(result.name(), result));
    }

    @Override
    public synchronized void executionStarted(TestIdentifier identifier) {
        method(identifier)
                .ifPresent(test -> {
                    started.put(identifier.getUniqueId(), System.nanoTime());
                    listener.testStarted(Applicability.name(test), Applicability.sentence(test));
                });
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier identifier, String reason) {
        Optional<Method> test = method(identifier);
        if (test.isPresent()) {
            // What was given up is not known; what cannot run on this backend cannot be seen.
            Verdict verdict =
                    reason.equals(RunContext.GIVEN_UP)
                            ? Verdict.INCONCLUSIVE
                            : Verdict.NOT_OBSERVABLE;
            add(identifier, result(test.get(), verdict, reason, null, Duration.ZERO));
        } else {
            fault("a part of the suite was skipped: " + reason, null);
        }
    }

    @Override
    public synchronized void executionFinished(
            TestIdentifier identifier, TestExecutionResult execution) {
        Throwable thrown = execution.getThrowable().orElse(null);
        Optional<Method> test = method(identifier);
        if (test.isEmpty()) {
            if (execution.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                fault(
                        "%s could not run: %s".formatted(identifier.getDisplayName(), line(thrown)),
                        thrown);
            }
            return;
        }
        if (thrown instanceof SuiteFault suiteFault) {
            fault = fault == null ? suiteFault : fault;
        }
        Verdict verdict =
                switch (execution.getStatus()) {
                    case SUCCESSFUL -> Verdict.PASSED;
                    case FAILED -> Verdict.FAILED;
                    case ABORTED ->
                            thrown instanceof NotObservable
                                    ? Verdict.NOT_OBSERVABLE
                                    : Verdict.INCONCLUSIVE;
                };
        long begin = started.getOrDefault(identifier.getUniqueId(), System.nanoTime());
        Duration duration = Duration.ofNanos(Math.max(0, System.nanoTime() - begin));
        String reason =
                verdict == Verdict.PASSED
                        ? ""
                        : evidence(thrown).map(Evidence::summary).orElseGet(() -> line(thrown));
        add(identifier, result(test.get(), verdict, reason, thrown, duration));
    }

    private void add(TestIdentifier identifier, TestResult result) {
        results.put(identifier.getUniqueId(), result);
        if (result.verdict() == Verdict.FAILED) {
            context.failed();
        }
        listener.testFinished(result, results.size());
    }

    private TestResult result(
            Method test,
            Verdict verdict,
            String reason,
            @Nullable Throwable thrown,
            Duration duration) {
        String message =
                verdict == Verdict.FAILED && thrown != null
                        ? String.valueOf(thrown.getMessage())
                        : "";
        return new TestResult(
                Applicability.name(test),
                Applicability.sentence(test),
                touched(test, thrown),
                verdict,
                reason,
                message,
                evidence(thrown),
                duration,
                context.settings().seed());
    }

    /** The rules that a test says something about: a violation may name fewer than are covered. */
    private static List<RuleId> touched(Method test, @Nullable Throwable thrown) {
        List<RuleId> covered = Applicability.covered(test);
        if (!(thrown instanceof RuleViolation violation)) {
            return covered;
        }
        Set<String> broken =
                violation.rules().stream().map(Rule::id).collect(Collectors.toUnmodifiableSet());
        List<RuleId> named = covered.stream().filter(rule -> broken.contains(rule.id())).toList();
        return named.isEmpty() ? covered : named;
    }

    private static Optional<Evidence> evidence(@Nullable Throwable thrown) {
        return thrown instanceof RuleViolation violation
                ? Optional.ofNullable(violation.evidence())
                : Optional.empty();
    }

    private void fault(String message, @Nullable Throwable cause) {
        if (fault == null) {
            fault = cause instanceof SuiteFault known ? known : new SuiteFault(message, cause);
        }
    }

    private static String line(@Nullable Throwable thrown) {
        if (thrown == null) {
            return "no reason was given";
        }
        String message = thrown.getMessage();
        if (message == null || message.isBlank()) {
            return thrown.getClass().getSimpleName();
        }
        String first = message.lines().findFirst().orElse(message);
        // The message of a linkage error is the bare name of a class.
        return thrown instanceof Error && !(thrown instanceof AssertionError)
                ? thrown.getClass().getSimpleName() + ": " + first
                : first;
    }

    /** The method of a test; empty for containers. */
    static Optional<Method> method(TestIdentifier identifier) {
        return identifier.isTest()
                ? identifier
                        .getSource()
                        .filter(MethodSource.class::isInstance)
                        .map(source -> ((MethodSource) source).getJavaMethod())
                : Optional.empty();
    }

    /** The fault of the suite that came up while it ran. */
    synchronized Optional<SuiteFault> fault() {
        return Optional.ofNullable(fault);
    }

    /** What the tests found, in the order of their ends. */
    synchronized List<TestResult> results() {
        return List.copyOf(results.values());
    }
}
