package org.opensva.api.backend;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A backend under the name that it was opened by.
 *
 * <p>A provider that replaces one layer of another backend gets that backend's descriptor with it.
 * A certificate in that name would be one for something that was not tested; so the name is that of
 * the provider, and what it is made of is said as a property.
 */
final class IdentifiedBackend implements Backend {

    /** The property that names what a backend is made of. */
    static final String BASED_ON = "based-on";

    private final Backend backend;
    private final BackendDescriptor descriptor;

    private IdentifiedBackend(Backend backend, BackendDescriptor descriptor) {
        this.backend = backend;
        this.descriptor = descriptor;
    }

    /** Gives a backend its name; one that has it already is returned as it is. */
    static Backend of(Backend backend, String name, String variant) {
        BackendDescriptor own = backend.descriptor();
        if (own.name().equals(name) && own.variant().equals(variant)) {
            return backend;
        }
        SortedMap<String, String> properties = new TreeMap<>(own.properties());
        properties.put(BASED_ON, own.qualifiedName());
        return new IdentifiedBackend(
                backend,
                new BackendDescriptor(
                        name,
                        variant,
                        own.version(),
                        own.vendor(),
                        own.capabilities(),
                        own.foreignHandles(),
                        own.pasidSupply(),
                        properties));
    }

    @Override
    public BackendDescriptor descriptor() {
        return descriptor;
    }

    @Override
    public ProcessHost processes() {
        return backend.processes();
    }

    @Override
    public List<Accelerator> accelerators() {
        return backend.accelerators();
    }

    @Override
    public Optional<Introspection> introspection() {
        return backend.introspection();
    }

    @Override
    public Optional<MachineParts> parts() {
        return backend.parts();
    }

    @Override
    public Optional<MemoryPressure> memoryPressure() {
        return backend.memoryPressure();
    }

    @Override
    public Optional<Schedule> schedule() {
        return backend.schedule();
    }

    @Override
    public void close() {
        backend.close();
    }
}
