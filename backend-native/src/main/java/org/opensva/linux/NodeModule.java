package org.opensva.linux;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.linux.abi.DeviceBarrier;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.agent.Keeper;
import org.opensva.linux.doctor.HostFacts;
import org.opensva.linux.idxd.WorkQueueAccelerator;
import org.opensva.linux.idxd.WorkQueueNode;
import org.opensva.linux.mm.EventDiscipline;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.mm.Transfers;
import org.opensva.linux.process.EventDescriptors;
import org.opensva.linux.process.HostProcesses;
import org.opensva.linux.uacce.UacceAccelerator;
import org.opensva.linux.uacce.UacceNode;

import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts a backend together that drives one real device: real processes, and the kernel's own binding
 * of their memory. Nothing here translates, caches or listens: that is what the kernel and the
 * hardware do.
 */
final class NodeModule extends AbstractModule {

    private final String variant;
    private final NodeDevice device;
    private final HostFacts facts;
    private final HostOptions.Transfer transfers;

    /** The device that a backend drives. */
    sealed interface NodeDevice {

        /** Makes it ready. */
        Accelerator create(SystemCalls kernel, int pageSize);

        /** What a handle may do in another process. */
        ForeignHandlePolicy policy();

        /** What only this kind of device promises. */
        Set<Capability> capabilities();

        /** Who names the PASID of a job. */
        PasidSupply pasidSupply();
    }

    /**
     * A uacce device.
     *
     * @param node what sysfs says about it
     */
    record Uacce(UacceNode node) implements NodeDevice {

        @Override
        public Accelerator create(SystemCalls kernel, int pageSize) {
            return new UacceAccelerator(kernel, new DeviceBarrier(kernel), node, pageSize);
        }

        /** Since the first version uacce does not look at who uses a descriptor. */
        @Override
        public ForeignHandlePolicy policy() {
            return ForeignHandlePolicy.OPENER;
        }

        @Override
        public Set<Capability> capabilities() {
            Set<Capability> claims = EnumSet.of(Capability.QUEUE_STATES, Capability.INSTANCES);
            if (node.flagsTellTheTruth()) {
                claims.add(Capability.SYSFS);
            }
            return claims;
        }

        @Override
        public PasidSupply pasidSupply() {
            return PasidSupply.QUEUE;
        }
    }

    /**
     * A work queue.
     *
     * @param node what sysfs says about it
     */
    record Idxd(WorkQueueNode node) implements NodeDevice {

        @Override
        public Accelerator create(SystemCalls kernel, int pageSize) {
            return new WorkQueueAccelerator(node);
        }

        /** {@code idxd_cdev_write} answers {@code EPERM} to other memory than the opener's. */
        @Override
        public ForeignHandlePolicy policy() {
            return ForeignHandlePolicy.REFUSE;
        }

        @Override
        public Set<Capability> capabilities() {
            return EnumSet.of(Capability.DIRECT_SUBMIT);
        }

        @Override
        public PasidSupply pasidSupply() {
            return node.dedicated() ? PasidSupply.QUEUE : PasidSupply.SUBMISSION;
        }
    }

    /**
     * Prepares.
     *
     * @param variant its name
     * @param device what is driven
     * @param facts about this host
     * @param transfers how bytes travel
     */
    NodeModule(String variant, NodeDevice device, HostFacts facts, HostOptions.Transfer transfers) {
        this.variant = variant;
        this.device = device;
        this.facts = facts;
        this.transfers = transfers;
    }

    @Override
    protected void configure() {
        install(new ProcessesModule(facts, transfers, EventDescriptors.NONE));
    }

    @Provides
    @HostScoped
    HostMemory memory(
            SystemCalls kernel, Transfers transfers, EventPump pump, KernelTracer tracer) {
        return new HostMemory(
                kernel,
                transfers,
                pump,
                facts.query(),
                false,
                0,
                EventDiscipline.INVALIDATE_FIRST,
                HardwareEventSink.NONE,
                tracer,
                ended -> {});
    }

    @Provides
    @HostScoped
    Accelerator accelerator(SystemCalls kernel) {
        return device.create(kernel, facts.pageSize());
    }

    private BackendDescriptor descriptor(Accelerator accelerator) {
        SortedMap<String, String> properties = new TreeMap<>();
        properties.put("api", accelerator.info().api());
        properties.put("device", accelerator.name());
        properties.put("page-size", Integer.toString(facts.pageSize()));
        properties.put("requester", accelerator.requester().toString());
        properties.put("sva", Boolean.toString(accelerator.info().sva()));
        return new BackendDescriptor(
                NativeBackendProvider.NAME,
                variant,
                Objects.requireNonNullElse(
                        NodeModule.class.getPackage().getImplementationVersion(), "development"),
                "OpenSVA",
                capabilities(),
                device.policy(),
                device.pasidSupply(),
                properties);
    }

    private Set<Capability> capabilities() {
        Set<Capability> claims = ProcessesModule.claims(facts);
        // The kernel that binds also serves what the device does not find.
        claims.add(Capability.DEMAND_PAGING);
        claims.add(Capability.POLL);
        claims.addAll(device.capabilities());
        return claims;
    }

    /** What others need is asked for first, so that it is taken down last. */
    @Provides
    @HostScoped
    Backend backend(
            Shutdown shutdown,
            Provider<EventPump> pump,
            Provider<Keeper> keeper,
            Provider<Accelerator> accelerator,
            Provider<HostProcesses> processes) {
        boolean running = false;
        try {
            Objects.requireNonNull(pump.get());
            Objects.requireNonNull(keeper.get());
            Accelerator driven = accelerator.get();
            HostBackend backend =
                    new HostBackend(
                            descriptor(driven),
                            processes.get(),
                            List.of(driven),
                            Optional.empty(),
                            shutdown);
            running = true;
            return backend;
        } finally {
            if (!running) {
                shutdown.close();
            }
        }
    }
}
