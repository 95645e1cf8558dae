package org.opensva.conformance.soak;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.conformance.suite.bench.Limits;

import java.util.List;

/**
 * The machine that threads of a soak share.
 *
 * @param backend the machine
 * @param devices its accelerators that can fill and copy, at least one
 * @param limits how long single operations may take
 */
record Machine(Backend backend, List<Accelerator> devices, Limits limits) {

    Machine {
        devices = List.copyOf(devices);
    }

    static Machine of(Backend backend, Limits limits) {
        List<Accelerator> able =
                backend.accelerators().stream()
                        .filter(device ->
                                device.info()
                                        .operations()
                                        .containsAll(List.of(Operation.FILL, Operation.COPY)))
                        .toList();
        if (able.isEmpty()) {
            throw new IllegalArgumentException(
                    "a soak needs an accelerator that can copy and fill");
        }
        return new Machine(backend, able, limits);
    }

    /** While devices run: no cache holds what a call that has returned has taken away. */
    void requireNothingStale() {
        List<String> stale =
                backend.introspection().flatMap(Introspection::staleTranslations).orElse(List.of());
        if (!stale.isEmpty()) {
            throw new Trouble(
                    "%d stale translations, as: %s".formatted(stale.size(), stale.getFirst()));
        }
    }

    boolean claims(Capability capability) {
        return backend.descriptor().claims(capability);
    }

    boolean refusesForeigners() {
        return backend.descriptor().foreignHandles() == ForeignHandlePolicy.REFUSE;
    }

    int pageBytes() {
        return backend.processes().pageSize();
    }
}
