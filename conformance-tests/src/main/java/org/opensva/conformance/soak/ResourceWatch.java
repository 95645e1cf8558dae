package org.opensva.conformance.soak;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Introspection;

import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;

/** Knows what a backend had in use when it was fresh. */
final class ResourceWatch {

    private final Optional<Introspection> introspection;
    private final SortedMap<String, Long> before;

    ResourceWatch(Backend backend) {
        this.introspection = backend.introspection();
        this.before = introspection.map(Introspection::resources).orElseGet(TreeMap::new);
    }

    boolean seesNothing() {
        return introspection.isEmpty();
    }

    /**
     * What is still in use once everything was closed.
     *
     * @param settle how long freeing in the background may take
     * @return one line, empty if nothing is
     */
    String leaks(Duration settle) {
        if (introspection.isEmpty()) {
            return "";
        }
        long deadline = System.nanoTime() + settle.toNanos();
        String leaks = now(introspection.get());
        while (!leaks.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.yield();
            leaks = now(introspection.get());
        }
        return leaks;
    }

    private String now(Introspection view) {
        StringJoiner text = new StringJoiner(", ");
        view.resources()
                .forEach((name, value) -> {
                    long more = value - before.getOrDefault(name, 0L);
                    if (more > 0) {
                        text.add(more + " more " + name);
                    }
                });
        return text.toString();
    }
}
