package org.opensva.conformance.zoo;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MachineParts;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.backend.Schedule;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A backend that hands out other processes, accelerators or pressure than its machine does.
 *
 * @param machine the machine
 * @param processes where processes come from
 * @param accelerators its devices
 * @param memoryPressure its pressure, where it has one
 */
record WrappedBackend(
        Backend machine,
        ProcessHost processes,
        List<Accelerator> accelerators,
        Optional<MemoryPressure> memoryPressure)
        implements Backend {

    WrappedBackend {
        accelerators = List.copyOf(accelerators);
    }

    static Backend withProcesses(Backend machine, UnaryOperator<SvaProcess> around) {
        ProcessHost host = machine.processes();
        ProcessHost wrapped =
                new ProcessHost() {
                    @Override
                    public SvaProcess spawn(String name) {
                        return around.apply(host.spawn(name));
                    }

                    @Override
                    public int pageSize() {
                        return host.pageSize();
                    }
                };
        return new WrappedBackend(
                machine, wrapped, machine.accelerators(), machine.memoryPressure());
    }

    static Backend withAccelerators(Backend machine, UnaryOperator<Accelerator> around) {
        return new WrappedBackend(
                machine,
                machine.processes(),
                machine.accelerators().stream().map(around).toList(),
                machine.memoryPressure());
    }

    static Backend withPressure(Backend machine, UnaryOperator<MemoryPressure> around) {
        return new WrappedBackend(
                machine,
                machine.processes(),
                machine.accelerators(),
                machine.memoryPressure().map(around));
    }

    @Override
    public BackendDescriptor descriptor() {
        return machine.descriptor();
    }

    @Override
    public Optional<Introspection> introspection() {
        return machine.introspection();
    }

    @Override
    public Optional<MachineParts> parts() {
        return machine.parts();
    }

    @Override
    public Optional<Schedule> schedule() {
        return machine.schedule();
    }

    @Override
    public void close() {
        machine.close();
    }
}
