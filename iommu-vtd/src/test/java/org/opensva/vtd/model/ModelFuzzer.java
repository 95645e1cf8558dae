package org.opensva.vtd.model;

import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.RequesterId;
import org.opensva.vtd.fuzz.FuzzInput;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.Structure;

import java.util.List;

/**
 * A fuzzing target: bytes are what software writes to registers, tables and queues and what a
 * device sends; whatever they are, the model ends in an architectural outcome.
 */
public final class ModelFuzzer {

    private static final int STEPS = 64;
    private static final int SOURCE = 0x18;

    /** Paging tables are pages from here on. */
    private static final long POOL = 0x800_0000;

    private static final int POOL_PAGES = 16;

    private final FuzzInput input;
    private final TestUnit t;
    private final TestDevice device;
    private final boolean scalable;
    private final long context;
    private final long pasids;

    private ModelFuzzer(byte[] data) {
        input = new FuzzInput(data);
        t = new TestUnit(profile(input.u8()));
        device = new TestDevice(t.unit, SOURCE);
        t.enableQueue();
        scalable = input.flag() && (t.profile.extendedCapability() & 1L << 43) != 0;
        if (scalable) {
            boolean more = (t.profile.extendedCapability() & 1L << 29) != 0;
            pasids = t.device(SOURCE, more, more);
            long root = t.memory.readLong(TestUnit.ROOT) & -4096L;
            context = root + ScalableContextEntry.offset(SOURCE);
            for (int i = 0; i < 4; i++) {
                pasidEntry(pasids + PasidTableEntry.offset(i), i);
            }
            t.scalableMode();
        } else {
            t.legacyPassThrough(SOURCE, ContextEntry.TT_UNTRANSLATED);
            long root = t.memory.readLong(TestUnit.ROOT) & -4096L;
            context = root + ContextEntry.offset(SOURCE);
            pasids = context;
            t.memory.writeLong(context, POOL | 1);
            t.legacyMode();
        }
        for (int i = 0; i < POOL_PAGES; i++) {
            // Every table leads on and to memory, in first stage and in second stage.
            long next = POOL + 4096L * (input.u8() % POOL_PAGES);
            t.memory.writeLong(POOL + 4096L * i, next | 7);
        }
    }

    private void pasidEntry(long at, int pasid) {
        int shape = input.u8();
        long kind = 1 + (shape & 3);
        long first = POOL + 4096L * (shape >>> 4 & 3);
        long second = POOL + 4096L * (4 + (shape >>> 6 & 3));
        t.memory.writeLong(at + 16, kind == 2 || kind == 4 ? 0 : first | shape >>> 1 & 4 | 3);
        t.memory.writeLong(at + 8, 1L << 23 | pasid + 1);
        t.memory.writeLong(at, kind == 1 ? 1 << 6 | 1 : second | kind << 6 | 2 << 2 | 1);
    }

    private static VtdProfile profile(int choice) {
        VtdProfile profile =
                switch (choice & 7) {
                    case 0 -> VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f4eL);
                    case 1 -> VtdProfile.fromCapabilities(0x81d2008c222f0686L, 0x8d9a20f00f4eL);
                    case 2 -> VtdProfile.sva().withPageRequests(false);
                    case 3 -> VtdProfile.sva().withDeviceTlb(false);
                    case 4 -> VtdProfile.sva().withFiveLevel(false);
                    case 5 -> VtdProfile.sva().withAddressBits(40);
                    default -> VtdProfile.sva();
                };
        return profile.withCaches(16, 8, 4, 4);
    }

    /**
     * Carries out what the bytes say.
     *
     * @param data any bytes
     */
    public static void fuzzerTestOneInput(byte[] data) {
        ModelFuzzer fuzzer = new ModelFuzzer(data);
        try (TestUnit closed = fuzzer.t) {
            for (int i = 0; i < STEPS && fuzzer.input.hasMore(); i++) {
                fuzzer.step();
                checkFaults(closed);
            }
        }
    }

    private long word() {
        return input.word(POOL);
    }

    private void step() {
        switch (input.u8() % 14) {
            case 0, 1 -> request(input.flag());
            case 2 -> {
                long[] entries = new long[input.below(6)];
                int done = device.port.translate(pasid(), input.u8() & 15, address(), entries);
                check(done <= entries.length, "more translations than were asked for");
            }
            case 3 -> {
                byte[] data = new byte[input.u8()];
                long at = address();
                result(device.port.readTranslated(at, data, 0, data.length), data.length);
                result(device.port.writeTranslated(at, data, 0, data.length), data.length);
            }
            case 4 ->
                    device.port.request(
                            new PageRequest(
                                    pasid(),
                                    address() & -4096L,
                                    input.u8() & 15,
                                    input.u8(),
                                    input.flag()));
            case 5 -> {
                device.answers = input.flag();
                device.port.complete(
                        new InvalidateCompletion((int) input.bytes(4), 1 + input.u8() % 8));
            }
            case 6 -> t.submit(word(), word(), input.flag() ? word() : 0, 0);
            case 7 -> descriptor();
            case 8 -> {
                long offset = input.bytes(2) % 0x1800;
                int width = 1 << (input.u8() & 3);
                t.unit.write(offset, width, word());
                t.unit.read(offset, width);
            }
            case 9 -> {
                Register[] all = Register.values();
                Register register = all[input.below(all.length)];
                t.unit.write(register.offset(), register.bytes(), word());
            }
            case 10 -> damage();
            case 11 -> t.memory.writeLong(POOL + (input.bytes(2) << 3), word());
            case 12 ->
                    t.unit.interrupt(
                            new RequesterId((int) input.bytes(2)),
                            0xfee0_0000L | input.bytes(3) & 0xf_fffc,
                            (int) input.bytes(4));
            default -> {
                t.now += input.bytes(5);
                t.set(Register.FSTS, 0x7d);
                t.set(RelocatedRegister.FRCD_HI, input.below(8), FaultRecord.F.mask());
                t.get(Register.IQH);
            }
        }
    }

    private void request(boolean write) {
        byte[] data = new byte[input.u8()];
        int pasid = pasid();
        int access = input.u8() & 15;
        long at = address();
        result(
                write
                        ? device.port.write(pasid, access, at, data, 0, data.length)
                        : device.port.read(pasid, access, at, data, 0, data.length),
                data.length);
    }

    /** A descriptor of a type there is, with operands that may be reserved. */
    private void descriptor() {
        DescriptorType[] all = DescriptorType.values();
        DescriptorType type = all[input.below(all.length)];
        long low = InvalidationDescriptor.placeType(type.code()) | input.bytes(7) << 4;
        long high = word();
        boolean sound = input.flag();
        t.submit(
                sound ? low & ~type.reservedBits(0) : low,
                sound ? high & ~type.reservedBits(1) : high);
    }

    private static void result(long result, int length) {
        long moved = DmaResult.bytes(result);
        check(moved >= 0 && moved <= length, "moved " + moved + " of " + length);
    }

    private int pasid() {
        int value = input.u8();
        return value == 0 ? -1 : value < 0xf0 ? value - 1 : (int) (input.bytes(3) & 0xfffff);
    }

    private long address() {
        return input.flag() ? input.bytes(2) : word();
    }

    /** Sets a field of the context entry or of a PASID table entry. */
    private void damage() {
        boolean entry = input.flag();
        Structure structure =
                !scalable
                        ? ContextEntry.STRUCTURE
                        : entry ? ScalableContextEntry.STRUCTURE : PasidTableEntry.STRUCTURE;
        List<Field> fields = structure.fields();
        Field field = fields.get(input.below(fields.size()));
        long base = entry || !scalable ? context : pasids + PasidTableEntry.offset(input.u8() & 3);
        long at = base + 8L * field.word();
        long value = field.width() > 16 ? word() >>> field.lsb() : input.bytes(2);
        t.memory.writeLong(at, field.set(t.memory.readLong(at), value));
        if (input.flag()) {
            // Everything that is cached of it goes.
            t.submit(InvalidationDescriptor.placeType(1) | 1 << 4);
            t.submit(InvalidationDescriptor.placeType(2) | 1 << 4);
        }
    }

    /** Every record that is pending has a reason of the architecture and no reserved bits. */
    private static void checkFaults(TestUnit t) {
        int records = Cap.faultRecords(t.profile.capability());
        for (int i = 0; i < records; i++) {
            long low = t.get(RelocatedRegister.FRCD_LO, i);
            long high = t.get(RelocatedRegister.FRCD_HI, i);
            if (FaultRecord.F.isSet(high)) {
                FaultReason reason = FaultReason.of(FaultRecord.reason(high));
                check(reason != null, "a reserved reason: " + FaultRecord.reason(high));
                check((high & ~FaultRecord.STRUCTURE.definedBits(1)) == 0, "reserved: " + high);
                check((low & 0xfff) == 0, "reserved: " + low);
            }
        }
    }

    private static void check(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
