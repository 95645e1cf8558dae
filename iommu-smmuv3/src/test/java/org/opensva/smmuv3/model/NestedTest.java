package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.ArrayList;
import java.util.List;

/** Stage 1 of a guest through stage 2 of its hypervisor, PASIDs included. */
class NestedTest {

    private static final int VMID = 0x1234;
    private static final int ASID = 3;
    private static final int PASID = 2;
    private static final long VA = 0x7700_0000L;

    /** Distance from an intermediate address to its physical one. */
    private static final long SHIFT = 0x1000_0000L;

    private static final long S2_RW = 1L << 10 | 3L << 6 | 0xfL << 2 | 0b11;

    private final TestMachine machine = new TestMachine(SmmuProfile.nested());
    private final long[] command = new long[2];
    private final List<Long> shown = new ArrayList<>();
    private long second;
    private long table;
    private long contexts;
    private long page;

    @BeforeEach
    void bind() {
        second = machine.newTable(Granule.K4);
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, guest(page), TestMachine.PAGE_RW);
        machine.map(table, VA + 4096, guest(page), TestMachine.PAGE_RW);
        // The guest's tables point to each other by intermediate addresses.
        long at = table;
        for (int level = 0; level < 3; level++) {
            long slot = at + 8 * (VA >>> 39 - 9 * level & 511);
            long next = machine.memory.readLong(slot);
            machine.memory.writeLong(slot, guest(next & -4096L) | 3);
            at = next & -4096L;
            show(at);
        }
        machine.writeWords(
                contexts + 64 * PASID, machine.context(guest(table), Granule.K4, 48, ASID));
        show(table);
        show(contexts + 64 * PASID);
        show(page);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry());
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private static long guest(long physical) {
        return physical - SHIFT;
    }

    /** Makes a page of the host visible to the guest. */
    private void show(long physical) {
        shown.add(physical);
        show(physical, S2_RW);
    }

    private void show(long physical, long attributes) {
        machine.map(second, guest(physical) & -4096L, physical & -4096L, attributes);
    }

    private long stage2Descriptor(long physical) {
        return machine.descriptorAddress(
                second, Granule.K4, 48, guest(physical) & -4096L, 3, false);
    }

    private long[] entry() {
        long[] words = machine.stage1Entry(guest(contexts), 8);
        StreamTableEntry.CONFIG.put(words, 0, StreamTableEntry.CONFIG_NESTED);
        StreamTableEntry.S2VMID.put(words, 0, VMID);
        StreamTableEntry.S2T0SZ.put(words, 0, 16);
        StreamTableEntry.S2SL0.put(words, 0, 2);
        StreamTableEntry.S2PS.put(words, 0, 5);
        StreamTableEntry.S2AA64.put(words, 0, 1);
        StreamTableEntry.S2R.put(words, 0, 1);
        words[3] |= second;
        return words;
    }

    private long read() {
        return machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8);
    }

    private long write() {
        return machine.port.write(PASID, Access.WRITE, VA, new byte[8], 0, 8);
    }

    private void send() {
        machine.command(command);
        machine.sync();
        assertTrue(machine.allConsumed());
    }

    @Test
    void bothStagesTranslate() {
        machine.memory.writeLong(page, 0x55);
        byte[] got = new byte[8];
        assertEquals(DmaResult.complete(8), machine.port.read(PASID, Access.READ, VA, got, 0, 8));
        assertEquals(0x55, got[0]);
        assertEquals(DmaResult.complete(8), read(), "and again, from the IOTLB");
    }

    @Test
    void aStage2FaultNamesTheClassAndTheIntermediateAddress() {
        machine.memory.writeLong(stage2Descriptor(contexts + 64 * PASID), 0);
        read();
        TestMachine.Event event = machine.event();
        assertEquals(EventType.F_TRANSLATION, event.type());
        assertEquals(1L << 35 | 1L << 39, event.w1(), "CLASS CD");
        assertEquals(guest(contexts + 64 * PASID) & -4096L, event.w3());
        show(contexts + 64 * PASID);
        machine.memory.writeLong(stage2Descriptor(table), 0);
        read();
        event = machine.event();
        assertEquals(1L << 35 | 1L << 39 | 1L << 40, event.w1(), "CLASS TT");
        assertEquals(guest(table), event.w3());
        show(table);
        show(page, S2_RW & ~(1L << 7));
        write();
        event = machine.event();
        assertEquals(EventType.F_PERMISSION, event.type());
        assertEquals(1L << 39 | 2L << 40, event.w1(), "CLASS IN");
        assertEquals(guest(page), event.w3());
        assertEquals(VA, event.w2());
    }

    @Test
    void whoStillUsesAnOlderEntryLeavesNothingToTheMachineOfTheNewerOne() {
        // Another machine, which sees the same but for the page.
        long others = machine.newTable(Granule.K4);
        long pageOfOther = machine.allocate(4096, 4096);
        for (long physical : shown) {
            long seen = physical == page ? pageOfOther : physical;
            machine.map(others, guest(physical) & -4096L, seen & -4096L, S2_RW);
        }
        machine.memory.writeLong(page, 1);
        machine.memory.writeLong(pageOfOther, 2);
        long[] newer = entry();
        StreamTableEntry.S2VMID.put(newer, 0, VMID + 1);
        newer[3] += others - second;
        byte[] got = new byte[8];
        long end = machine.entryAddress(TestMachine.STREAM) + 56;
        machine.memory.afterRead =
                address -> {
                    if (address == end) {
                        // The older entry has been read; now all is changed and cached anew.
                        machine.memory.afterRead = next -> {};
                        machine.writeWords(machine.entryAddress(TestMachine.STREAM), newer);
                        CommandEncoder.cfgiSte(command, 0, TestMachine.STREAM, true);
                        machine.command(command);
                        machine.port.read(PASID, Access.READ, VA + 4096, got, 0, 8);
                        assertEquals(2, got[0]);
                    }
                };
        assertEquals(DmaResult.complete(8), read());
        machine.sync();
        assertEquals(DmaResult.complete(8), machine.port.read(PASID, Access.READ, VA, got, 0, 8));
        assertEquals(2, got[0], "the page of the machine that the stream belongs to now");
    }

    @Test
    void theHypervisorTakesAPageAwayWithBothInvalidations() {
        assertEquals(DmaResult.complete(8), read());
        machine.memory.writeLong(stage2Descriptor(page), 0);
        CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_S2_IPA, VMID + 1, 0, guest(page), true);
        send();
        CommandEncoder.tlbiNhAll(command, 0, VMID + 1);
        send();
        assertEquals(DmaResult.complete(8), read(), "another virtual machine");
        CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_S2_IPA, VMID, 0, guest(page), true);
        send();
        assertEquals(DmaResult.complete(8), read(), "combined entries are not meant");
        CommandEncoder.tlbiNhAll(command, 0, VMID);
        send();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read()));
    }

    @Test
    void oneCommandTakesBothStagesOfAMachine() {
        assertEquals(DmaResult.complete(8), read());
        machine.memory.writeLong(stage2Descriptor(page), 0);
        CommandEncoder.tlbiS12Vmall(command, 0, VMID);
        send();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read()));
    }

    @Test
    void hardwareUpdatesFlagsAtBothStages() {
        long[] cd = machine.context(guest(table), Granule.K4, 48, ASID);
        ContextDescriptor.HA.put(cd, 0, 1);
        ContextDescriptor.HD.put(cd, 0, 1);
        machine.writeWords(contexts + 64 * PASID, cd);
        long[] words = entry();
        StreamTableEntry.S2HA.put(words, 0, 1);
        StreamTableEntry.S2HD.put(words, 0, 1);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        machine.invalidateConfiguration();
        long first = leaf();
        long clean = guest(page) | TestMachine.PAGE_RO & ~(1L << 10) | 1L << 51;
        machine.memory.writeLong(first, clean);
        long cleanSecond = S2_RW & ~(1L << 10 | 1L << 7) | 1L << 51;
        show(page, cleanSecond);
        show(first, cleanSecond);
        assertEquals(DmaResult.complete(8), write());
        assertEquals((clean | 1L << 10) & ~(1L << 7), machine.memory.readLong(first));
        long wanted = 1L << 10 | 1L << 7;
        assertEquals(wanted, machine.memory.readLong(stage2Descriptor(page)) & wanted);
        assertEquals(
                wanted,
                machine.memory.readLong(stage2Descriptor(first)) & wanted,
                "the table was written through stage 2");
    }

    /** The leaf descriptor of the guest's page. */
    private long leaf() {
        long at = table;
        for (int level = 0; level < 3; level++) {
            long next = machine.memory.readLong(at + 8 * (VA >>> 39 - 9 * level & 511));
            at = (next & 0xffff_ffff_f000L) + SHIFT;
        }
        return at + 8 * (VA >>> 12 & 511);
    }

    @Test
    void splitStageAtsAnswersWithTheIntermediateAddressAndTranslatesItLater() {
        long[] words = entry();
        StreamTableEntry.EATS.put(words, 0, StreamTableEntry.EATS_SPLIT);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        machine.invalidateConfiguration();
        long[] entries = new long[1];
        for (int i = 0; i < 2; i++) {
            assertEquals(1, machine.port.translate(PASID, Access.READ | Access.WRITE, VA, entries));
            assertEquals(guest(page), TranslationEntry.address(entries[0]));
        }
        machine.memory.writeLong(page + 8, 0x77);
        byte[] got = new byte[8];
        long result = machine.port.readTranslated(guest(page) + 8, got, 0, 8);
        assertEquals(DmaResult.complete(8), result);
        assertEquals(0x77, got[0]);
        result = machine.port.readTranslated(0x77_0000_0000L, got, 0, 8);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(result));
        assertEquals(EventType.F_TRANSLATION, machine.event().type());
    }

    @Test
    void fullAtsAnswersWithThePhysicalAddressAndThePermissionsOfBothStages() {
        show(page, S2_RW & ~(1L << 7));
        long[] entries = new long[1];
        machine.port.translate(PASID, Access.READ | Access.WRITE, VA, entries);
        assertEquals(page, TranslationEntry.address(entries[0]));
        assertEquals(Access.READ, TranslationEntry.access(entries[0]));
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void withoutPasidOnlyStage2MayTranslate() {
        long[] words = entry();
        StreamTableEntry.S1DSS.put(words, 0, StreamTableEntry.S1DSS_BYPASS);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        machine.invalidateConfiguration();
        assertEquals(
                DmaResult.complete(8),
                machine.port.read(Pasid.NONE, Access.READ, guest(page), new byte[8], 0, 8));
        machine.port.read(Pasid.NONE, Access.READ, 0x100, new byte[8], 0, 8);
        assertEquals(1L << 35 | 1L << 39 | 2L << 40, machine.event().w1());
        machine.port.read(Pasid.NONE, Access.READ, 1L << 50, new byte[8], 0, 8);
        TestMachine.Event event = machine.event();
        assertEquals(EventType.F_ADDR_SIZE, event.type());
        assertEquals(1L << 35 | 2L << 40, event.w1(), "stage 1, which is bypassed");
    }

    @Test
    void aGuestsBlockInSmallPagesOfTheHostDiesAsOne() {
        long block = machine.allocate(2L << 20, 2L << 20);
        long va = 5L << 21;
        for (long at = block; at < block + (2L << 20); at += 4096) {
            show(at);
        }
        long first = table;
        for (int level = 0; level < 2; level++) {
            long slot = first + 8 * (va >>> 39 - 9 * level & 511);
            long next = machine.memory.readLong(slot);
            if (next == 0) {
                long made = machine.newTable(Granule.K4);
                show(made);
                next = guest(made) | 3;
                machine.memory.writeLong(slot, next);
            }
            first = (next & 0xffff_ffff_f000L) + SHIFT;
        }
        long slot = first + 8 * (va >>> 21 & 511);
        long attributes = TestMachine.PAGE_RW & ~2L;
        for (Opcode opcode : new Opcode[] {Opcode.TLBI_NH_VA, Opcode.TLBI_NH_VAA}) {
            machine.memory.writeLong(slot, guest(block) | attributes);
            for (int i = 0; i < 512; i += 100) {
                assertTrue(reaches(va + i * 4096L));
            }
            machine.memory.writeLong(slot, 0);
            assertTrue(reaches(va + 300 * 4096L), "from the IOTLB");
            CommandEncoder.tlbiAddress(command, 0, opcode, VMID, ASID, va + 7 * 4096L, true);
            send();
            for (int i = 0; i < 512; i += 100) {
                assertEquals(false, reaches(va + i * 4096L), opcode + " page " + i);
            }
            machine.events();
        }
    }

    private boolean reaches(long va) {
        return DmaResult.isComplete(machine.port.read(PASID, Access.READ, va, new byte[8], 0, 8));
    }

    @Test
    void tablesInDeviceMemoryAreRefusedWhereTheyAreProtected() {
        long device = S2_RW & ~(0xfL << 2) | 1L << 2;
        show(table, device);
        assertEquals(DmaResult.complete(8), read(), "S2PTW is 0");
        long[] words = entry();
        StreamTableEntry.S2PTW.put(words, 0, 1);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
        machine.invalidateConfiguration();
        CommandEncoder.tlbiS12Vmall(command, 0, VMID);
        send();
        for (int i = 0; i < 2; i++) {
            read();
            TestMachine.Event event = machine.event();
            assertEquals(EventType.F_PERMISSION, event.type());
            assertEquals(1L << 40, event.w1() & 3L << 40, "CLASS TT");
            assertEquals(guest(table), event.w3());
        }
    }
}
