package org.opensva.emulated;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.MachineParts;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.emulated.machine.WatchedMemory;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The parts of an emulated machine, whoever provided them.
 *
 * @param agent where devices are plugged in
 * @param driver the driver of the IOMMU
 * @param core what binds
 * @param factory what makes endpoints
 * @param allocator where memory comes from
 * @param driverMemory memory as the driver sees it
 * @param freeRequesters places where nothing is plugged in
 */
record EmulatedParts(
        TranslationAgent agent,
        IommuDriver driver,
        SvaBinder core,
        EndpointFactory factory,
        FrameAllocator allocator,
        WatchedMemory driverMemory,
        List<RequesterId> freeRequesters)
        implements MachineParts {

    private static final int PLACES = 8;

    /** The last places of the bus that the first device is on: every IOMMU has those. */
    static List<RequesterId> freePlaces(List<EndpointConfig> devices) {
        Set<RequesterId> taken =
                devices.stream().map(EndpointConfig::requester).collect(Collectors.toSet());
        int bus = devices.isEmpty() ? 0 : devices.getFirst().requester().value() >>> 8;
        return IntStream.rangeClosed(0, 31)
                .mapToObj(number -> RequesterId.of(bus, 31 - number, 0))
                .filter(place -> !taken.contains(place))
                .limit(PLACES)
                .toList();
    }

    @Override
    public Optional<TranslationAgent> translationAgent() {
        return Optional.of(agent);
    }

    @Override
    public Optional<IommuDriver> iommuDriver() {
        return Optional.of(driver);
    }

    @Override
    public Optional<SvaBinder> binder() {
        return Optional.of(core);
    }

    @Override
    public Optional<EndpointFactory> endpoints() {
        return Optional.of(factory);
    }

    @Override
    public Optional<FrameAllocator> frames() {
        return Optional.of(allocator);
    }

    @Override
    public Optional<Observation> afterEveryDriverStore(Runnable action) {
        return Optional.of(driverMemory.watch(action)::close);
    }
}
