package org.opensva.vtd.driver;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.IommuCapabilities;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Pmen;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.Register;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The driver of one VT-d remapping unit, for Shared Virtual Addressing: the unit runs in scalable
 * mode, devices get PASID tables of their own, requests are translated by their PASID through the
 * page tables of a process, and requests without a PASID are blocked.
 *
 * <p>The unit signals its events as messages: writes of a vector to {@link #MESSAGE_ADDRESS}. The
 * machine connects them to the three interrupt methods, which may be called from any thread and do
 * nothing when there is nothing to do.
 */
public final class VtdDriver implements IommuDriver {

    /** Where the unit's events are written to. */
    public static final long MESSAGE_ADDRESS = InterruptMessage.FIRST;

    /** The data of fault events: {@link #onFaultInterrupt}. */
    public static final int FAULT_VECTOR = 0x40;

    /** The data of page request events: {@link #onPageRequestInterrupt}. */
    public static final int PAGE_REQUEST_VECTOR = 0x41;

    /** The data of invalidation completion events: {@link #onInvalidationInterrupt}. */
    public static final int INVALIDATION_VECTOR = 0x42;

    /**
     * How many page requests a device may have outstanding: a quarter of the page-request queue, so
     * that a few devices cannot overflow it.
     */
    static final int OUTSTANDING_PAGE_REQUESTS = PageRequestHandler.CAPACITY / 4;

    private static final int LAST_REQUESTER = 0xffff;

    private final RegisterFrame registers;
    private final Capabilities unit;
    private final DriverContext context;
    private final FaultHandler faultHandler;
    private final @Nullable PageRequestHandler pageRequestHandler;
    private final Map<Integer, VtdDevice> devices = new ConcurrentHashMap<>();
    private final List<Consumer<FaultRecord>> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /**
     * Probes, resets and enables a remapping unit, by the clock of this Java machine.
     *
     * @param registers its registers
     * @param memory where tables and queues are
     * @param frames where they come from
     * @param events what white-box rules look at
     * @param telemetry where spans go
     * @throws ErrnoException {@code ENODEV} if this is not a unit that the driver can use, with
     *     what is missing; {@code EIO} if it does not answer, {@code ENOMEM}
     */
    public VtdDriver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry) {
        this(registers, memory, frames, events, telemetry, System::nanoTime);
    }

    /**
     * Probes, resets and enables a remapping unit.
     *
     * @param registers its registers
     * @param memory where tables and queues are
     * @param frames where they come from
     * @param events what white-box rules look at
     * @param telemetry where spans go
     * @param nanoTime a clock in nanoseconds, by which a queue that stands still is known
     * @throws ErrnoException {@code ENODEV} if this is not a unit that the driver can use, with
     *     what is missing; {@code EIO} if it does not answer, {@code ENOMEM}
     */
    public VtdDriver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry,
            LongSupplier nanoTime) {
        this.registers = new RegisterFrame(registers);
        this.unit = Capabilities.probe(this.registers);
        quiet();
        RootTable root = new RootTable(memory, frames);
        try {
            InvalidationQueue queue =
                    new InvalidationQueue(
                            this.registers, memory, frames, this::onQueueError, nanoTime);
            this.context =
                    new DriverContext(
                            unit,
                            memory,
                            frames,
                            queue,
                            new Invalidations(unit),
                            new DomainIds(unit.domainIdBits()),
                            root,
                            events,
                            new InvalidationTrace(telemetry));
            this.faultHandler = new FaultHandler(this.registers, unit, this::report);
            try {
                this.pageRequestHandler =
                        unit.pageRequests()
                                ? new PageRequestHandler(this, unit, this.registers, memory, frames)
                                : null;
            } catch (RuntimeException e) {
                queue.free();
                throw e;
            }
        } catch (RuntimeException e) {
            root.free();
            throw e;
        }
        enable();
    }

    /** Off first: what a former owner has left must not run while tables change. */
    private void quiet() {
        long status = registers.read(Register.GSTS);
        if (Gsts.TES.isSet(status)) {
            registers.command(Gcmd.TE, false);
        }
        if (Gsts.QIES.isSet(status)) {
            registers.command(Gcmd.QIE, false);
        }
        if (Pmen.PRS.isSet(registers.read(Register.PMEN))) {
            // Firmware's protection for the time before translation.
            registers.write(Register.PMEN, 0);
            registers.await(Register.PMEN, Pmen.PRS.mask(), 0, "PMEN");
        }
        registers.write(Register.FSTS, Fsts.CLEARABLE);
    }

    /**
     * The order of Linux's {@code init_dmars}: the root table, the invalidation queue, a clean
     * slate, events, translation.
     */
    private void enable() {
        registers.write(
                Register.RTADDR,
                Rtaddr.TTM.place(Rtaddr.TTM_SCALABLE) | Rtaddr.RTA.address(context.root().base()));
        registers.command(Gcmd.SRTP, true);
        context.queue().enable();
        flushEverything();
        faultHandler.drain();
        deliver(Register.FEDATA, Register.FEADDR, Register.FEUADDR, FAULT_VECTOR);
        registers.write(Register.FECTL, 0);
        // Completion is polled: this event stays masked, and is ready for who unmasks it.
        deliver(Register.IEDATA, Register.IEADDR, Register.IEUADDR, INVALIDATION_VECTOR);
        if (pageRequestHandler != null) {
            pageRequestHandler.enable();
            deliver(Register.PEDATA, Register.PEADDR, Register.PEUADDR, PAGE_REQUEST_VECTOR);
            registers.write(Register.PECTL, 0);
        }
        registers.command(Gcmd.TE, true);
    }

    private void deliver(Register data, Register address, Register upperAddress, int vector) {
        registers.write(data, vector);
        registers.write(address, MESSAGE_ADDRESS & 0xffff_ffffL);
        registers.write(upperAddress, MESSAGE_ADDRESS >>> 32);
    }

    private void flushEverything() {
        DescriptorBatch batch = new DescriptorBatch();
        Invalidations.everything(batch);
        PendingWait.Outcome outcome = context.queue().submitAndWait(batch);
        if (outcome.state() != PendingWait.State.COMPLETE) {
            throw new ErrnoException(
                    Errno.EIO, "enable VT-d", "its caches cannot be invalidated: " + outcome);
        }
    }

    @Override
    public IommuCapabilities capabilities() {
        return new IommuCapabilities(
                "vtd",
                unit.pasidBits(),
                unit.formats(),
                unit.deviceTlbs(),
                unit.deviceTlbs() && unit.pageRequests(),
                false);
    }

    @Override
    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
        String operation = "attach(" + function.name() + ")";
        int source = function.requester().value();
        synchronized (devices) {
            if (closed || Integer.compareUnsigned(source, LAST_REQUESTER) > 0) {
                throw new ErrnoException(
                        Errno.ENODEV,
                        operation,
                        "requester " + function.requester() + " is not behind this unit");
            }
            if (devices.containsKey(source)) {
                throw new ErrnoException(Errno.EBUSY, operation, "it is attached already");
            }
            VtdDevice device = new VtdDevice(context, this, function, faults);
            devices.put(source, device);
            return device;
        }
    }

    @Override
    public SvaDomain createDomain(AddressSpace addressSpace) {
        String operation = "create a domain for address space " + addressSpace.id();
        PageTable tables =
                addressSpace
                        .pageTable()
                        .orElseThrow(() ->
                                new ErrnoException(
                                        Errno.EOPNOTSUPP,
                                        operation,
                                        "its page tables cannot be seen"));
        String obstacle = unit.obstacle(tables);
        if (!obstacle.isEmpty()) {
            throw new ErrnoException(Errno.EOPNOTSUPP, operation, obstacle);
        }
        return new VtdDomain(context, addressSpace, tables);
    }

    @Override
    public void onFault(Consumer<FaultRecord> listener) {
        listeners.add(listener);
    }

    /** The fault event: faults were recorded, or the invalidation queue has an error. */
    public void onFaultInterrupt() {
        if (!closed) {
            context.queue().handleErrors();
            faultHandler.drain();
        }
    }

    /** The page request event. */
    public void onPageRequestInterrupt() {
        if (!closed && pageRequestHandler != null) {
            pageRequestHandler.drain();
        }
    }

    /**
     * The invalidation completion event, which this driver does not ask for: it polls. What is
     * signalled all the same is acknowledged.
     */
    public void onInvalidationInterrupt() {
        if (!closed) {
            registers.write(Register.ICS, Ics.IWC.mask());
            context.queue().handleErrors();
        }
    }

    @Nullable VtdDevice device(int source) {
        return devices.get(source);
    }

    void forget(VtdDevice device) {
        devices.remove(device.source(), device);
        if (pageRequestHandler != null) {
            pageRequestHandler.forget(device.source());
        }
    }

    @Nullable PageRequestHandler pageRequests() {
        return pageRequestHandler;
    }

    /** Hands on what is recorded now. */
    void handleFaults() {
        faultHandler.drain();
    }

    private void report(FaultRecord fault) {
        listeners.forEach(listener -> listener.accept(fault));
    }

    private void onQueueError(String text, int source) {
        report(
                new FaultRecord(
                        FaultRecord.Kind.EXTERNAL_ABORT,
                        new RequesterId(source),
                        Pasid.NONE,
                        0,
                        0,
                        text));
    }

    void reportIsolated(VtdDevice device) {
        onQueueError(
                "device-TLB invalidation time-out (FSTS.ITE), " + device + " is blocked",
                device.source());
    }

    /**
     * Sends the answer to a group (section 7.6.1). Nobody waits for it: it is in the queue before
     * whatever comes next.
     */
    void answer(PageFaultGroup group, PageResponse response) {
        DescriptorBatch batch = new DescriptorBatch();
        int at = batch.next();
        boolean hasPasid = group.pasid() != Pasid.NONE;
        DescriptorEncoder.pageGroupResponse(
                batch.words(),
                at,
                group.requester().value(),
                hasPasid,
                hasPasid ? group.pasid() : 0,
                group.tag(),
                true,
                response.code());
        context.queue().submit(batch);
    }

    /**
     * Stops the unit. Translation off would let every request through, so that it stays on: with
     * nothing to translate through, or in abort-DMA mode where the unit has it. Without that mode
     * the root table, one frame, stays with the hardware.
     */
    @Override
    public void close() {
        synchronized (devices) {
            if (closed) {
                return;
            }
            closed = true;
        }
        // Each empties the queues itself: events are of no use from here on.
        for (VtdDevice device : List.copyOf(devices.values())) {
            device.close();
        }
        registers.write(Register.FECTL, EventControl.IM.mask());
        if (pageRequestHandler != null) {
            registers.write(Register.PECTL, EventControl.IM.mask());
            pageRequestHandler.close();
        }
        long[] contextTables = context.root().unlink();
        flushEverything();
        context.root().free(contextTables);
        if (unit.abortMode()) {
            registers.write(Register.RTADDR, Rtaddr.TTM.place(Rtaddr.TTM_ABORT_DMA));
            registers.command(Gcmd.SRTP, true);
            context.root().free();
        }
        context.queue().close();
    }
}
