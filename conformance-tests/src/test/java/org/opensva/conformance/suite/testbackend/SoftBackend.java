package org.opensva.conformance.suite.testbackend;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEvent;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The test backend as the suite opens it. */
public final class SoftBackend implements Backend {

    /** Everything that the backend can do. */
    public static final Set<Capability> ALL =
            Set.copyOf(
                    EnumSet.of(
                            Capability.FORK,
                            Capability.EXEC,
                            Capability.KILL,
                            Capability.SHARED_MEMORY,
                            Capability.FILE_TRUNCATE,
                            Capability.MREMAP,
                            Capability.MPROTECT,
                            Capability.DISCARD,
                            Capability.PAGEOUT,
                            Capability.DEMAND_PAGING,
                            Capability.PRI,
                            Capability.ATS,
                            Capability.TWO_DEVICES,
                            Capability.PASS_HANDLE,
                            Capability.PASID_VISIBLE,
                            Capability.INTROSPECTION,
                            Capability.REMOVAL,
                            Capability.QUEUE_STATES,
                            Capability.REGIONS,
                            Capability.INSTANCES,
                            Capability.POLL));

    private final SoftMachine machine;
    private final BackendDescriptor descriptor;
    private final Runnable closed;

    SoftBackend(
            Set<Fault> faults,
            Set<Capability> capabilities,
            ForeignHandlePolicy policy,
            Runnable closed) {
        this.closed = closed;
        machine = new SoftMachine(faults, !capabilities.contains(Capability.QUEUE_STATES));
        machine.devices.add(new SoftDevice(machine, 0, policy));
        machine.devices.add(new SoftDevice(machine, 1, policy));
        descriptor =
                new BackendDescriptor(
                        "soft",
                        "",
                        "1",
                        "OpenSVA",
                        capabilities,
                        policy,
                        PasidSupply.QUEUE,
                        new TreeMap<>());
    }

    /**
     * A catalog that holds this backend alone, under the name {@code soft}.
     *
     * @param capabilities what it claims
     * @param policy what a foreign handle may do
     * @param faults how it is broken
     * @return the catalog
     */
    public static BackendCatalog catalog(
            Set<Capability> capabilities, ForeignHandlePolicy policy, Fault... faults) {
        return catalog(capabilities, policy, new AtomicInteger(), faults);
    }

    /**
     * As {@link #catalog(Set, ForeignHandlePolicy, Fault...)}, counting open backends.
     *
     * @param capabilities what it claims
     * @param policy what a foreign handle may do
     * @param open how many backends are open
     * @param faults how it is broken
     * @return the catalog
     */
    public static BackendCatalog catalog(
            Set<Capability> capabilities,
            ForeignHandlePolicy policy,
            AtomicInteger open,
            Fault... faults) {
        return BackendCatalog.of(
                List.of(new SoftProvider(capabilities, policy, open, Set.of(faults))));
    }

    @Override
    public BackendDescriptor descriptor() {
        return descriptor;
    }

    @Override
    public ProcessHost processes() {
        return new ProcessHost() {
            @Override
            public SvaProcess spawn(String name) {
                return new SoftProcess(machine);
            }

            @Override
            public int pageSize() {
                return SoftMachine.PAGE;
            }
        };
    }

    @Override
    public List<Accelerator> accelerators() {
        return List.copyOf(machine.devices);
    }

    @Override
    public Optional<Introspection> introspection() {
        return descriptor.claims(Capability.INTROSPECTION)
                ? Optional.of(new Look())
                : Optional.empty();
    }

    @Override
    public void close() {
        List.copyOf(machine.processes).forEach(SvaProcess::close);
        closed.run();
    }

    private final class Look implements Introspection {
        @Override
        public void recordEvents(boolean on) {
            machine.recording(on);
        }

        @Override
        public List<HardwareEvent> events() {
            return machine.events();
        }

        @Override
        public List<FaultRecord> faultRecords() {
            return List.of();
        }

        @Override
        public SortedMap<String, Long> resources() {
            return machine.resources();
        }

        @Override
        public long count(HardwareCounter counter) {
            return 0;
        }
    }
}
