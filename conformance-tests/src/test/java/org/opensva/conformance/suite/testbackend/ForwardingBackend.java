package org.opensva.conformance.suite.testbackend;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MachineParts;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.backend.Schedule;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Optional;

/** A backend that leaves everything to another one. */
public abstract class ForwardingBackend implements Backend {

    private final Backend to;

    protected ForwardingBackend(Backend to) {
        this.to = to;
    }

    @Override
    public BackendDescriptor descriptor() {
        return to.descriptor();
    }

    @Override
    public ProcessHost processes() {
        return to.processes();
    }

    @Override
    public List<Accelerator> accelerators() {
        return to.accelerators();
    }

    @Override
    public Optional<Introspection> introspection() {
        return to.introspection();
    }

    @Override
    public Optional<MachineParts> parts() {
        return to.parts();
    }

    @Override
    public Optional<Schedule> schedule() {
        return to.schedule();
    }

    @Override
    public Optional<MemoryPressure> memoryPressure() {
        return to.memoryPressure();
    }

    @Override
    public void close() {
        to.close();
    }
}
