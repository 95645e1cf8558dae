package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.Objects;

/** Memory types, hints and shareability, from whatever says something about them to the output. */
class MemoryAttributesTest {

    private static final int WB = 0xff;
    private static final int NC = 0x44;
    private static final int NGNRE = 0x04;

    @Test
    void theExamplesOfTheSpecification() {
        // Section 13.1.5.1.
        MemoryAttributes device = MemoryAttributes.ofMair(NGNRE, 0);
        MemoryAttributes mixed = MemoryAttributes.ofMair(0x4f, 3);
        assertEquals(device, mixed.combine(device));
        assertEquals(
                MemoryAttributes.ofMair(0x00, 0), device.combine(MemoryAttributes.ofMair(0x00, 0)));
        MemoryAttributes through = MemoryAttributes.ofMair(0b0010_1011, 2);
        assertEquals(new MemoryAttributes(4, 0b1011, 2), mixed.combine(through));
    }

    @Test
    void everyCombinationIsTheStrongerOfEachProperty() {
        for (int one = 0; one < 256; one++) {
            for (int other = 0; other < 256; other++) {
                int sh = one + other & 3;
                MemoryAttributes got =
                        MemoryAttributes.ofMair(one, sh)
                                .combine(MemoryAttributes.ofMair(other, other & 3));
                ReferenceAttributes wanted =
                        ReferenceAttributes.mair(one, sh)
                                .combine(ReferenceAttributes.mair(other, other & 3));
                assertEquals(wanted.encoded(), got.mair(), one + " with " + other);
                assertEquals(wanted.sh(), got.shareability(), one + " with " + other);
            }
        }
    }

    @Test
    void reservedAttributesAreWhatTheContextDescriptorSays() {
        // Section 5.4, CD.MAIR.
        assertEquals(0x00, MemoryAttributes.ofMair(0x03, 0).mair());
        assertEquals(0x0c, MemoryAttributes.ofMair(0x0d, 0).mair());
        assertEquals(0xf3, MemoryAttributes.ofMair(0xf0, 0).mair());
        assertEquals(2, MemoryAttributes.ofMair(NC, 0).shareability());
        assertEquals(0, MemoryAttributes.ofMair(WB, 1).shareability());
        for (int reserved : new int[] {4, 8, 12}) {
            assertEquals(0, MemoryAttributes.ofStage2(reserved, 3).mair());
        }
    }

    private static MemoryAttributes tap(TestMachine machine, int pasid, long va) {
        Lane lane = new Lane();
        assertTrue(lane.tryEnter());
        SmmuTap.Result result =
                SmmuTap.translate(machine, pasid, Access.READ, va, false, true, lane);
        lane.leave();
        assertEquals("", result.fault());
        return Objects.requireNonNull(result.attributes());
    }

    @Test
    void aDisabledSmmuOverridesWhatPasses() {
        try (TestMachine machine = new TestMachine(SmmuProfile.complete())) {
            assertEquals(new MemoryAttributes(15, 15, 0), tap(machine, -1, 0x1000));
            gbpa(machine, Gbpa.SHCFG.place(3) | Gbpa.ALLOCCFG.place(0b1101));
            assertEquals(new MemoryAttributes(0b0110, 0b0110, 3), tap(machine, -1, 0x1000));
            gbpa(machine, Gbpa.SHCFG.place(3) | Gbpa.MTCFG.mask() | Gbpa.MEMATTR.place(0b0101));
            assertEquals(new MemoryAttributes(4, 4, 2), tap(machine, -1, 0x1000));
        }
        try (TestMachine machine = new TestMachine(SmmuProfile.nested())) {
            gbpa(machine, Gbpa.SHCFG.place(3) | Gbpa.MTCFG.mask());
            assertEquals(new MemoryAttributes(15, 15, 0), tap(machine, -1, 0x1000));
        }
    }

    private static void gbpa(TestMachine machine, long value) {
        machine.smmu.write(Register.GBPA.offset(), 4, value | 1L << 31);
    }

    @Test
    void aBypassingStreamOverridesWhatPasses() {
        try (TestMachine machine = new TestMachine(SmmuProfile.complete())) {
            long[] ste = new long[8];
            StreamTableEntry.V.put(ste, 0, 1);
            StreamTableEntry.CONFIG.put(ste, 0, StreamTableEntry.CONFIG_BYPASS);
            StreamTableEntry.MTCFG.put(ste, 0, 1);
            StreamTableEntry.MEMATTR.put(ste, 0, 0b1011);
            StreamTableEntry.SHCFG.put(ste, 0, 2);
            StreamTableEntry.ALLOCCFG.put(ste, 0, 0b1001);
            machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
            machine.enable();
            // Write-through outside, write-back inside; what allocates nothing is not transient.
            assertEquals(new MemoryAttributes(0b1000, 0b1100, 2), tap(machine, -1, 0x1000));
        }
    }

    @Test
    void stage1SaysByIndexAndStage2CombinesOrForces() {
        try (TestMachine machine = new TestMachine(SmmuProfile.complete())) {
            long contexts = machine.allocate(64L << 8, 64L << 8);
            long table = machine.newTable(Granule.K4);
            long second = machine.newTable(Granule.K4);
            long page = machine.allocate(4096, 4096);
            long[] cd = machine.context(table, Granule.K4, 48, 1);
            cd[3] = 0x0000_0000_00_44_04_ffL;
            ContextDescriptor.SH0.put(cd, 0, 3);
            machine.writeWords(contexts + 64, cd);
            long[] ste = machine.stage1Entry(contexts, 8);
            machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
            machine.enable();
            for (int index = 0; index < 3; index++) {
                long attributes = TestMachine.PAGE_RW & ~(3L << 8) | (long) index << 2;
                machine.map(table, index * 4096L, page, attributes | 3L << 8);
            }
            assertEquals(new MemoryAttributes(15, 15, 3), tap(machine, 1, 0));
            assertEquals(MemoryAttributes.ofMair(NGNRE, 2), tap(machine, 1, 4096));
            assertEquals(MemoryAttributes.ofMair(NC, 2), tap(machine, 1, 8192));
            // The same in a machine whose pages are write-through, non-shareable.
            long end = machine.allocate(4096, 4096);
            for (long at = TestMachine.RAM; at < end; at += 4096) {
                machine.map(second, at, at, 1L << 10 | 3L << 6 | 0b1010L << 2);
            }
            StreamTableEntry.CONFIG.put(ste, 0, StreamTableEntry.CONFIG_NESTED);
            StreamTableEntry.S2T0SZ.put(ste, 0, 16);
            StreamTableEntry.S2SL0.put(ste, 0, 2);
            StreamTableEntry.S2PS.put(ste, 0, 6);
            StreamTableEntry.S2AA64.put(ste, 0, 1);
            ste[3] |= second;
            machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
            machine.invalidateConfiguration();
            assertEquals(new MemoryAttributes(0b1011, 0b1011, 3), tap(machine, 1, 0));
            assertEquals(MemoryAttributes.ofMair(NGNRE, 2), tap(machine, 1, 4096));
            // And in one that forces write-back: MemAttr 0b0110 with S2FWB.
            StreamTableEntry.S2FWB.put(ste, 0, 1);
            machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
            machine.map(second, page, page, 1L << 10 | 3L << 6 | 0b0110L << 2);
            machine.invalidateConfiguration();
            assertEquals(new MemoryAttributes(15, 15, 3), tap(machine, 1, 0));
            assertEquals(new MemoryAttributes(15, 15, 2), tap(machine, 1, 4096));
            assertEquals(new MemoryAttributes(15, 15, 2), tap(machine, 1, 8192));
        }
    }
}
