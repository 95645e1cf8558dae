package org.opensva.emulated;

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

/**
 * A running emulated machine.
 *
 * @param descriptor who it is
 * @param processes where processes come from
 * @param accelerators its devices
 * @param inside a look inside
 * @param machineParts what it is made of
 * @param pressure memory pressure, where devices bear it
 * @param schedule who decides whose turn it is, where threads take turns
 * @param lifecycle takes it down
 */
record EmulatedBackend(
        BackendDescriptor descriptor,
        ProcessHost processes,
        List<Accelerator> accelerators,
        Introspection inside,
        MachineParts machineParts,
        Optional<MemoryPressure> pressure,
        Optional<Schedule> schedule,
        Lifecycle lifecycle)
        implements Backend {

    EmulatedBackend {
        accelerators = List.copyOf(accelerators);
    }

    @Override
    public Optional<Introspection> introspection() {
        return Optional.of(inside);
    }

    @Override
    public Optional<MachineParts> parts() {
        return Optional.of(machineParts);
    }

    @Override
    public Optional<MemoryPressure> memoryPressure() {
        return pressure;
    }

    @Override
    public void close() {
        lifecycle.close();
    }
}
