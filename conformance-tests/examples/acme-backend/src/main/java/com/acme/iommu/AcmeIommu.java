package com.acme.iommu;

import jakarta.inject.Inject;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.IommuCapabilities;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.PageSize;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The IOMMU: where devices are plugged in, and what the kernel controls it by. */
final class AcmeIommu implements TranslationAgent, IommuDriver {

    private final PhysicalMemory memory;
    private final HardwareEventSink events;
    private final Map<RequesterId, Link> links = new ConcurrentHashMap<>();
    private final Map<RequesterId, AcmeDevice> attached = new ConcurrentHashMap<>();
    private final List<Consumer<FaultRecord>> listeners = new CopyOnWriteArrayList<>();

    @Inject
    AcmeIommu(PhysicalMemory memory, HardwareEventSink events) {
        this.memory = memory;
        this.events = events;
    }

    PhysicalMemory memory() {
        return memory;
    }

    void record(Kind kind, int requester, int pasid, long address, long length) {
        events.record(kind, requester, pasid, address, length);
    }

    void fault(FaultRecord record) {
        listeners.forEach(listener -> listener.accept(record));
    }

    void forget(AcmeDevice device) {
        attached.remove(device.function().requester(), device);
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        Link link = new Link(this, requester, device);
        if (links.putIfAbsent(requester, link) != null) {
            throw new IllegalStateException("requester id " + requester + " is taken");
        }
        return link;
    }

    @Override
    public void disconnect(RequesterId requester) {
        Link link = links.remove(requester);
        if (link != null) {
            link.block();
        }
    }

    @Override
    public IommuCapabilities capabilities() {
        return new IommuCapabilities(
                "acme", Pasid.BITS, Set.of(PageTableFormat.X86_64_4LEVEL), true, false, false);
    }

    @Override
    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
        Link link = links.get(function.requester());
        if (link == null) {
            throw new ErrnoException(Errno.ENODEV, "attach", function.name() + " is not there");
        }
        AcmeDevice device = new AcmeDevice(this, link, function);
        if (attached.putIfAbsent(function.requester(), device) != null) {
            throw new ErrnoException(Errno.EBUSY, "attach", function.name() + " is attached");
        }
        try {
            device.begin();
        } catch (RuntimeException e) {
            forget(device);
            throw e;
        }
        return device;
    }

    /** Refuses what a walk could not follow to the end. */
    @Override
    public SvaDomain createDomain(AddressSpace space) {
        PageTable tables =
                space.pageTable()
                        .filter(table -> table.format() == PageTableFormat.X86_64_4LEVEL)
                        .filter(table -> table.granule() == PageSize.SIZE_4K)
                        .filter(table -> table.virtualAddressBits() <= Walk.ADDRESS_BITS)
                        .filter(table -> table.physicalAddressBits() <= Walk.PHYSICAL_BITS)
                        .orElseThrow(() ->
                                new ErrnoException(
                                        Errno.EOPNOTSUPP,
                                        "createDomain",
                                        "Acme's IOMMU walks x86-64 tables of four levels"));
        return new AcmeDomain(this, space, tables.root());
    }

    @Override
    public void onFault(Consumer<FaultRecord> listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        links.values().forEach(Link::block);
    }
}
