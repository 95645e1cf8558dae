package com.acme.sva;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The running platform: processes, one pool of page frames, one pool of PASIDs for all devices, and
 * two accelerators.
 *
 * <p>The descriptor claims what is there and nothing else: a rule whose capability is not claimed
 * is reported as not applicable, a claim that does not hold is a failed rule.
 */
final class AcmeBackend implements Backend, ProcessHost {

    private static final Set<Capability> CLAIMS =
            Set.of(
                    Capability.FORK,
                    Capability.EXEC,
                    Capability.KILL,
                    Capability.SHARED_MEMORY,
                    Capability.FILE_TRUNCATE,
                    Capability.MREMAP,
                    Capability.MPROTECT,
                    Capability.DISCARD,
                    Capability.DEMAND_PAGING,
                    Capability.ATS,
                    Capability.TWO_DEVICES,
                    Capability.PASS_HANDLE,
                    Capability.PASID_VISIBLE,
                    Capability.DIRECT_SUBMIT,
                    Capability.QUEUE_STATES,
                    Capability.INSTANCES,
                    Capability.POLL);

    private final FramePool frames = new FramePool();
    private final PasidPool pasids = new PasidPool();
    private final AtomicLong nextPid = new AtomicLong(1);
    private final AtomicLong nextAddressSpace = new AtomicLong(1);
    private final Map<Long, AcmeProcess> processes = new ConcurrentHashMap<>();
    private final List<AcmeAccelerator> accelerators;
    private volatile boolean closed;

    AcmeBackend(int queues) {
        accelerators =
                List.of(
                        new AcmeAccelerator("acme-0", RequesterId.of(1, 0, 0), queues),
                        new AcmeAccelerator("acme-1", RequesterId.of(2, 0, 0), queues));
    }

    @Override
    public BackendDescriptor descriptor() {
        return new BackendDescriptor(
                "acme",
                "",
                "1.0",
                "Acme (worked example)",
                CLAIMS,
                ForeignHandlePolicy.REFUSE,
                PasidSupply.QUEUE,
                new TreeMap<>(
                        Map.of(
                                "page-size", Integer.toString(Frame.SIZE),
                                "pasid-bits", Integer.toString(Pasid.BITS))));
    }

    @Override
    public ProcessHost processes() {
        return this;
    }

    @Override
    public List<Accelerator> accelerators() {
        return List.copyOf(accelerators);
    }

    @Override
    public Optional<Introspection> introspection() {
        return Optional.empty();
    }

    @Override
    public SvaProcess spawn(String name) {
        return admit(name, newAddressSpace(), new AcmeFileTable());
    }

    @Override
    public int pageSize() {
        return Frame.SIZE;
    }

    AcmeAddressSpace newAddressSpace() {
        return new AcmeAddressSpace(nextAddressSpace.getAndIncrement(), frames, pasids);
    }

    AcmeProcess admit(String name, AcmeAddressSpace space, AcmeFileTable files) {
        AcmeProcess process = new AcmeProcess(this, nextPid.getAndIncrement(), name, space, files);
        processes.put(process.pid(), process);
        if (closed) {
            process.close();
            throw new IllegalStateException("the backend is closed");
        }
        return process;
    }

    void forget(AcmeProcess process) {
        processes.remove(process.pid());
    }

    /** How many page frames are in use, for tests that look for leaks. */
    int framesInUse() {
        return frames.inUse();
    }

    /** How many PASIDs are in use, for tests that look for leaks. */
    int pasidsInUse() {
        return pasids.inUse();
    }

    /** Processes first: their files and memory go, so that the workers have nothing left to do. */
    @Override
    public void close() {
        closed = true;
        processes.values().forEach(AcmeProcess::close);
        accelerators.forEach(AcmeAccelerator::shutDown);
    }
}
