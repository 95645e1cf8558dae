package org.opensva.smmuv3.driver;

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
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr1;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The driver of one SMMUv3 instance, for Shared Virtual Addressing: devices get a context table of
 * their own, requests are translated by their PASID through the page tables of a process, and
 * requests without a PASID are blocked.
 *
 * <p>Where the SMMU takes part in broadcast TLB maintenance (SMMU_IDR0.BTM), address spaces that
 * share the ASID of the processors ({@link AddressSpace#asid()}) are invalidated in the IOTLB by
 * the processors' own broadcasts, and the driver tells the ATCs only. Release and unbinding flush
 * the IOTLB by commands all the same, as Linux did up to 6.10.
 *
 * <p>The machine connects the three interrupt methods to the SMMU's wired interrupts; they may be
 * called from any thread and do nothing when there is nothing to do.
 */
public final class SmmuV3Driver implements IommuDriver {

    /**
     * How many page requests a device may have outstanding: half of the PRI queue, so that two
     * devices cannot overflow it.
     */
    static final int OUTSTANDING_PAGE_REQUESTS = 128;

    /** Inner shareable, write-back: tables and queues are ordinary memory (section 6.3.11). */
    private static final long COHERENT =
            Cr1.TABLE_SH.place(3)
                    | Cr1.TABLE_OC.place(1)
                    | Cr1.TABLE_IC.place(1)
                    | Cr1.QUEUE_SH.place(3)
                    | Cr1.QUEUE_OC.place(1)
                    | Cr1.QUEUE_IC.place(1);

    private final RegisterFrame registers;
    private final Identity identity;
    private final DriverMemory driverMemory;
    private final DriverContext context;
    private final EventHandler eventHandler;
    private final @Nullable PageRequestHandler pageRequestHandler;
    private final Map<Integer, SmmuDevice> devices = new ConcurrentHashMap<>();
    private final List<Consumer<FaultRecord>> listeners = new CopyOnWriteArrayList<>();

    /** No device is attached any more; guarded by the monitor of the devices. */
    private boolean closing;

    private volatile boolean closed;

    /**
     * Probes, resets and enables an SMMU, by the clock of this Java machine.
     *
     * @param registers its registers, page 0 and page 1 (64 KiB each)
     * @param memory where tables and queues are
     * @param frames where they come from
     * @param events what white-box rules look at
     * @param telemetry where spans go
     * @throws ErrnoException {@code ENODEV} if this is not an SMMU that the driver can use, {@code
     *     EIO} if it does not answer, {@code ENOMEM}
     */
    public SmmuV3Driver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry) {
        this(registers, memory, frames, events, telemetry, System::nanoTime);
    }

    /**
     * Probes, resets and enables an SMMU.
     *
     * @param registers its registers, page 0 and page 1 (64 KiB each)
     * @param memory where tables and queues are
     * @param frames where they come from
     * @param events what white-box rules look at
     * @param telemetry where spans go
     * @param nanoTime a clock in nanoseconds, by which a queue that stands still is known
     * @throws ErrnoException {@code ENODEV} if this is not an SMMU that the driver can use, {@code
     *     EIO} if it does not answer, {@code ENOMEM}
     */
    public SmmuV3Driver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry,
            LongSupplier nanoTime) {
        this.registers = new RegisterFrame(registers);
        this.identity = Identity.probe(this.registers);
        String obstacle = identity.obstacle();
        if (!obstacle.isEmpty()) {
            throw new ErrnoException(Errno.ENODEV, "probe SMMUv3", obstacle);
        }
        // Off first: what a former owner has left must not run while tables change (section 6.3.9),
        // and nothing passes by meanwhile.
        this.registers.abortWhileDisabled();
        this.registers.writeAcknowledged(Register.CR0, Register.CR0ACK, 0);
        this.driverMemory = new DriverMemory(memory, frames, identity);
        DriverMemory.Queue commandQueue = driverMemory.commands();
        CommandQueue commands =
                new CommandQueue(
                        this.registers,
                        memory,
                        commandQueue.base(),
                        commandQueue.log2Size(),
                        nanoTime);
        this.context =
                new DriverContext(
                        identity,
                        memory,
                        frames,
                        commands,
                        new Invalidations(identity.rangeCommands()),
                        new AsidAllocator(identity.asidBits(), identity.broadcasts()),
                        driverMemory.streams(),
                        events,
                        new InvalidationTrace(telemetry));
        DriverMemory.Queue eventQueue = driverMemory.events();
        this.eventHandler =
                new EventHandler(
                        this,
                        new OutputQueue(
                                this.registers,
                                memory,
                                Register.EVENTQ_PROD,
                                Register.EVENTQ_CONS,
                                eventQueue.base(),
                                eventQueue.log2Size(),
                                EventRecord.WORDS),
                        commands);
        DriverMemory.Queue requestQueue = driverMemory.requests();
        this.pageRequestHandler =
                requestQueue == null
                        ? null
                        : new PageRequestHandler(
                                this,
                                new OutputQueue(
                                        this.registers,
                                        memory,
                                        Register.PRIQ_PROD,
                                        Register.PRIQ_CONS,
                                        requestQueue.base(),
                                        requestQueue.log2Size(),
                                        PageRequestEntry.WORDS));
        try {
            enable();
        } catch (RuntimeException e) {
            try {
                disable();
            } catch (ErrnoException deaf) {
                e.addSuppressed(deaf);
            }
            throw e;
        }
    }

    /**
     * The order of section 6.3.9 and Linux's {@code arm_smmu_device_reset}: tables, commands, a
     * clean slate, the other queues, interrupts, translation.
     */
    private void enable() {
        registers.write(Register.CR1, COHERENT);
        registers.write(
                Register.CR2, (identity.broadcasts() ? 0 : Cr2.PTM.mask()) | Cr2.RECINVSID.mask());
        registers.write(
                Register.STRTAB_BASE,
                StrtabBase.RA.mask() | StrtabBase.ADDR.address(driverMemory.streams().base()));
        registers.write(Register.STRTAB_BASE_CFG, driverMemory.streams().configuration());
        DriverMemory.Queue commands = driverMemory.commands();
        registers.write(
                Register.CMDQ_BASE,
                CmdqBase.RA.mask()
                        | CmdqBase.ADDR.address(commands.base())
                        | CmdqBase.LOG2SIZE.place(commands.log2Size()));
        registers.write(Register.CMDQ_PROD, 0);
        registers.write(Register.CMDQ_CONS, 0);
        long enabled = Cr0.CMDQEN.mask();
        registers.writeAcknowledged(Register.CR0, Register.CR0ACK, enabled);
        acknowledgeErrors();

        CommandBatch clean = new CommandBatch();
        int at = clean.next();
        CommandEncoder.cfgiAll(clean.words(), at);
        if (identity.hypervisor()) {
            at = clean.next();
            CommandEncoder.tlbiEl2All(clean.words(), at);
        }
        at = clean.next();
        CommandEncoder.tlbiNsnhAll(clean.words(), at);
        context.commands().submitAndSync(clean);

        DriverMemory.Queue events = driverMemory.events();
        registers.write(
                Register.EVENTQ_BASE,
                EventqBase.WA.mask()
                        | EventqBase.ADDR.address(events.base())
                        | EventqBase.LOG2SIZE.place(events.log2Size()));
        registers.write(Register.EVENTQ_PROD, 0);
        registers.write(Register.EVENTQ_CONS, 0);
        enabled |= Cr0.EVENTQEN.mask();
        long interrupts = IrqCtrl.EVENTQ_IRQEN.mask() | IrqCtrl.GERROR_IRQEN.mask();
        DriverMemory.Queue requests = driverMemory.requests();
        if (requests != null) {
            registers.write(
                    Register.PRIQ_BASE,
                    EventqBase.WA.mask()
                            | EventqBase.ADDR.address(requests.base())
                            | EventqBase.LOG2SIZE.place(requests.log2Size()));
            registers.write(Register.PRIQ_PROD, 0);
            registers.write(Register.PRIQ_CONS, 0);
            enabled |= Cr0.PRIQEN.mask();
            interrupts |= IrqCtrl.PRIQ_IRQEN.mask();
        }
        if (identity.ats()) {
            // Translated requests are checked against the stream's configuration: a device that is
            // blocked stays out with them too.
            enabled |= Cr0.ATSCHK.mask();
        }
        registers.writeAcknowledged(Register.CR0, Register.CR0ACK, enabled);
        registers.writeAcknowledged(Register.IRQ_CTRL, Register.IRQ_CTRLACK, interrupts);
        registers.writeAcknowledged(Register.CR0, Register.CR0ACK, enabled | Cr0.SMMUEN.mask());
    }

    private void acknowledgeErrors() {
        registers.write(Register.GERRORN, registers.read(Register.GERROR));
    }

    @Override
    public IommuCapabilities capabilities() {
        Set<PageTableFormat> formats = EnumSet.of(PageTableFormat.VMSAV8_64);
        return new IommuCapabilities(
                "smmuv3",
                identity.pasidBits(),
                formats,
                identity.ats(),
                identity.pri(),
                identity.stalls());
    }

    @Override
    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
        String operation = "attach(" + function.name() + ")";
        int streamId = function.requester().value();
        if (!context.streams().covers(streamId)) {
            throw new ErrnoException(
                    Errno.ENODEV,
                    operation,
                    "stream id " + Integer.toUnsignedString(streamId) + " is not behind this SMMU");
        }
        synchronized (devices) {
            if (closing) {
                throw new ErrnoException(Errno.ENODEV, operation, "the SMMU is disabled");
            }
            if (devices.containsKey(streamId)) {
                throw new ErrnoException(Errno.EBUSY, operation, "it is attached already");
            }
            SmmuDevice device = new SmmuDevice(context, this, function, faults);
            devices.put(streamId, device);
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
        String obstacle = identity.obstacle(tables);
        if (!obstacle.isEmpty()) {
            throw new ErrnoException(Errno.EOPNOTSUPP, operation, obstacle);
        }
        return new SmmuDomain(context, addressSpace, tables);
    }

    @Override
    public void onFault(Consumer<FaultRecord> listener) {
        listeners.add(listener);
    }

    /** The SMMU's event queue interrupt. */
    public void onEventInterrupt() {
        if (!closed) {
            eventHandler.drain();
        }
    }

    /** The SMMU's PRI queue interrupt. */
    public void onPriInterrupt() {
        if (!closed && pageRequestHandler != null) {
            pageRequestHandler.drain();
        }
    }

    /** The SMMU's global error interrupt. */
    public void onGerrorInterrupt() {
        if (closed) {
            return;
        }
        context.commands().handleError();
        long error = registers.read(Register.GERROR);
        long active = error ^ registers.read(Register.GERRORN);
        if ((active & ~Gerror.CMDQ_ERR.mask()) != 0) {
            report(
                    new FaultRecord(
                            FaultRecord.Kind.EXTERNAL_ABORT,
                            new RequesterId(0),
                            Pasid.NONE,
                            0,
                            0,
                            "GERROR 0x%x".formatted(active)));
            registers.write(
                    Register.GERRORN,
                    registers.read(Register.GERRORN) ^ (active & ~Gerror.CMDQ_ERR.mask()));
        }
    }

    /** Handles what the hardware has queued so far, on the caller's thread. */
    void drainQueues() {
        onEventInterrupt();
        onPriInterrupt();
    }

    @Nullable SmmuDevice device(int streamId) {
        return devices.get(streamId);
    }

    void forget(SmmuDevice device) {
        devices.remove(device.streamId(), device);
        if (pageRequestHandler != null) {
            pageRequestHandler.forget(device.streamId());
        }
    }

    void report(FaultRecord fault) {
        listeners.forEach(listener -> listener.accept(fault));
    }

    /** Records of events were lost, because the queue was full. */
    void reportLost() {
        report(
                new FaultRecord(
                        FaultRecord.Kind.EXTERNAL_ABORT,
                        new RequesterId(0),
                        Pasid.NONE,
                        0,
                        0,
                        "event queue overflow, records were lost"));
    }

    void reportIsolated(SmmuDevice device) {
        report(
                new FaultRecord(
                        FaultRecord.Kind.EXTERNAL_ABORT,
                        device.function().requester(),
                        Pasid.NONE,
                        0,
                        0,
                        "ATC invalidation time-out, " + device + " is blocked"));
    }

    /** Answers a group that was handed to nobody. */
    void refuse(int streamId, PageFaultGroup group, PageResponse response) {
        CommandBatch batch = new CommandBatch();
        int at = batch.next();
        encodePageResponse(batch.words(), at, streamId, group, response);
        context.commands().submit(batch);
    }

    /** Section 4.5.2: the response codes of CMD_PRI_RESP are not those of the message it causes. */
    void encodePageResponse(
            long[] words, int at, int streamId, PageFaultGroup group, PageResponse response) {
        int code =
                switch (response) {
                    case SUCCESS -> Command.RESP_SUCCESS;
                    case INVALID_REQUEST -> Command.RESP_INVALID;
                    case RESPONSE_FAILURE -> Command.RESP_FAILURE;
                };
        boolean ssv = group.pasid() != Pasid.NONE;
        CommandEncoder.priResp(
                words, at, streamId, ssv, ssv ? group.pasid() : 0, group.tag(), code);
    }

    @Override
    public void close() {
        synchronized (devices) {
            if (closing) {
                return;
            }
            closing = true;
        }
        for (SmmuDevice device : List.copyOf(devices.values())) {
            device.close();
        }
        closed = true;
        disable();
    }

    /**
     * What devices send is aborted from here on. If the SMMU does not acknowledge, it keeps its
     * memory: it may still use it.
     */
    private void disable() {
        context.commands().stop();
        registers.writeAcknowledged(Register.IRQ_CTRL, Register.IRQ_CTRLACK, 0);
        registers.writeAcknowledged(Register.CR0, Register.CR0ACK, 0);
        driverMemory.free();
    }
}
