package org.opensva.vtd.model;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.TranslationCacheView;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.InterruptMessage;

import java.util.function.LongSupplier;

/**
 * A remapping hardware unit of VT-d: a register window for software, a port for each device, memory
 * for its tables and queues (revision 4.1 of the specification).
 *
 * <p>A register write takes effect before it returns, invalidations included, except that a wait
 * descriptor behind device-TLB invalidations completes when the devices have answered. A time-out
 * of a device is noticed when software reads FSTS, ICS or IQH, and with any progress of the queue.
 *
 * <p><b>Threading.</b> Everything may be called from any thread, and nothing waits for software.
 */
public final class VtdIommu
        implements MmioRegion,
                TranslationAgent,
                TranslationCacheView,
                CounterSource,
                AutoCloseable {

    private static final int SOURCES = 1 << 16;

    private final PhysicalMemory memory;
    private final long size;
    private final RegisterInterface registerInterface;
    private final TranslationUnit translation;
    private final Devices devices = new Devices();
    private final DeviceTlbs deviceTlbs;
    private final DescriptorProcessor processor;
    private final Invalidations invalidations;
    private final InvalidationQueue queue;
    private final FaultRecording faults;
    private final InterruptRemapper interruptRemapper;
    private final Requests requests;
    private final Messages messages;
    private volatile boolean closed;

    /**
     * Makes a unit in its reset state, with translation disabled and empty caches.
     *
     * @param profile what it claims and how large it is
     * @param memory where its tables and queues are, and what devices reach
     * @param interrupts where its interrupts go
     * @param nanoTime a clock in nanoseconds, for device-TLB invalidation timeouts
     */
    public VtdIommu(
            VtdProfile profile,
            PhysicalMemory memory,
            VtdInterrupts interrupts,
            LongSupplier nanoTime) {
        this.memory = memory;
        size = profile.windowBytes();
        Registers registers = new Registers(profile);
        messages = new Messages(interrupts);
        Events events = new Events(registers, messages);
        faults = new FaultRecording(profile, registers, events.fault());
        translation = new TranslationUnit(profile, memory);
        InterruptEntryCache interruptEntries = new InterruptEntryCache();
        invalidations = new Invalidations(profile, translation, interruptEntries, devices);
        deviceTlbs = new DeviceTlbs(profile, devices, nanoTime);
        processor = new DescriptorProcessor(invalidations, deviceTlbs, devices);
        PendingWaits waits =
                new PendingWaits(
                        registers,
                        memory,
                        faults,
                        events.invalidation(),
                        invalidations,
                        deviceTlbs);
        queue =
                new InvalidationQueue(
                        profile, registers, memory, messages, faults, processor, waits);
        interruptRemapper =
                new InterruptRemapper(
                        profile, registers, memory, faults, messages, interruptEntries);
        PageRequestQueue pageRequests =
                new PageRequestQueue(profile, registers, memory, events.pageRequest());
        PerformanceCounters performance =
                new PerformanceCounters(profile, registers, this::events, events.performance());
        requests =
                new Requests(
                        translation,
                        pageRequests,
                        interruptRemapper,
                        new ProtectedMemory(profile, registers),
                        faults,
                        messages,
                        queue,
                        performance);
        registerInterface =
                new RegisterInterface(
                        profile,
                        registers,
                        new GlobalCommand(profile, registers, translation, invalidations, queue),
                        new RegisterInvalidation(profile, registers, invalidations),
                        queue,
                        invalidations,
                        faults,
                        pageRequests,
                        events,
                        performance);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long read(long offset, int width) {
        long value = registerInterface.read(offset, width);
        messages.send();
        return value;
    }

    @Override
    public void write(long offset, int width, long value) {
        registerInterface.write(offset, width, value);
        messages.send();
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        if (closed) {
            throw new IllegalStateException("the remapping unit is closed; open another one");
        }
        if (requester.value() < 0 || requester.value() >= SOURCES) {
            throw new IllegalArgumentException(
                    "requester id " + requester + " has more than the 16 bits of a source id");
        }
        RequesterPort port =
                new RequesterPort(
                        requester.value(), device, requests, memory, translation, devices);
        if (!devices.add(port)) {
            throw new IllegalStateException(
                    "requester id " + requester + " is taken; disconnect its device first");
        }
        return port;
    }

    @Override
    public void disconnect(RequesterId requester) {
        RequesterPort port = devices.remove(requester.value());
        if (port == null) {
            return;
        }
        port.close();
        port.lanes().drain();
        // What it has not answered it never will: lost before it is no longer looked at.
        deviceTlbs.lost(port.source(), port.tags().oldest());
        devices.depart(port);
        queue.kick();
    }

    /**
     * An interrupt request of a device, as a DWORD write without PASID makes one (section 5.1). The
     * message that comes of it has gone to the {@link VtdInterrupts} when the call returns.
     *
     * @param source who sends it; it need not be plugged in, as an I/O APIC is not
     * @param address the address; one outside the interrupt address range is no interrupt request
     * @param data the data
     * @return what became of it
     * @throws IllegalArgumentException if the address is not in the interrupt address range
     */
    public RemappedInterrupt interrupt(RequesterId source, long address, int data) {
        if (!InterruptMessage.isInterrupt(address)) {
            throw new IllegalArgumentException(
                    "0x" + Long.toHexString(address) + " is not in the interrupt address range");
        }
        RemappedInterrupt result = interruptRemapper.request(source.value(), address, data);
        messages.send();
        return result;
    }

    /** First stage: what processes share. */
    @Override
    public void visitTranslations(Visitor visitor) {
        translation
                .caches()
                .iotlb()
                .visit((tag, address, data) -> {
                    int flags = CachedTranslation.flags(data);
                    if (CacheTag.isFirstStage(tag) && (flags & CachedTranslation.USER) != 0) {
                        int rights =
                                flags
                                        & (CachedTranslation.READ
                                                | CachedTranslation.WRITE
                                                | CachedTranslation.EXECUTE);
                        visitor.translation(
                                CacheTag.domain(tag),
                                address,
                                CachedTranslation.shift(data),
                                CachedTranslation.address(data),
                                rights);
                    }
                });
    }

    @Override
    public long count(HardwareCounter counter) {
        return switch (counter) {
            case IOTLB_INVALIDATIONS -> invalidations.iotlbInvalidations();
            case ATC_INVALIDATIONS -> deviceTlbs.requests();
            case PAGE_RESPONSES -> processor.responses();
            case FAULTS -> faults.recorded();
            // What lanes count; nothing of a device-TLB, which is part of a device.
            default -> devices.count(counter);
        };
    }

    private long events(PerformanceEvent what, int requester) {
        return switch (what) {
            case REQUESTS -> count(HardwareCounter.TRANSLATIONS, requester);
            case WALK_READS -> count(HardwareCounter.WALK_READS, requester);
            case PAGE_REQUESTS -> count(HardwareCounter.PAGE_REQUESTS, requester);
            case IOTLB_LOOKUPS ->
                    count(HardwareCounter.IOTLB_HITS, requester)
                            + count(HardwareCounter.IOTLB_MISSES, requester);
            case IOTLB_HITS -> count(HardwareCounter.IOTLB_HITS, requester);
            // Interrupts are not counted by requester.
            case INTERRUPT_LOOKUPS -> requester < 0 ? interruptRemapper.lookups() : 0;
            case INTERRUPT_HITS -> requester < 0 ? interruptRemapper.remappedHits() : 0;
            case POSTED_HITS -> requester < 0 ? interruptRemapper.postedHits() : 0;
        };
    }

    @Override
    public long count(HardwareCounter counter, int requester) {
        if (requester < 0) {
            return devices.count(counter);
        }
        RequesterPort port = devices.find(requester);
        return port == null ? 0 : port.lanes().count(counter);
    }

    /** Unplugs every device: their requests are aborted from here on. */
    @Override
    public void close() {
        closed = true;
        for (RequesterPort port : devices.all()) {
            disconnect(new RequesterId(port.source()));
        }
    }
}
