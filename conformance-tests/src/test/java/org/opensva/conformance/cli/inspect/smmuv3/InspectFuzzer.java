package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.fuzz.FuzzInput;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.model.SmmuProfile;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A fuzzing target: bytes are a dump. Whatever is in it can be listed, and one access is explained
 * as the model carries it out.
 */
public final class InspectFuzzer {

    private static final long RAM = 0x4000_0000L;
    private static final int RAM_BYTES = 1 << 20;
    private static final int STREAM = 3;

    private InspectFuzzer() {}

    /**
     * Lists the dump and explains an access.
     *
     * @param data any bytes
     */
    public static void fuzzerTestOneInput(byte[] data) {
        FuzzInput input = new FuzzInput(data);
        RecordedMemory memory = new RecordedMemory(List.of(new Recording.Ram(RAM, RAM_BYTES)));
        Map<Register, Long> registers = registers(input.u8());
        tables(input, memory);
        int damages = input.u8() % 16;
        for (int i = 0; i < damages; i++) {
            damage(input, registers, memory);
        }
        Snapshot state = new Snapshot(registers, memory);
        Overview.of(state);
        int kind = input.u8();
        Access access =
                new Access(
                        (kind & 16) == 0 ? STREAM : (int) input.bytes(4),
                        (kind & 32) == 0 ? -1 : input.below(1 << 16),
                        (kind & 64) == 0 ? input.bytes(2) : input.word(RAM),
                        Kind.values()[(kind & 3) % 3],
                        (kind & 4) != 0);
        Explanation explanation = Explainer.explain(state, access);
        Seen seen;
        try {
            seen = ModelRun.run(state, access);
        } catch (IllegalArgumentException e) {
            return; // an SMMU that the model cannot be
        }
        if (!seen.agrees(explanation.ending())) {
            throw new AssertionError(access + ": " + explanation.ending() + " but " + seen);
        }
    }

    private static Map<Register, Long> registers(int choice) {
        SmmuProfile profile =
                (choice & 1) != 0
                        ? SmmuProfile.nested()
                        : (choice & 0x40) != 0 ? SmmuProfile.complete() : SmmuProfile.sva();
        long idr0 = profile.idr0();
        long idr5 = profile.idr5();
        if ((choice & 2) != 0) {
            idr0 = Idr0.STALL_MODEL.set(idr0, 1) | Idr0.TERM_MODEL.mask();
            idr5 = Idr5.STALL_MAX.set(idr5, 0);
        }
        if ((choice & 4) != 0) {
            idr0 &= ~(Idr0.HTTU.mask() | Idr0.CD2L.mask() | Idr0.ASID16.mask());
        }
        if ((choice & 8) != 0) {
            idr5 = Idr5.OAS.set(idr5, choice >>> 6);
        }
        Map<Register, Long> registers = new EnumMap<>(Register.class);
        registers.put(Register.IDR0, idr0);
        registers.put(Register.IDR1, (choice & 16) == 0 ? profile.idr1() : Idr1.SIDSIZE.place(16));
        registers.put(Register.IDR3, (choice & 32) == 0 ? profile.idr3() : 0);
        registers.put(Register.IDR5, idr5);
        registers.put(Register.AIDR, profile.aidr());
        registers.put(Register.CR0, 0x1fL);
        registers.put(Register.CR2, 0b1010L);
        registers.put(Register.STRTAB_BASE, RAM);
        registers.put(Register.STRTAB_BASE_CFG, 5L);
        registers.put(Register.CMDQ_BASE, RAM + 0x1000 | 4);
        registers.put(Register.EVENTQ_BASE, RAM + 0x2000 | 4);
        registers.put(Register.PRIQ_BASE, RAM + 0x3000 | 4);
        return registers;
    }

    /** A stream with stage 1, three levels of tables and one page. */
    private static void tables(FuzzInput input, RecordedMemory memory) {
        int shape = input.u8();
        long entry = RAM + 64L * STREAM;
        long contexts = RAM + 0x4000;
        memory.writeLong(entry, contexts | (shape & 1) << 59 - 32 | 0b1011);
        memory.writeLong(entry + 8, 2 | 1L << 28);
        long t0sz = 25 + (shape >>> 1 & 7);
        long tg = shape >>> 4 & 3;
        memory.writeLong(
                contexts,
                t0sz | tg << 6 | 1L << 30 | 1L << 31 | 5L << 32 | 1L << 41 | 1L << 45 | 1L << 46);
        memory.writeLong(contexts + 8, RAM + 0x10000);
        memory.writeLong(RAM + 0x10000, RAM + 0x20000 | 3);
        memory.writeLong(RAM + 0x20000, RAM + 0x30000 | 3);
        memory.writeLong(RAM + 0x30000, RAM + 0x40000 | 0x743);
    }

    private static void damage(
            FuzzInput input, Map<Register, Long> registers, RecordedMemory memory) {
        int kind = input.u8();
        switch (kind % 5) {
            case 0, 1 -> {
                List<Field> fields =
                        kind % 5 == 0
                                ? StreamTableEntry.STRUCTURE.fields()
                                : ContextDescriptor.STRUCTURE.fields();
                Field field = fields.get(input.below(fields.size()));
                long at = (kind % 5 == 0 ? RAM + 64L * STREAM : RAM + 0x4000) + 8L * field.word();
                long value = field.width() > 16 ? input.word(RAM) >>> field.lsb() : input.bytes(2);
                memory.writeLong(at, field.set(memory.readLong(at), value));
            }
            case 2 -> {
                long at = RAM + 0x10000 + 0x10000L * (input.u8() % 4) + 8L * (input.u8() % 4);
                memory.writeLong(at, memory.readLong(at) ^ 1L << (input.u8() & 63));
            }
            case 3 -> {
                long at = RAM + (input.bytes(2) << 3 & RAM_BYTES - 1);
                memory.writeLong(at, input.word(RAM));
            }
            default -> {
                Register[] all = Register.values();
                registers.put(all[input.below(all.length)], input.word(RAM));
            }
        }
    }
}
