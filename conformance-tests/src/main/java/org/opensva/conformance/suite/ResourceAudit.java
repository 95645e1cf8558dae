package org.opensva.conformance.suite;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Introspection;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Checks that a test, once everything it opened is closed, leaves nothing behind in the backend:
 * every resource that introspection names is back at what it was.
 */
final class ResourceAudit {

    private final Optional<Introspection> introspection;
    private final SortedMap<String, Long> before;

    ResourceAudit(Backend backend) {
        this.introspection = backend.introspection();
        this.before = introspection.map(Introspection::resources).orElseGet(TreeMap::new);
    }

    /** Fails if anything is still in use that was not before, and notes that it was so. */
    void check(TestBench bench, AtomicBoolean leakSeen) {
        introspection.ifPresent(view -> {
            Duration limit = bench.limits().settle();
            long deadline =
                    System.nanoTime() + (leakSeen.get() ? limit.dividedBy(20) : limit).toNanos();
            String leaks = leaks(view);
            // Freeing in the background is allowed, as the kernel's deferred work is.
            while (!leaks.isEmpty() && System.nanoTime() - deadline < 0) {
                Thread.yield();
                leaks = leaks(view);
            }
            if (!leaks.isEmpty()) {
                leakSeen.set(true);
            }
            bench.step("everything that the test had opened is closed");
            bench.check(
                    leaks.isEmpty(),
                    "every resource to be back at what it was before the test",
                    "still in use: " + leaks);
        });
    }

    private String leaks(Introspection view) {
        StringBuilder text = new StringBuilder();
        view.resources()
                .forEach((name, value) -> {
                    long more = value - before.getOrDefault(name, 0L);
                    if (more > 0) {
                        text.append(text.isEmpty() ? "" : ", ")
                                .append(more)
                                .append(" more ")
                                .append(name);
                    }
                });
        return text.toString();
    }
}
