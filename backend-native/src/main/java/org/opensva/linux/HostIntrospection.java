package org.opensva.linux;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.Introspection;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.linux.iommu.HostBinder;
import org.opensva.linux.iommu.HostIommu;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.process.HostProcesses;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A look inside a running backend. */
final class HostIntrospection implements Introspection {

    private final EventLog events;
    private final HostIommu iommu;
    private final HostDevices devices;
    private final HostMemory memory;
    private final HostProcesses processes;
    private final HostBinder binder;

    HostIntrospection(
            EventLog events,
            HostIommu iommu,
            HostDevices devices,
            HostMemory memory,
            HostProcesses processes,
            HostBinder binder) {
        this.events = events;
        this.iommu = iommu;
        this.devices = devices;
        this.memory = memory;
        this.processes = processes;
        this.binder = binder;
    }

    @Override
    public void recordEvents(boolean on) {
        events.recordEvents(on);
    }

    @Override
    public long recordedEvents() {
        return events.recorded();
    }

    @Override
    public List<HardwareEvent> events() {
        return events.events();
    }

    /** The kernel keeps no record of the accesses that it refuses a device in software. */
    @Override
    public List<FaultRecord> faultRecords() {
        return List.of();
    }

    @Override
    public long count(HardwareCounter counter) {
        return switch (counter) {
            case ATC_HITS, ATC_MISSES, ATC_EVICTIONS, DMA_BYTES_READ, DMA_BYTES_WRITTEN -> {
                long sum = 0;
                for (Endpoint endpoint : devices.endpoints()) {
                    sum += endpoint.count(counter);
                }
                yield sum;
            }
            default -> iommu.count(counter);
        };
    }

    @Override
    public long count(HardwareCounter counter, int requester) {
        return switch (counter) {
            case ATC_HITS, ATC_MISSES, ATC_EVICTIONS, DMA_BYTES_READ, DMA_BYTES_WRITTEN -> {
                long sum = 0;
                for (Endpoint endpoint : devices.endpoints()) {
                    if (endpoint.requester().value() == requester) {
                        sum += endpoint.count(counter);
                    }
                }
                yield sum;
            }
            default -> iommu.count(counter, requester);
        };
    }

    @Override
    public SortedMap<String, Long> resources() {
        SortedMap<String, Long> use = new TreeMap<>();
        use.put("address-spaces", memory.identities());
        use.put("bonds", binder.bondCount());
        use.put("driver-failures", processes.failures());
        use.put("memory-windows", memory.sharedObjects());
        use.put("open-files", processes.openFileCount());
        use.put("open-queues", devices.openQueues());
        use.put("pasids", binder.pasidCount());
        use.put("processes", processes.processCount());
        use.put("translation-targets", binder.targetCount());
        return use;
    }
}
