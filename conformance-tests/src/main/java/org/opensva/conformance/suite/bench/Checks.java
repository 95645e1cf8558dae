package org.opensva.conformance.suite.bench;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;

import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What a test says and checks: its steps, its tokens, and violations in the field's words.
 *
 * <p><b>Threading.</b> Any thread of a test may call.
 */
public abstract sealed class Checks permits TestBench {

    private static final int MAX_STEPS = 200;

    private final BenchSettings settings;
    private final Tokens tokens;
    private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
    private volatile String step = "preparing";

    Checks(BenchSettings settings) {
        this.settings = settings;
        // Not the generator of the test: a token more or less must not change its other choices.
        this.tokens = new Tokens(new SplittableRandom(~settings.seed()));
    }

    /**
     * How long things may take.
     *
     * @return the limits
     */
    public Limits limits() {
        return settings.limits();
    }

    /**
     * Makes a value that occurs nowhere else.
     *
     * @param name what it stands for in messages, for example {@code the old page}
     * @return the value
     */
    public long token(String name) {
        return tokens.next(name);
    }

    /**
     * Puts a value into words.
     *
     * @param value a token or any other value
     * @return hexadecimal, with the name of a token
     */
    public String describe(long value) {
        return tokens.describe(value);
    }

    Tokens tokens() {
        return tokens;
    }

    /**
     * Says what is done next; failures name it.
     *
     * @param format what is done, with placeholders
     * @param arguments values for the placeholders
     */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of the suite
    public void step(String format, Object... arguments) {
        String text = arguments.length == 0 ? format : format.formatted(arguments);
        step = text;
        if (steps.size() < MAX_STEPS) {
            steps.add(text);
        }
        noted(Timeline.Lane.PROCESS, text, () -> "");
    }

    /**
     * Takes the steps of something that was done and noted already, such as a program.
     *
     * @param texts the steps, oldest first; the last one is what failures name
     */
    public void steps(List<String> texts) {
        for (String text : texts) {
            step = text;
            if (steps.size() < MAX_STEPS) {
                steps.add(text);
            }
        }
    }

    /**
     * Notes what was done, for the picture that is drawn of a failure.
     *
     * @param lane who did it
     * @param what what it was, in a few words
     * @param detail numbers; asked for only if it is drawn
     */
    public abstract void noted(Timeline.Lane lane, String what, Supplier<String> detail);

    /** What led to a failure, where that can be told. */
    abstract Optional<Timeline> timeline();

    /**
     * What is being done.
     *
     * @return the last step
     */
    public String currentStep() {
        return step;
    }

    /**
     * Makes the failure of a check.
     *
     * @param expected what the rule demands
     * @param seen what was there instead
     * @return the error to throw
     */
    public RuleViolation violation(String expected, String seen) {
        return new RuleViolation(settings.rules(), evidence(expected, seen));
    }

    /**
     * Makes the failure of a check that tells which of the test's rules is broken.
     *
     * @param rule the rule; if the test does not cover it, all that it covers count as broken
     * @param expected what the rule demands
     * @param seen what was there instead
     * @return the error to throw
     */
    public RuleViolation violation(RuleId rule, String expected, String seen) {
        List<Rule> one =
                settings.rules().stream()
                        .filter(covered -> covered.id().equals(rule.id()))
                        .toList();
        return new RuleViolation(one.isEmpty() ? settings.rules() : one, evidence(expected, seen));
    }

    /**
     * Makes the failure of a step that threw something unexpected.
     *
     * @param cause what was thrown
     * @return the error to throw
     */
    public RuleViolation unexpected(Throwable cause) {
        return new RuleViolation(
                settings.rules(), evidence("the step to succeed", words(cause)), cause);
    }

    /**
     * What was thrown, in a line: an error number or a fault in its own words, anything else with
     * its type.
     *
     * @param thrown what a backend threw
     * @return one line
     */
    public static String words(Throwable thrown) {
        return firstLine(
                thrown instanceof ErrnoException || thrown instanceof CpuFaultException
                        ? String.valueOf(thrown.getMessage())
                        : thrown.toString());
    }

    private Evidence evidence(String expected, String seen) {
        List<String> done;
        synchronized (steps) {
            done = List.copyOf(steps);
        }
        return new Evidence(
                settings.test(), step, expected, seen, settings.seed(), done, trace(), timeline());
    }

    /** The trace that the test belongs to, if telemetry is on. */
    private static String trace() {
        SpanContext span = Span.current().getSpanContext();
        return span.isValid() ? span.getTraceId() : "";
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse(text);
    }

    /**
     * Checks a condition.
     *
     * @param holds true if all is well
     * @param expected what the rule demands
     * @param seen what is there instead
     */
    public void check(boolean holds, String expected, String seen) {
        if (!holds) {
            throw violation(expected, seen);
        }
    }

    /**
     * Checks a value.
     *
     * @param expected what must be there
     * @param seen what is there
     * @param what what the value is, for example {@code the child's page}
     */
    public void mustBe(long expected, long seen, String what) {
        if (expected != seen) {
            throw violation(
                    what + " to hold " + describe(expected), what + " holds " + describe(seen));
        }
    }

    /**
     * Checks that a call is refused.
     *
     * @param what the call in words
     * @param call the call
     * @param allowed the errors that the rule allows, at least one
     * @return the error
     */
    public Errno mustRefuse(String what, Runnable call, Errno... allowed) {
        String expected = what + " to be refused with " + names(allowed);
        try {
            call.run();
        } catch (ErrnoException refusal) {
            check(
                    Arrays.asList(allowed).contains(refusal.errno()),
                    expected,
                    String.valueOf(refusal.getMessage()));
            return refusal.errno();
        }
        throw violation(expected, "it was not refused");
    }

    private static String names(Errno... allowed) {
        return String.join(" or ", Arrays.stream(allowed).map(Errno::name).toList());
    }

    /**
     * Checks that a load or store of the process is refused by its page tables.
     *
     * @param what the access in words
     * @param access the access
     */
    public void mustFault(String what, Runnable access) {
        try {
            access.run();
        } catch (CpuFaultException fault) {
            return;
        }
        throw violation(what + " to be a memory fault of the process", "it was not");
    }

    /**
     * Runs something that the contract bounds in time.
     *
     * @param what the operation in words
     * @param action the operation
     */
    public void bounded(String what, Runnable action) {
        Concurrent<Boolean> running =
                Concurrent.start(() -> {
                    action.run();
                    return true;
                });
        await(what, running, limits().bounded());
    }

    /**
     * Starts something beside the test's own thread.
     *
     * @param action what to do
     * @param <T> what it yields
     * @return the running action; collect it with {@link #join}
     */
    public <T> Concurrent<T> beside(Callable<T> action) {
        return Concurrent.start(action);
    }

    /**
     * Waits for something that {@link #beside} started, at most as long as a bounded operation may
     * take.
     *
     * @param what the action in words
     * @param running the action
     * @param <T> what it yields
     * @return its value
     */
    public <T> T join(String what, Concurrent<T> running) {
        return await(what, running, limits().bounded());
    }

    private <T> T await(String what, Concurrent<T> running, Duration limit) {
        return running.await(limit)
                .orElseThrow(() ->
                        violation(
                                what + " to end within " + limit.toMillis() + " ms",
                                "it had not ended; it was at " + running.whereabouts()));
    }

    /**
     * Waits until something becomes true.
     *
     * @param what the state in words
     * @param limit how long to wait at most
     * @param condition the state; must be cheap
     */
    public void until(String what, Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw violation(what + " within " + limit.toMillis() + " ms", "it did not come");
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
