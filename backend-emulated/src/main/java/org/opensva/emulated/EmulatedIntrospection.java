package org.opensva.emulated;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.Introspection;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.process.EmulatedKernel;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.emulated.machine.EventLog;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A look inside an emulated machine. */
final class EmulatedIntrospection implements Introspection {

    private final EventLog events;
    private final FaultLog faults;
    private final Iommus iommus;
    private final Accelerators accelerators;
    private final AddressSpaces addressSpaces;
    private final EmulatedKernel kernel;
    private final SvaCore sva;
    private final StaleTranslations stale;

    EmulatedIntrospection(
            EventLog events,
            FaultLog faults,
            Iommus iommus,
            Accelerators accelerators,
            AddressSpaces addressSpaces,
            EmulatedKernel kernel,
            SvaCore sva,
            StaleTranslations stale) {
        this.events = events;
        this.faults = faults;
        this.iommus = iommus;
        this.accelerators = accelerators;
        this.addressSpaces = addressSpaces;
        this.kernel = kernel;
        this.sva = sva;
        this.stale = stale;
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

    @Override
    public List<FaultRecord> faultRecords() {
        return faults.records();
    }

    /** Each counter is read at one end of the link only: both ends see the same messages. */
    @Override
    public long count(HardwareCounter counter) {
        return switch (counter) {
            case ATC_HITS, ATC_MISSES, ATC_EVICTIONS, DMA_BYTES_READ, DMA_BYTES_WRITTEN -> {
                long sum = 0;
                for (Endpoint endpoint : accelerators.endpoints()) {
                    sum += endpoint.count(counter);
                }
                yield sum;
            }
            default -> {
                long sum = 0;
                for (Iommus.Instance iommu : iommus.instances()) {
                    sum +=
                            iommu.agent() instanceof CounterSource source
                                    ? source.count(counter)
                                    : 0;
                }
                yield sum;
            }
        };
    }

    @Override
    public long count(HardwareCounter counter, int requester) {
        return switch (counter) {
            case ATC_HITS, ATC_MISSES, ATC_EVICTIONS, DMA_BYTES_READ, DMA_BYTES_WRITTEN -> {
                long sum = 0;
                for (Endpoint endpoint : accelerators.endpoints()) {
                    if (endpoint.requester().value() == requester) {
                        sum += endpoint.count(counter);
                    }
                }
                yield sum;
            }
            default -> {
                long sum = 0;
                for (Iommus.Instance iommu : iommus.instances()) {
                    sum +=
                            iommu.agent() instanceof CounterSource source
                                    ? source.count(counter, requester)
                                    : 0;
                }
                yield sum;
            }
        };
    }

    @Override
    public Optional<List<String>> staleTranslations() {
        return Optional.of(stale.find());
    }

    @Override
    public SortedMap<String, Long> resources() {
        SortedMap<String, Long> use = new TreeMap<>();
        use.put("address-spaces", (long) addressSpaces.identityCount());
        use.put("asids", (long) addressSpaces.sharedAsidCount());
        use.put("atc-entries", accelerators.cachedTranslations());
        use.put("bonds", sva.bondCount());
        use.put("driver-failures", kernel.failures() + sva.failures());
        use.put("open-files", kernel.openFileCount());
        use.put("open-queues", accelerators.openQueues());
        use.put("page-tables", addressSpaces.tableCount());
        use.put("pages", addressSpaces.pageCount());
        use.put("pasids", (long) sva.pasidCount());
        use.put("pending-page-faults", sva.pendingFaults());
        use.put("processes", (long) kernel.processCount());
        use.put("swapped-pages", (long) addressSpaces.swappedPages());
        return use;
    }
}
