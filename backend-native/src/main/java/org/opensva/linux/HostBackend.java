package org.opensva.linux;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Introspection;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Optional;

/**
 * A running backend.
 *
 * @param descriptor who it is
 * @param processes where processes come from
 * @param accelerators its devices
 * @param inside a look inside
 * @param shutdown takes it down
 */
record HostBackend(
        BackendDescriptor descriptor,
        ProcessHost processes,
        List<Accelerator> accelerators,
        Optional<Introspection> inside,
        Shutdown shutdown)
        implements Backend {

    HostBackend {
        accelerators = List.copyOf(accelerators);
    }

    @Override
    public Optional<Introspection> introspection() {
        return inside;
    }

    @Override
    public void close() {
        shutdown.close();
    }
}
