package org.opensva.conformance.suite.claims;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A machine that says something else about itself than what is true. */
record Claiming(Backend machine, Set<Capability> claims) implements Backend {
    @Override
    public BackendDescriptor descriptor() {
        BackendDescriptor own = machine.descriptor();
        return new BackendDescriptor(
                own.name(),
                own.variant(),
                own.version(),
                own.vendor(),
                claims,
                own.foreignHandles(),
                own.pasidSupply(),
                own.properties());
    }

    @Override
    public ProcessHost processes() {
        return machine.processes();
    }

    @Override
    public List<Accelerator> accelerators() {
        return machine.accelerators();
    }

    @Override
    public Optional<Introspection> introspection() {
        return machine.introspection();
    }

    @Override
    public Optional<MemoryPressure> memoryPressure() {
        return machine.memoryPressure();
    }

    @Override
    public void close() {
        machine.close();
    }
}
