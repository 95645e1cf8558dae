package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.TranslationCacheView;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.smmuv3.layout.Register;

import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * An SMMUv3: register pages 0 and 1 for software, a port for each device, memory for its tables and
 * queues (Arm IHI 0070 G.b).
 *
 * <p>The requester id of a device is its StreamID, and its PASID the SubstreamID. A register write
 * takes effect before it returns, commands included, except that a CMD_SYNC behind ATC
 * invalidations completes when the devices have answered.
 *
 * <p><b>Threading.</b> Everything may be called from any thread. A call on a device's port may wait
 * for the decision about a stalled transaction; nothing else waits for software.
 */
public final class SmmuV3
        implements MmioRegion,
                TranslationAgent,
                TranslationCacheView,
                CounterSource,
                AutoCloseable {

    private final PhysicalMemory memory;
    private final RegisterInterface registerInterface;
    private final ConfigurationCache configurations;
    private final Translator translator;
    private final Faults faults;
    private final AtsHandler ats;
    private final PageRequestHandler pages;
    private final PageRequestQueue pageRequests;
    private final EventQueue events;
    private final StallBuffer stalls;
    private final Devices devices;
    private final CommandProcessor processor;
    private final CommandQueue commands;
    private final BroadcastMaintenance broadcasts;
    private final MonitorEvents monitorEvents;
    private final @Nullable CounterGroup counters;
    private final Totals departed = new Totals();
    private final TranslationCaches caches;
    private volatile boolean closed;

    /**
     * Makes an SMMU in its reset state, with translation disabled and empty caches.
     *
     * @param profile what it claims and how large it is
     * @param memory where its tables and queues are, and what devices reach
     * @param interrupts where its interrupts go
     * @param nanoTime a clock in nanoseconds, for ATC invalidation timeouts
     */
    public SmmuV3(
            SmmuProfile profile,
            PhysicalMemory memory,
            SmmuInterrupts interrupts,
            LongSupplier nanoTime) {
        this.memory = memory;
        Changes changes = new Changes();
        Registers registers = new Registers(profile, changes);
        Signals signals = new Signals(profile, registers, memory, interrupts);
        caches = new TranslationCaches(profile, changes);
        configurations = new ConfigurationCache(profile.contextCacheEntries(), changes);
        Stage2Walker stage2 =
                new Stage2Walker(profile, memory, caches.stage2Tlb(), caches.stage2Stamps());
        Stage1Walker stage1 =
                new Stage1Walker(
                        memory, caches.iotlb(), caches.walkCache(), caches.stamps(), stage2);
        StreamTable streams = new StreamTable(profile, registers, memory, configurations);
        ContextTable contexts = new ContextTable(profile, memory, stage2);
        translator =
                new Translator(
                        profile, registers, streams, contexts, caches, stage1, stage2, changes);
        events = new EventQueue(profile, registers, memory, signals);
        stalls = new StallBuffer(profile, registers, events, signals);
        faults = new Faults(registers, events, stalls, signals);
        ats = new AtsHandler(profile, registers, translator, faults);
        pageRequests = new PageRequestQueue(profile, registers, memory, signals);
        pages = new PageRequestHandler(profile, pageRequests, translator, faults, signals);
        devices = new Devices(nanoTime, profile.atcTimeoutNanos());
        Atos operations = new Atos(profile, registers, configurations, translator, devices);
        monitorEvents = new MonitorEvents(profile);
        counters =
                profile.counterGroup() == 0
                        ? null
                        : new CounterGroup(profile, monitorEvents, memory, interrupts, nanoTime);
        processor =
                new CommandProcessor(
                        profile,
                        registers,
                        signals,
                        configurations,
                        streams,
                        caches,
                        stalls,
                        devices,
                        new Prefetcher(profile, configurations, translator, devices));
        commands = new CommandQueue(profile, registers, memory, signals, processor);
        broadcasts = new BroadcastMaintenance(profile, registers, caches, devices);
        registerInterface = new RegisterInterface(registers, commands, stalls, devices, operations);
    }

    @Override
    public long size() {
        return Register.FRAME_BYTES;
    }

    @Override
    public long read(long offset, int width) {
        return registerInterface.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        registerInterface.write(offset, width, value);
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        if (closed) {
            throw new IllegalStateException("the SMMU is closed; open another one");
        }
        StreamPort port =
                new StreamPort(
                        configurations.stream(requester.value()),
                        device,
                        memory,
                        translator,
                        faults,
                        ats,
                        pages,
                        devices,
                        commands,
                        counters);
        if (!devices.add(port)) {
            throw new IllegalStateException(
                    "requester id " + requester + " is taken; disconnect its device first");
        }
        monitorEvents.add(port);
        return port;
    }

    /**
     * The performance monitor counter group (chapter 10), where the profile has one: page 0 at 0,
     * and page 1, if there is one, 64 KB behind it. Events on a stream are counted while its device
     * is connected; the clock counts nanoseconds. An overflow is noticed by the transaction that
     * causes it, or, of the clock, by the next one; it raises {@link SmmuInterrupts#counters()}.
     *
     * @return the registers, or empty if the SMMU has no counters
     */
    public Optional<MmioRegion> counterGroup() {
        return Optional.ofNullable(counters);
    }

    @Override
    public void disconnect(RequesterId requester) {
        StreamPort port = devices.remove(requester.value());
        if (port == null) {
            return;
        }
        port.close();
        stalls.terminate(port.streamId());
        port.awaitLanes();
        departed.add(port);
        CounterGroup group = counters;
        if (group != null) {
            group.leave(port);
        } else {
            monitorEvents.remove(port);
        }
        commands.kick();
    }

    /** Stage 1 of non-hypervisor address spaces: what processes share. */
    @Override
    public void visitTranslations(Visitor visitor) {
        caches.iotlb()
                .visit((tag, address, data) -> {
                    if (!Tag.isGlobal(tag) && Tag.regime(tag) == Regime.EL1.ordinal()) {
                        // The lower three have the values of the accesses that they permit.
                        int access =
                                Cached.permissions(data)
                                        & (Cached.READ | Cached.WRITE | Cached.EXECUTE);
                        visitor.translation(
                                Tag.asid(tag),
                                address,
                                Cached.sizeShift(data),
                                Cached.address(data),
                                access);
                    }
                });
    }

    @Override
    public long count(HardwareCounter counter) {
        return switch (counter) {
            case IOTLB_INVALIDATIONS -> processor.tlbInvalidations();
            case IOTLB_EVICTIONS -> caches.iotlb().evictions();
            case WALK_CACHE_EVICTIONS -> caches.walkCache().evictions();
            case ATC_INVALIDATIONS -> processor.atcInvalidations();
            case PAGE_REQUESTS -> pageRequests.received() + stalls.stalls();
            case PAGE_RESPONSES -> processor.responses() + stalls.answers();
            case FAULTS -> events.recorded();
            default -> count(counter, this::sum);
        };
    }

    @Override
    public long count(HardwareCounter counter, int requester) {
        StreamPort port = devices.find(requester);
        return port == null ? 0 : count(counter, port.lanes()::count);
    }

    /** What lanes count, of one device or of all of them. */
    private static long count(HardwareCounter counter, ToLongFunction<Lane.Count> lanes) {
        return switch (counter) {
            case TRANSLATIONS ->
                    lanes.applyAsLong(Lane.Count.TRANSLATIONS)
                            + lanes.applyAsLong(Lane.Count.ATS_PAGES);
            case IOTLB_HITS -> lanes.applyAsLong(Lane.Count.HITS);
            case IOTLB_MISSES -> lanes.applyAsLong(Lane.Count.MISSES);
            case WALK_READS -> lanes.applyAsLong(Lane.Count.WALK_READS);
            case WALK_READS_LEVEL_1 -> lanes.applyAsLong(Lane.Count.WALK_READS_LEVEL_1);
            case WALK_READS_LEVEL_2 -> lanes.applyAsLong(Lane.Count.WALK_READS_LEVEL_2);
            case WALK_READS_LEVEL_3 -> lanes.applyAsLong(Lane.Count.WALK_READS_LEVEL_3);
            case WALK_READS_LEVEL_4 -> lanes.applyAsLong(Lane.Count.WALK_READS_LEVEL_4);
            case WALK_READS_LEVEL_5 -> lanes.applyAsLong(Lane.Count.WALK_READS_LEVEL_5);
            case WALK_CACHE_HITS -> lanes.applyAsLong(Lane.Count.WALK_CACHE_HITS);
            case WALK_CACHE_MISSES -> lanes.applyAsLong(Lane.Count.WALK_CACHE_MISSES);
            case DMA_BYTES_READ -> lanes.applyAsLong(Lane.Count.BYTES_READ);
            case DMA_BYTES_WRITTEN -> lanes.applyAsLong(Lane.Count.BYTES_WRITTEN);
            // An ATC is part of a device; the rest is not told apart by device.
            default -> 0;
        };
    }

    /**
     * TLB maintenance that a processor broadcasts (section 3.17). It reaches the IOTLB where
     * SMMU_IDR0.BTM is claimed and SMMU_CR2.PTM is 0, and never a device's ATC.
     *
     * <p>What was cached is not used by what begins after this returns; see {@link
     * #completeBroadcasts()} for what is under way.
     *
     * @param maintenance what is to be invalidated
     */
    public void broadcast(BroadcastTlbi maintenance) {
        broadcasts.receive(maintenance);
    }

    /**
     * The DSB behind broadcast TLB maintenance: returns when nothing that is under way uses what
     * has been invalidated.
     */
    public void completeBroadcasts() {
        broadcasts.complete();
    }

    /** Translates without moving data, for tests of this package. */
    Translation.Outcome tap(int streamId, Translation request, Lane lane) {
        return translator.transaction(configurations.stream(streamId), request, lane);
    }

    private long sum(Lane.Count what) {
        long sum = departed.get(what);
        for (StreamPort port : devices.all()) {
            sum += port.lanes().count(what);
        }
        return sum;
    }

    /** Aborts everything that is stalled, and every request from here on. */
    @Override
    public void close() {
        closed = true;
        for (StreamPort port : devices.all()) {
            disconnect(new RequesterId(port.streamId()));
        }
        stalls.close();
    }
}
