package org.opensva.conformance.suite;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.SpanFeed;
import org.opensva.conformance.suite.claims.ClaimProbes;

import java.time.Duration;

/**
 * Opens and closes the backend under test. Where opening costs little every test has a backend of
 * its own; otherwise tests share one until a test fails on it or leaves it in doubt.
 */
final class BackendLease implements ClaimProbes.Machines, AutoCloseable {

    /** Above this, opening a backend for every test would dominate the run. */
    private static final Duration CHEAP = Duration.ofMillis(20);

    private final RunSettings settings;
    private final SpanFeed feed;
    private final BackendDescriptor descriptor;
    private final boolean fresh;
    private @Nullable Backend current;

    /**
     * Opens the backend once to see who it is, and again to see what that costs when warm.
     *
     * @throws org.opensva.api.backend.BackendException if it cannot be opened
     */
    BackendLease(RunSettings settings) {
        this.settings = settings;
        this.feed = new SpanFeed(settings.telemetry());
        Backend first = open();
        this.descriptor = first.descriptor();
        // Nothing is proved by this limit; a first close may load half of the backend.
        if (!closes(first, settings.limits().test())) {
            throw new BackendException(
                    "backend '" + settings.selector() + "' was opened and does not close");
        }
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

    private Backend open() {
        return settings.catalog().open(settings.selector(), settings.options(), feed);
    }

    /** A backend for one test. */
    @Override
    public synchronized Backend acquire() {
        Backend backend = current;
        if (backend == null) {
            backend = open();
            current = backend;
        }
        return backend;
    }

    /**
     * Ends the use of a backend by a test.
     *
     * @param healthy true if the test ended well, so that another one may go on with it
     */
    @Override
    public synchronized void release(boolean healthy) {
        if (fresh || !healthy) {
            close();
        }
    }

    /** Closes what is open, and leaves a backend that hangs in closing behind. */
    @Override
    public synchronized void close() {
        Backend backend = current;
        current = null;
        if (backend != null && !closes(backend, settings.limits().settle())) {
            throw new BackendHangs(
                    "the backend to close within " + settings.limits().settle().toMillis() + " ms");
        }
    }

    private static boolean closes(Backend backend, Duration limit) {
        return Concurrent.start(
                        () -> {
                            backend.close();
                            return true;
                        })
                .await(limit)
                .isPresent();
    }

    /** Closing the backend did not return. */
    static final class BackendHangs extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BackendHangs(String expected) {
            super(expected);
        }
    }
}
