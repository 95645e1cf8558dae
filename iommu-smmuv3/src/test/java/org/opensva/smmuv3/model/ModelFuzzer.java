package org.opensva.smmuv3.model;

import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.MmioRegion;
import org.opensva.smmuv3.fuzz.FuzzInput;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.CounterGroupRegisters;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.List;

/**
 * A fuzzing target: bytes are what software writes to registers, tables and queues and what a
 * device sends; whatever they are, the model ends in an architectural outcome.
 *
 * <p>Stalls are not claimed, because nobody is there to decide about them.
 */
public final class ModelFuzzer {

    private static final int STEPS = 64;

    private final FuzzInput input;
    private final TestMachine machine;
    private final long table;
    private final long contexts;
    private boolean trusted = true;

    private ModelFuzzer(byte[] data) {
        input = new FuzzInput(data);
        machine = new TestMachine(profile(input.u8()));
        machine.enable();
        table = machine.newTable(Granule.K4);
        contexts = machine.allocate(64 << 4, 64 << 4);
        int shape = input.u8();
        Granule granule = Granule.values()[shape % 3];
        int bits = 32 + (shape >>> 2 & 15);
        long[] entry = machine.stage1Entry(contexts, shape >>> 6);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry);
        long[] context = machine.context(table, granule, bits, 1);
        for (int i = 0; i < 16; i++) {
            machine.writeWords(contexts + 64L * i, context);
        }
        long page = machine.allocate(granule.bytes(), granule.bytes());
        machine.map(table, granule, bits, 0, 3, page, TestMachine.PAGE_RW);
    }

    private static SmmuProfile profile(int choice) {
        SmmuProfile several = (choice & 16) == 0 ? SmmuProfile.complete() : SmmuProfile.nested();
        SmmuProfile base = (choice & 1) == 0 ? SmmuProfile.sva() : several;
        long idr0 = Idr0.STALL_MODEL.set(base.idr0(), 1);
        if ((choice & 2) != 0) {
            idr0 |= Idr0.TERM_MODEL.mask();
        }
        if ((choice & 4) != 0) {
            idr0 &= ~(Idr0.CD2L.mask() | Idr0.HTTU.mask());
        }
        if ((choice & 8) != 0) {
            idr0 &= ~(Idr0.PRI.mask() | Idr0.ATSRECERR.mask() | Idr0.ATS.mask() | Idr0.MSI.mask());
        }
        long idr3 = (choice & 16) == 0 ? base.idr3() : 0;
        long idr5 = Idr5.STALL_MAX.set(base.idr5(), 0);
        if ((choice & 32) != 0) {
            idr5 = Idr5.OAS.set(idr5, choice >>> 6);
        }
        return base.withIdentification(idr0, base.idr1(), idr3, idr5, 0, 2).withCaches(16, 8, 4);
    }

    /**
     * Carries out what the bytes say.
     *
     * @param data any bytes
     */
    public static void fuzzerTestOneInput(byte[] data) {
        ModelFuzzer fuzzer = new ModelFuzzer(data);
        try (TestMachine closed = fuzzer.machine) {
            for (int i = 0; i < STEPS && fuzzer.input.hasMore(); i++) {
                fuzzer.step();
            }
            if (fuzzer.trusted) {
                checkEvents(closed.events());
            }
        }
    }

    private void step() {
        int kind = input.u8() % 14;
        if (trusted) {
            checkEvents(machine.events());
            // From here on the event queue may hold what the SMMU did not write.
            trusted = kind == 0 || kind == 2 || kind == 4 || kind == 5 || kind == 10;
        }
        switch (kind) {
            case 0 -> transaction(false);
            case 1 -> transaction(true);
            case 2 -> {
                long[] entries = new long[input.below(6)];
                int done = machine.port.translate(pasid(), access(), address(), entries);
                check(done <= entries.length, "more translations than were asked for");
            }
            case 3 -> {
                byte[] data = new byte[input.u8()];
                long at = address();
                result(machine.port.readTranslated(at, data, 0, data.length), data.length);
                result(machine.port.writeTranslated(at, data, 0, data.length), data.length);
            }
            case 4 ->
                    machine.port.request(
                            new PageRequest(
                                    pasid(), address(), access(), input.u8(), input.flag()));
            case 5 -> {
                machine.device.answers = input.flag();
                machine.port.complete(
                        new InvalidateCompletion((int) input.bytes(4), 1 + input.u8() % 8));
            }
            case 6 -> machine.command(input.word(TestMachine.RAM), input.word(TestMachine.RAM));
            case 7 -> {
                Opcode[] all = Opcode.values();
                long opcode = all[input.below(all.length)].code();
                machine.command(opcode | input.bytes(7) << 8, input.word(TestMachine.RAM));
            }
            case 8 -> {
                long offset = input.bytes(3) - 0x100;
                int width = 1 << (input.u8() & 3);
                long value = input.word(TestMachine.RAM);
                machine.smmu.write(offset, width, value);
                machine.smmu.read(offset, width);
                if (offset >= machine.smmu.size()) {
                    counters((int) offset & 0x1ffff, width, value);
                }
            }
            case 9 -> {
                Register[] all = Register.values();
                Register register = all[input.below(all.length)];
                machine.smmu.write(
                        register.offset(), register.bytes(), input.word(TestMachine.RAM));
            }
            case 10 -> damage();
            case 11 -> machine.memory.writeLong(memory() & -8L, input.word(TestMachine.RAM));
            case 12 -> {
                machine.time.addAndGet(input.bytes(5));
                machine.acknowledgeErrors();
                machine.smmu.read(Register.CMDQ_CONS.offset(), 4);
                machine.events();
            }
            default -> {
                machine.smmu.write(Register.CR0.offset(), 4, input.u8());
                machine.enable();
            }
        }
    }

    /** What is beyond the SMMU's own pages is that of its counters, and an event to count. */
    private void counters(int offset, int width, long value) {
        MmioRegion group = machine.smmu.counterGroup().orElseThrow();
        group.write(offset, width, value);
        group.read(offset, width);
        int counter = (int) value & 7;
        group.write(CounterGroupRegisters.EVTYPER + 4L * counter, 4, value >>> 3);
        group.write(CounterGroupRegisters.CNTENSET0, 8, value >>> 8);
        group.write(CounterGroupRegisters.INTENSET0, 8, value >>> 16);
        group.write(CounterGroupRegisters.CR, 4, 1);
    }

    private void transaction(boolean write) {
        byte[] data = new byte[input.u8()];
        int pasid = pasid();
        int access = access();
        long at = address();
        result(
                write
                        ? machine.port.write(pasid, access, at, data, 0, data.length)
                        : machine.port.read(pasid, access, at, data, 0, data.length),
                data.length);
    }

    private static void result(long result, int length) {
        long moved = DmaResult.bytes(result);
        check(moved >= 0 && moved <= length, "moved " + moved + " of " + length);
    }

    private int pasid() {
        int value = input.u8();
        return value == 0 ? -1 : value < 0xf0 ? value - 1 : (int) (input.bytes(3) & 0xfffff);
    }

    private int access() {
        return input.u8() & 15;
    }

    private long address() {
        return input.flag() ? input.bytes(2) : input.word(TestMachine.RAM);
    }

    /** Somewhere in the structures. */
    private long memory() {
        return switch (input.u8() % 6) {
            case 0 -> machine.entryAddress(TestMachine.STREAM) + input.u8() % 64;
            case 1 -> contexts + input.bytes(2) % 1024;
            case 2 -> table + input.bytes(2) % 4096;
            case 3 -> machine.commandQueue + input.bytes(2) % 1024;
            case 4 -> TestMachine.RAM + (input.bytes(2) << 3);
            default -> TestMachine.RAM + (input.bytes(4) & TestMachine.RAM_SIZE - 1);
        };
    }

    /** Flips a field of the stream table entry or of a context descriptor to a value. */
    private void damage() {
        boolean entry = input.flag();
        List<Field> fields =
                entry ? StreamTableEntry.STRUCTURE.fields() : ContextDescriptor.STRUCTURE.fields();
        Field field = fields.get(input.below(fields.size()));
        long base = entry ? machine.entryAddress(TestMachine.STREAM) : contexts;
        long at = base + 8L * field.word();
        long value =
                field.width() > 16 ? input.word(TestMachine.RAM) >>> field.lsb() : input.bytes(2);
        machine.memory.writeLong(at, field.set(machine.memory.readLong(at), value));
        if (input.flag()) {
            machine.invalidateConfiguration();
        }
    }

    /** Every record is one of the architecture's, with nothing in its RES0 bits. */
    private static void checkEvents(List<TestMachine.Event> events) {
        for (TestMachine.Event event : events) {
            EventType type = event.type();
            long[] words = {event.w0(), event.w1(), event.w2(), event.w3()};
            for (int i = 0; i < 4; i++) {
                long extra = words[i] & ~type.structure().definedBits(i);
                check(extra == 0, type + " has RES0 bits of word " + i + ": " + extra);
            }
        }
    }

    private static void check(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
