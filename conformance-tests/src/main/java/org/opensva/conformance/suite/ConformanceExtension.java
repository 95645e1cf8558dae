package org.opensva.conformance.suite;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.suite.bench.BackendThreads;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;
import org.opentest4j.TestAbortedException;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Optional;

/**
 * Runs a rule test: decides whether it applies, gives it a bench on a backend, watches its time,
 * puts what it throws into the field's words, and audits the backend afterwards.
 */
final class ConformanceExtension
        implements ExecutionCondition,
                BeforeEachCallback,
                AfterEachCallback,
                ParameterResolver,
                InvocationInterceptor {

    private static final Namespace NAMESPACE = Namespace.create(ConformanceExtension.class);

    /** The suite's own spans: one for each test, above those of the backend. */
    private static final String SCOPE = "org.opensva.conformance";

    /** What belongs to one test while it runs. */
    private static final class Run {
        final TestBench bench;
        final ResourceAudit audit;
        final Span span;
        volatile boolean hung;

        Run(TestBench bench, ResourceAudit audit, Span span) {
            this.bench = bench;
            this.audit = audit;
            this.span = span;
        }
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<Method> test = context.getTestMethod();
        if (test.isEmpty()) {
            return ConditionEvaluationResult.enabled("decided for each test");
        }
        RunContext run = RunContext.of(context);
        List<Rule> rules = run.applicability().rules(test.get());
        if (rules.stream().noneMatch(rule -> run.isSelected(rule.id()))) {
            return ConditionEvaluationResult.disabled("none of its rules was asked for");
        }
        if (run.isGivenUp()) {
            return ConditionEvaluationResult.disabled(RunContext.GIVEN_UP);
        }
        return run.applicability()
                .skip(test.get())
                .map(ConditionEvaluationResult::disabled)
                .orElseGet(() -> ConditionEvaluationResult.enabled("its rules apply"));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        RunContext run = RunContext.of(context);
        Method test = context.getRequiredTestMethod();
        String name = Applicability.name(test);
        BenchSettings settings =
                new BenchSettings(
                        name,
                        run.applicability().rules(test),
                        mix(run.settings().seed(), name),
                        run.settings().limits());
        Backend backend = run.lease().acquire();
        Span span =
                run.settings()
                        .telemetry()
                        .getTracer(SCOPE)
                        .spanBuilder("conformance.test")
                        .setAttribute("conformance.test.name", name)
                        .startSpan();
        context.getStore(NAMESPACE).put(Run.class, begun(run, backend, settings, span));
    }

    /** The backend is asked for much already here, and may hang in it as well as later. */
    private static Run begun(RunContext run, Backend backend, BenchSettings settings, Span span) {
        Concurrent<Run> beginning =
                Concurrent.start(
                        run.lease().threads(),
                        () -> {
                            TestBench bench = new TestBench(backend, settings, run.lease().feed());
                            Run begun = new Run(bench, new ResourceAudit(backend), span);
                            bench.beginTimeline();
                            return begun;
                        });
        try {
            return beginning
                    .await(settings.limits().test())
                    .orElseThrow(() ->
                            new BackendException(
                                    "the backend does not say what it has in use; it was at "
                                            + beginning.whereabouts()));
        } catch (RuntimeException | Error e) {
            span.setStatus(StatusCode.ERROR).end();
            // The next test gets another machine, if there is one.
            run.lease().abandon();
            throw e;
        }
    }

    /** A seed of its own for every test, so that adding a test changes no other one. */
    private static long mix(long seed, String name) {
        long mixed = seed;
        for (int i = 0; i < name.length(); i++) {
            mixed = (mixed ^ name.charAt(i)) * 0x100000001b3L;
        }
        return mixed;
    }

    private static Run current(ExtensionContext context) {
        Run run = context.getStore(NAMESPACE).get(Run.class, Run.class);
        if (run == null) {
            throw new SuiteFault("no bench was set up for " + context.getDisplayName());
        }
        return run;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestBench.class
                && context.getTestMethod().isPresent();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return current(context).bench;
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation,
            ReflectiveInvocationContext<Method> method,
            ExtensionContext context)
            throws Throwable {
        Run run = current(context);
        try (Scope _ = run.span.makeCurrent()) {
            judge(run, RunContext.of(context).lease().threads(), invocation);
        }
    }

    private static void judge(Run run, BackendThreads threads, Invocation<Void> invocation) {
        Concurrent<Boolean> test =
                Concurrent.start(
                        threads,
                        () -> {
                            proceed(invocation);
                            return true;
                        });
        Optional<Boolean> ended;
        try {
            ended = test.await(run.bench.limits().test());
        } catch (RuleViolation | TestAbortedException | SuiteFault known) {
            throw known;
        } catch (RuntimeException | Error surprise) {
            throw run.bench.unexpected(surprise);
        }
        if (ended.isEmpty()) {
            run.hung = true;
            String whereabouts = test.whereabouts();
            test.interrupt();
            throw run.bench.violation(
                    "the step to end; the whole test has "
                            + run.bench.limits().test().toSeconds()
                            + " s",
                    "it hangs in " + whereabouts);
        }
    }

    private static void proceed(Invocation<Void> invocation) throws Exception {
        try {
            invocation.proceed();
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Run run = current(context);
        // What is found afterwards belongs to the trace of the test as well.
        try (Scope _ = run.span.makeCurrent()) {
            end(RunContext.of(context), run, context);
        } catch (RuleViolation left) {
            run.span.setStatus(StatusCode.ERROR);
            throw left;
        } finally {
            context.getExecutionException()
                    .ifPresent(failure -> run.span.setStatus(StatusCode.ERROR));
            run.span.end();
        }
    }

    private static void end(RunContext shared, Run run, ExtensionContext context) {
        Optional<RuleViolation> left =
                run.hung ? Optional.empty() : leftBehind(shared, run, context);
        boolean passed = !run.hung && left.isEmpty() && context.getExecutionException().isEmpty();
        boolean ended = run.bench.isBackendClosed();
        if (!run.hung && !ended) {
            run.bench.endTimeline();
        }
        try {
            if (passed && ended) {
                shared.lease().ended();
            } else {
                shared.lease().release(passed && !run.bench.isSpent(), passed);
            }
        } catch (BackendLease.DoesNotClose e) {
            if (!run.hung && left.isEmpty()) {
                run.bench.step("the backend is closed");
                throw run.bench.violation(String.valueOf(e.getMessage()), e.seen());
            }
        }
        if (left.isPresent()) {
            throw left.get();
        }
    }

    /** Closes what the test had opened; empty if nothing is left of it. */
    private static Optional<RuleViolation> leftBehind(
            RunContext shared, Run run, ExtensionContext context) {
        try {
            run.bench.bounded("closing what the test had opened", run.bench::close);
            // What a broken scenario leaves behind says nothing that its failure does not.
            if (context.getExecutionException().isEmpty() && !run.bench.isBackendClosed()) {
                run.audit.check(run.bench, shared.leakSeen());
            }
            return Optional.empty();
        } catch (RuleViolation violation) {
            return Optional.of(violation);
        } catch (RuntimeException | Error surprise) {
            return Optional.of(run.bench.unexpected(surprise));
        }
    }
}
