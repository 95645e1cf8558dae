package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;

import java.util.Random;

/** What an invalidation takes, and what it leaves. */
class InvalidationScopeTest {

    private static final int ASID = 3;
    private static final long VA = 0x1_0000_0000L;

    private final TestMachine machine = new TestMachine();
    private final long[] command = new long[2];
    private long table;
    private long page;

    @BeforeEach
    void bind() {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.writeWords(contexts + 64, machine.context(table, Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private boolean reaches(long address) {
        return DmaResult.isComplete(machine.port.read(1, Access.READ, address, new byte[8], 0, 8));
    }

    private void send() {
        machine.command(command);
        machine.sync();
        assertTrue(machine.allConsumed());
        machine.events();
    }

    private void page(long address, boolean leaf) {
        CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VA, 0, ASID, address, leaf);
        send();
    }

    @Test
    void tableDescriptorsStayWhenOnlyTheLeafIsMeant() {
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches(VA));
        long pointer = machine.descriptorAddress(table, Granule.K4, 48, VA, 2, false);
        machine.memory.writeLong(pointer, 0);
        page(VA, true);
        assertTrue(reaches(VA), "the table is found without its descriptor");
        page(VA, false);
        assertFalse(reaches(VA));
    }

    @Test
    void tableDescriptorsOfAllSpacesAreTreatedAlike() {
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches(VA));
        long pointer = machine.descriptorAddress(table, Granule.K4, 48, VA, 2, false);
        machine.memory.writeLong(pointer, 0);
        for (boolean leaf : new boolean[] {true, false}) {
            CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VAA, 0, 0, VA, leaf);
            send();
            assertEquals(leaf, reaches(VA));
        }
    }

    @Test
    void rangesAreLargerAndBlocksHigherWithLargeAddresses() {
        for (boolean large : new boolean[] {false, true}) {
            SmmuProfile profile = large ? SmmuProfile.complete() : SmmuProfile.nested();
            try (TestMachine other = new TestMachine(profile)) {
                long contexts = other.allocate(64L << 8, 64L << 8);
                long root = other.newTable(Granule.K4);
                other.writeWords(contexts + 64, other.context(root, Granule.K4, 48, ASID));
                other.stage1(contexts, 8);
                other.enable();
                other.map(root, 1L << 40, page, TestMachine.PAGE_RW);
                assertTrue(reaches(other, 1, 1L << 40));
                other.unmap(root, 1L << 40);
                // SCALE has a sixth bit with SMMU_IDR5.DS; without it that is RES0 (4.4.1.1).
                CommandEncoder.tlbiRange(
                        command, 0, Opcode.TLBI_NH_VA, 0, ASID, 0, true, Granule.K4, 0, 32, 3);
                other.command(command);
                other.sync();
                assertTrue(other.allConsumed());
                assertEquals(!large, reaches(other, 1, 1L << 40));
                // A block at level 1 of 16 KB tables, which is reserved without SMMU_IDR5.DS.
                CommandEncoder.tlbiRange(
                        command, 0, Opcode.TLBI_NH_VA, 0, ASID, 0, true, Granule.K16, 0, 0, 1);
                other.command(command);
                assertEquals(large ? 0 : 1, other.commandError());
            }
        }
    }

    @Test
    void everyLevelOfTheWalkCacheIsDroppedWhereTheRangeTouchesIt() {
        for (int level = 0; level < 3; level++) {
            machine.map(table, VA, page, TestMachine.PAGE_RW);
            machine.map(table, VA + 4096, page, TestMachine.PAGE_RW);
            machine.map(table, VA + 8192, page, TestMachine.PAGE_RW);
            assertTrue(reaches(VA));
            long pointer = machine.descriptorAddress(table, Granule.K4, 48, VA, level, false);
            long old = machine.memory.readLong(pointer);
            machine.memory.writeLong(pointer, 0);
            page(VA + (1L << 40), false);
            assertTrue(reaches(VA + 4096), "nothing of this table was meant");
            page(VA + 0x1f_f000, false);
            assertTrue(reaches(VA + 4096), "a page of its own in the IOTLB");
            assertFalse(reaches(VA + 8192), "level " + level);
            machine.memory.writeLong(pointer, old);
            CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
            send();
        }
    }

    @Test
    void aRangeTakesExactlyWhatItSpans() {
        Random random = new Random(11);
        for (int round = 0; round < 40; round++) {
            boolean[] mapped = new boolean[64];
            for (int i = 0; i < 64; i++) {
                machine.map(table, VA + i * 4096L, page, TestMachine.PAGE_RW);
            }
            for (int i = 0; i < 64; i++) {
                assertTrue(reaches(VA + i * 4096L));
                machine.unmap(table, VA + i * 4096L);
                mapped[i] = true;
            }
            int scale = random.nextInt(4);
            int num = random.nextInt(8);
            int start = random.nextInt(64);
            int pages = num + 1 << scale;
            CommandEncoder.tlbiRange(
                    command,
                    0,
                    Opcode.TLBI_NH_VA,
                    0,
                    ASID,
                    VA + start * 4096L,
                    true,
                    Granule.K4,
                    num,
                    scale,
                    3);
            send();
            for (int i = 0; i < 64; i++) {
                boolean hit = i >= start && i < start + pages;
                assertEquals(!hit, reaches(VA + i * 4096L), "page " + i + " of round " + round);
            }
            machine.events();
            page(VA, false);
            CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
            send();
        }
    }

    @Test
    void aRangeLargerThanTheCacheStillTakesItAll() {
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches(VA));
        machine.unmap(table, VA);
        CommandEncoder.tlbiRange(
                command, 0, Opcode.TLBI_NH_VA, 0, ASID, 0, true, Granule.K4, 31, 31, 0);
        send();
        assertFalse(reaches(VA));
    }

    @Test
    void granuleAndLevelAreHintsThatAreKept() {
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches(VA));
        machine.unmap(table, VA);
        for (Granule other : new Granule[] {Granule.K16, Granule.K64}) {
            CommandEncoder.tlbiRange(
                    command, 0, Opcode.TLBI_NH_VA, 0, ASID, VA, true, other, 0, 0, 3);
            send();
            assertTrue(reaches(VA), "an entry of another granule");
        }
        CommandEncoder.tlbiRange(
                command, 0, Opcode.TLBI_NH_VA, 0, ASID, VA, true, Granule.K4, 0, 0, 2);
        send();
        assertTrue(reaches(VA), "an entry of another level");
        CommandEncoder.tlbiRange(
                command, 0, Opcode.TLBI_NH_VA, 0, ASID, VA, true, Granule.K4, 0, 0, 3);
        send();
        assertFalse(reaches(VA));
    }

    @Test
    void anAddressWithinABlockTakesTheBlock() {
        long block = TestMachine.RAM + (16L << 21);
        machine.map(table, Granule.K4, 48, 9L << 21, 2, block, TestMachine.PAGE_RW);
        assertTrue(reaches((9L << 21) + 0x12_3000));
        long at = machine.descriptorAddress(table, Granule.K4, 48, 9L << 21, 2, false);
        machine.memory.writeLong(at, 0);
        page((9L << 21) - 4096, true);
        assertTrue(reaches(9L << 21));
        page((9L << 21) + 0x1f_f000, true);
        assertFalse(reaches(9L << 21));
    }

    @Test
    void evictionTakesOneEntryAtATime() {
        TestMachine small = new TestMachine(SmmuProfile.sva().withCaches(64, 16, 4));
        try (small) {
            long contexts = small.allocate(64L << 8, 64L << 8);
            long tables = small.newTable(Granule.K4);
            small.writeWords(contexts + 64, small.context(tables, Granule.K4, 48, ASID));
            small.stage1(contexts, 8);
            small.enable();
            for (int i = 0; i < 256; i++) {
                small.map(tables, VA + i * 4096L, page, TestMachine.PAGE_RW);
                small.port.read(1, Access.READ, VA + i * 4096L, new byte[8], 0, 8);
            }
            int kept = 0;
            for (int i = 0; i < 256; i++) {
                small.unmap(tables, VA + i * 4096L);
            }
            for (int i = 0; i < 256; i++) {
                long result = small.port.read(1, Access.READ, VA + i * 4096L, new byte[8], 0, 8);
                kept += DmaResult.isComplete(result) ? 1 : 0;
            }
            assertEquals(64, kept, "a full cache stays full");
        }
    }

    @Test
    void streamRangesCoverTheirStreamsAndNoOthers() {
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches(VA));
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), 0L);
        CommandEncoder.cfgiSteRange(command, 0, TestMachine.STREAM + 8, 2);
        send();
        assertTrue(reaches(VA));
        command[0] = Opcode.CFGI_STE_RANGE.code() | Command.STREAMID.place(TestMachine.STREAM ^ 3);
        command[1] = 1;
        send();
        assertFalse(reaches(VA));
    }

    @Test
    void anAddressInAllSpacesLeavesTheOtherAddressesOfAllOfThem() {
        Random random = new Random(5);
        try (TestMachine other = new TestMachine(SmmuProfile.sva().withCaches(4096, 64, 64))) {
            long contexts = other.allocate(64L << 8, 64L << 8);
            long[] roots = new long[40];
            for (int pasid = 1; pasid < roots.length; pasid++) {
                roots[pasid] = other.newTable(Granule.K4);
                other.writeWords(
                        contexts + 64L * pasid,
                        other.context(roots[pasid], Granule.K4, 48, pasid * 77));
            }
            other.stage1(contexts, 8);
            other.enable();
            for (int round = 0; round < 6; round++) {
                for (int pasid = 1; pasid < roots.length; pasid++) {
                    for (int i = 0; i < 8; i++) {
                        long attributes = TestMachine.PAGE_RW & ~(i == 7 ? 1L << 11 : 0);
                        other.map(roots[pasid], VA + i * 4096L, page, attributes);
                        assertTrue(reaches(other, pasid, VA + i * 4096L));
                        other.unmap(roots[pasid], VA + i * 4096L);
                    }
                }
                int gone = random.nextInt(8);
                int count = 1 + random.nextInt(3);
                CommandEncoder.tlbiRange(
                        command,
                        0,
                        Opcode.TLBI_NH_VAA,
                        0,
                        0,
                        VA + gone * 4096L,
                        true,
                        Granule.K4,
                        count - 1,
                        0,
                        3);
                other.command(command);
                other.sync();
                for (int pasid = 1; pasid < roots.length; pasid++) {
                    for (int i = 0; i < 8; i++) {
                        boolean hit = i >= gone && i < gone + count;
                        assertEquals(!hit, reaches(other, pasid, VA + i * 4096L));
                        other.events();
                    }
                }
                CommandEncoder.tlbiNhAll(command, 0, 0);
                other.command(command);
                other.sync();
            }
        }
    }

    private static boolean reaches(TestMachine other, int pasid, long address) {
        return DmaResult.isComplete(
                other.port.read(pasid, Access.READ, address, new byte[8], 0, 8));
    }

    @Test
    void aHugeRangeOfOneSpaceOrOfAllLeavesWhatIsOutside() {
        for (Opcode opcode : new Opcode[] {Opcode.TLBI_NH_VA, Opcode.TLBI_NH_VAA}) {
            for (int i = 0; i < 64; i++) {
                machine.map(table, VA + i * 4096L, page, TestMachine.PAGE_RW);
                machine.map(table, i * 4096L, page, TestMachine.PAGE_RW);
                assertTrue(reaches(VA + i * 4096L));
                assertTrue(reaches(i * 4096L));
                machine.unmap(table, VA + i * 4096L);
                machine.unmap(table, i * 4096L);
            }
            CommandEncoder.tlbiRange(command, 0, opcode, 0, ASID, VA, true, Granule.K4, 31, 20, 3);
            send();
            for (int i = 0; i < 64; i++) {
                assertFalse(reaches(VA + i * 4096L));
                assertTrue(reaches(i * 4096L), opcode + " " + i);
                machine.events();
            }
            CommandEncoder.tlbiNhAll(command, 0, 0);
            send();
        }
    }
}
