package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.MmioRegion;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.QueueRegisters.Pqa;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * The register side of a remapping unit that translates nothing: it writes down each descriptor at
 * the moment it would execute it. It can be told that devices are silent, that a descriptor is to
 * be refused, and to queue page requests and record faults.
 */
final class RecordingUnit implements MmioRegion {

    static final long CAP =
            Cap.ND.place(6)
                    | Cap.MAMV.place(18)
                    | Cap.PSI.mask()
                    | Cap.FS1GP.mask()
                    | Cap.FS5LP.mask()
                    | Cap.FRO.place(0x40)
                    | Cap.NFR.place(3);
    static final long ECAP =
            Ecap.C.mask()
                    | Ecap.QI.mask()
                    | Ecap.DT.mask()
                    | Ecap.PRS.mask()
                    | Ecap.PDS.mask()
                    | Ecap.PASID.mask()
                    | Ecap.PSS.place(19)
                    | Ecap.SMTS.mask()
                    | Ecap.FSTS.mask()
                    | Ecap.SMPWCS.mask()
                    | Ecap.ADMS.mask()
                    | Ecap.DIT.mask();

    /** A device that nobody here has attached. */
    private static final int STRAY = 0x777;

    private static final int FAULT_RECORDS = 4;
    private static final int FAULT_OFFSET = 0x400;

    /** A descriptor as it came, and the entry that the test watches at that moment. */
    record Seen(DescriptorType type, long w0, long w1, long watched) {

        /** The device of a device-TLB invalidation. */
        int device() {
            return (int)
                    (type == DescriptorType.DEVICE_TLB
                            ? InvalidationDescriptor.DEVICE_SID.get(w0)
                            : InvalidationDescriptor.PASID_DEVICE_SID.get(w0));
        }

        boolean isDeviceTlb() {
            return type == DescriptorType.DEVICE_TLB || type == DescriptorType.PASID_DEVICE_TLB;
        }
    }

    final List<Seen> seen = new ArrayList<>();
    final Set<Integer> silentDevices = new HashSet<>();
    final List<String> log = new ArrayList<>();
    long watch;
    int refusals;

    /** Which descriptors are refused, by their first word, while there are refusals left. */
    LongPredicate refusable = of(DescriptorType.PASID_CACHE);

    /** How many descriptors meet the time-out of a device that is not asked. */
    int strayTimeOuts;

    /** Which descriptors do; device-TLB invalidations if null. */
    @Nullable LongPredicate strays;

    /** What happens just before a register is read. */
    Consumer<Register> onRead = register -> {};

    /** Whether a time-out tells whose it is: hardware before revision 4 does not. */
    boolean namesSilent = true;

    /** How often silent devices are silent. */
    int patience = Integer.MAX_VALUE;

    /** Whether it has been taken out: every register reads as ones. */
    boolean gone;

    /** Whether the head stands still at a wait until it completes, as it may. */
    boolean headWaits;

    private final FlatMemory memory;
    private final Map<Register, Long> values = new EnumMap<>(Register.class);
    private final long[] faults = new long[2 * FAULT_RECORDS];
    private final List<Integer> unanswered = new ArrayList<>();
    private int nextFault;

    RecordingUnit(FlatMemory memory) {
        this(memory, CAP, ECAP);
    }

    RecordingUnit(FlatMemory memory, long cap, long ecap) {
        this.memory = memory;
        values.put(Register.VER, 0x60L);
        values.put(Register.CAP, cap);
        values.put(Register.ECAP, ecap);
        for (Register register : Register.values()) {
            values.putIfAbsent(register, register.resetValue());
        }
    }

    static LongPredicate of(DescriptorType type) {
        return w0 -> InvalidationDescriptor.type(w0) == type.code();
    }

    @Override
    public long size() {
        return Register.PAGE_BYTES;
    }

    long get(Register register) {
        return values.get(register);
    }

    void set(Register register, long value) {
        values.put(register, value);
    }

    @Override
    public synchronized long read(long offset, int width) {
        if (gone) {
            return width == Integer.BYTES ? 0xffff_ffffL : -1;
        }
        if (offset >= FAULT_OFFSET) {
            return faults[(int) (offset - FAULT_OFFSET) / 8];
        }
        Register register = Register.at(offset);
        if (register == null) {
            return 0;
        }
        onRead.accept(register);
        return get(register);
    }

    @Override
    public synchronized void write(long offset, int width, long value) {
        if (gone) {
            return;
        }
        if (offset >= FAULT_OFFSET) {
            clearFault((int) (offset - FAULT_OFFSET) / 8, value);
            return;
        }
        Register register = Register.at(offset);
        if (register == null) {
            return;
        }
        switch (register) {
            case GCMD -> command(value);
            case FSTS, PRS, ICS -> set(register, get(register) & ~(value & register.clearMask()));
            case IQA -> {
                set(register, value);
                set(Register.IQH, 0);
            }
            default -> set(register, value);
        }
        log.add(register.name());
        if (register == Register.IQT || register == Register.FSTS || register == Register.GCMD) {
            consume();
        }
    }

    private void command(long value) {
        long status = get(Register.GSTS);
        long changed = (status ^ value) & ~Gcmd.ONE_SHOT & Gcmd.DEFINED | value & Gcmd.ONE_SHOT;
        if (Long.bitCount(changed) != 1) {
            throw new IllegalStateException("GCMD changes %x at once".formatted(changed));
        }
        long shots = (status | value) & Gcmd.ONE_SHOT;
        set(Register.GSTS, value & ~Gcmd.ONE_SHOT & Gcmd.DEFINED | shots);
        log.add("GCMD " + Long.toHexString(changed));
    }

    private void consume() {
        if (!Gcmd.QIE.isSet(get(Register.GSTS))) {
            return;
        }
        long iqa = get(Register.IQA);
        int bytes = Iqa.descriptorBytes(iqa);
        while (get(Register.IQH) != get(Register.IQT) && stopped() == 0) {
            long head = get(Register.IQH);
            long at = Iqa.base(iqa) + head;
            long w0 = memory.readLong(at);
            long w1 = memory.readLong(at + 8);
            DescriptorType type = DescriptorType.of(InvalidationDescriptor.type(w0));
            long reserved = memory.readLong(at + 16) | memory.readLong(at + 24);
            if (type == null || reserved != 0 || refusals > 0 && refusable.test(w0)) {
                refusals--;
                set(Register.IQERCD, 3);
                set(Register.FSTS, get(Register.FSTS) | Fsts.IQE.mask());
                return;
            }
            if (headWaits && type == DescriptorType.WAIT && !unanswered.isEmpty()) {
                timeOut();
                return;
            }
            set(Register.IQH, head + bytes & Iqa.bytes(iqa) - 1);
            execute(type, w0, w1);
        }
        if (!unanswered.isEmpty() && stopped() == 0) {
            timeOut();
        }
    }

    private long stopped() {
        return get(Register.FSTS) & (Fsts.ITE.mask() | Fsts.IQE.mask());
    }

    private void timeOut() {
        set(Register.IQERCD, namesSilent ? Iqercd.ITESID.place(unanswered.getFirst()) : 0);
        unanswered.clear();
        set(Register.FSTS, get(Register.FSTS) | Fsts.ITE.mask());
    }

    private void execute(DescriptorType type, long w0, long w1) {
        Seen descriptor = new Seen(type, w0, w1, watch == 0 ? 0 : memory.readLong(watch));
        seen.add(descriptor);
        if (descriptor.isDeviceTlb()
                && silentDevices.contains(descriptor.device())
                && --patience >= 0) {
            unanswered.add(descriptor.device());
        }
        boolean stray = strays == null ? descriptor.isDeviceTlb() : strays.test(w0);
        if (stray && strayTimeOuts > 0) {
            strayTimeOuts--;
            unanswered.add(STRAY);
        }
        if (type == DescriptorType.WAIT
                && InvalidationDescriptor.SW.isSet(w0)
                && unanswered.isEmpty()) {
            memory.writeInt(
                    InvalidationDescriptor.statusAddress(w1),
                    InvalidationDescriptor.statusData(w0));
        }
    }

    List<DescriptorType> types() {
        return types(seen);
    }

    static List<DescriptorType> types(List<Seen> descriptors) {
        return descriptors.stream().map(Seen::type).toList();
    }

    /** Queues a page request, or loses it. */
    synchronized void pageRequest(long w0, long w1) {
        long pqa = get(Register.PQA);
        long tail = get(Register.PQT);
        long next = tail + 32 & Pqa.bytes(pqa) - 1;
        if (Prs.PRO.isSet(get(Register.PRS)) || next == get(Register.PQH)) {
            set(Register.PRS, get(Register.PRS) | Prs.PRO.mask());
            return;
        }
        memory.writeLong(Pqa.base(pqa) + tail, w0);
        memory.writeLong(Pqa.base(pqa) + tail + 8, w1);
        set(Register.PQT, next);
        set(Register.PRS, get(Register.PRS) | Prs.PPR.mask());
    }

    /** Records a fault, or loses it. */
    synchronized void fault(long low, long high) {
        if (FaultRecord.F.isSet(faults[2 * nextFault + 1])) {
            set(Register.FSTS, get(Register.FSTS) | Fsts.PFO.mask());
            return;
        }
        faults[2 * nextFault] = low;
        faults[2 * nextFault + 1] = high;
        long status = get(Register.FSTS);
        if (!Fsts.PPF.isSet(status)) {
            set(Register.FSTS, Fsts.FRI.set(status, nextFault) | Fsts.PPF.mask());
        }
        nextFault = (nextFault + 1) % FAULT_RECORDS;
    }

    private void clearFault(int word, long value) {
        faults[word] &= ~(value & FaultRecord.F.mask());
        boolean more = false;
        for (int i = 0; i < FAULT_RECORDS; i++) {
            more |= FaultRecord.F.isSet(faults[2 * i + 1]);
        }
        if (!more) {
            set(Register.FSTS, get(Register.FSTS) & ~Fsts.PPF.mask());
        }
    }
}
