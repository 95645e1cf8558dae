package org.opensva.conformance.suite;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.suite.bench.BackendThreads;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.SpanFeed;
import org.opensva.conformance.suite.claims.ClaimProbes;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Opens and closes the backend under test. Where opening costs little every test has a backend of
 * its own; otherwise tests share one until a test fails on it or leaves it in doubt.
 */
final class BackendLease implements ClaimProbes.Machines, AutoCloseable {

    /** Above this, opening a backend for every test would dominate the run. */
    private static final Duration CHEAP = Duration.ofMillis(20);

    /** What part of the limit is waited where nobody is accused. */
    private static final int IMPATIENCE = 5;

    private final RunSettings settings;
    private final SpanFeed feed;
    private final BackendDescriptor descriptor;
    private final boolean fresh;
    private final boolean leaky;
    private @Nullable Leased current;

    /** An open backend, and the threads that it began. */
    private record Leased(Backend backend, BackendThreads threads) {}

    /**
     * Opens the backend once to see who it is, and again to see what that costs when warm.
     *
     * @throws org.opensva.api.backend.BackendException if it cannot be opened, does not say who it
     *     is, or does not close
     */
    BackendLease(RunSettings settings) {
        this.settings = settings;
        this.feed = new SpanFeed(settings.telemetry());
        Leased first = open();
        this.descriptor = asked("be asked who it is", first.threads(), first.backend()::descriptor);
        // Nothing is proved by this limit; a first close may load half of the backend.
        closing(first, settings.limits().test())
                .ifPresent(trouble -> {
                    throw new BackendException(
                            "backend '%s' was opened and does not close: %s"
                                    .formatted(settings.selector(), trouble));
                });
        this.leaky =
                !first.threads().left(settings.limits().settle().dividedBy(IMPATIENCE)).isEmpty();
        long start = System.nanoTime();
        this.current = open();
        this.fresh = System.nanoTime() - start < CHEAP.toNanos();
    }

    BackendDescriptor descriptor() {
        return descriptor;
    }

    /** What backends are opened with. */
    SpanFeed feed() {
        return feed;
    }

    private Leased open() {
        BackendThreads threads = new BackendThreads();
        return new Leased(
                asked(
                        "be opened",
                        threads,
                        () ->
                                settings.catalog()
                                        .open(settings.selector(), settings.options(), feed)),
                threads);
    }

    /**
     * Code of others runs on a thread of its own, with a limit, and whatever it throws is a line.
     */
    private <T> T asked(String what, BackendThreads threads, Callable<@Nullable T> question) {
        Duration limit = settings.limits().test();
        Concurrent<Optional<T>> running =
                Concurrent.start(threads, () -> Optional.ofNullable(question.call()));
        Optional<Optional<T>> answer;
        try {
            answer = running.await(limit);
        } catch (BackendException known) {
            throw known;
        } catch (RuntimeException | Error e) {
            throw new BackendException(complaint(what, line(e)), e);
        }
        if (answer.isEmpty()) {
            String at = running.whereabouts();
            running.interrupt();
            throw new BackendException(
                    complaint(
                            what,
                            "no answer within %d ms; it was at %s"
                                    .formatted(limit.toMillis(), at)));
        }
        return answer.get()
                .orElseThrow(() -> new BackendException(complaint(what, "the answer is null")));
    }

    private String complaint(String what, String why) {
        return "backend '%s' cannot %s: %s".formatted(settings.selector(), what, why);
    }

    private static String line(Throwable thrown) {
        return thrown.toString().lines().findFirst().orElse("it failed");
    }

    /** A backend for one test. */
    @Override
    public synchronized Backend acquire() {
        Leased leased = current;
        if (leased == null) {
            leased = open();
            current = leased;
        }
        return leased.backend();
    }

    /** Whoever uses the backend that was acquired last does so in these. */
    synchronized BackendThreads threads() {
        return current == null ? new BackendThreads() : current.threads();
    }

    /**
     * Ends the use of a backend by a test.
     *
     * @param healthy true if the test ended well, so that another one may go on with it
     */
    @Override
    public synchronized void release(boolean healthy) {
        release(healthy, false);
    }

    /**
     * Ends the use of a backend by a test.
     *
     * @param healthy true if the test ended well, so that another one may go on with it
     * @param wholly true if threads of the backend that go on after its close are the test's
     *     finding: not where the backend had other tests before, nor where it leaves threads behind
     *     even unused, for which there is a rule
     */
    synchronized void release(boolean healthy, boolean wholly) {
        if (fresh || !healthy) {
            close(wholly && fresh && !leaky);
        }
    }

    /** Ends the use of a backend by a test that has closed it: nothing of it may run. */
    synchronized void ended() {
        close(true);
    }

    /** Closes what is open, and leaves a backend that hangs in closing behind. */
    @Override
    public synchronized void close() {
        close(false);
    }

    private void close(boolean wholly) {
        Leased leased = current;
        current = null;
        if (leased == null) {
            return;
        }
        Duration limit = settings.limits().settle();
        closing(leased, limit)
                .ifPresent(trouble -> {
                    throw new DoesNotClose(
                            "the backend to close within %d ms".formatted(limit.toMillis()),
                            trouble);
                });
        String left = wholly ? leased.threads().left(limit) : "";
        if (!left.isEmpty()) {
            throw new DoesNotClose(
                    "every thread of a backend to end within %d ms of its close"
                            .formatted(limit.toMillis()),
                    left);
        }
    }

    /** Forgets a machine that cannot even be asked; closing it is tried, and no more. */
    synchronized void abandon() {
        Leased leased = current;
        current = null;
        if (leased != null) {
            closing(leased, settings.limits().settle());
        }
    }

    /** Closes a backend; says what came of it, if it is not closed then. */
    private static Optional<String> closing(Leased leased, Duration limit) {
        Concurrent<Boolean> running =
                Concurrent.start(
                        leased.threads(),
                        () -> {
                            leased.backend().close();
                            return true;
                        });
        try {
            return running.await(limit).isPresent()
                    ? Optional.empty()
                    : Optional.of("it did not return; it was at " + running.whereabouts());
        } catch (RuntimeException | Error e) {
            return Optional.of(line(e));
        }
    }

    /** Closing the backend did not return, failed, or left something running. */
    static final class DoesNotClose extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String seen;

        DoesNotClose(String expected, String seen) {
            super(expected);
            this.seen = seen;
        }

        /** What came of it. */
        String seen() {
            return seen;
        }
    }
}
