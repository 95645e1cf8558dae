package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** The path that SVA takes: a PASID selects a CD, its tables translate, its faults are recorded. */
class SvaTranslationTest {

    private static final int PASID = 5;
    private static final int ASID = 7;
    private static final long VA = 0x7f12_3456_7000L;

    private final TestMachine machine = new TestMachine();
    private final byte[] data = new byte[64];
    private long contexts;
    private long table;
    private long page;

    @BeforeEach
    void bindOnePage() {
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        machine.writeWords(contexts + 64 * PASID, machine.context(table, Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i + 1);
        }
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private long write(long address) {
        return machine.port.write(PASID, Access.WRITE, address, data, 0, data.length);
    }

    private long read(long address, byte[] target) {
        return machine.port.read(PASID, Access.READ, address, target, 0, target.length);
    }

    @Test
    void aDeviceWritesAndReadsThroughTheTablesOfItsPasid() {
        assertEquals(DmaResult.complete(64), write(VA + 0x80));
        byte[] there = new byte[64];
        machine.memory.read(page + 0x80, there, 0, 64);
        assertArrayEquals(data, there);
        byte[] back = new byte[64];
        assertEquals(DmaResult.complete(64), read(VA + 0x80, back));
        assertArrayEquals(data, back);
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void anAccessOverTwoPagesIsSplitAndStopsAtTheFirstByteThatCannotBeMoved() {
        assertEquals(DmaResult.of(DmaStatus.ABORTED, 16), write(VA + 4096 - 16));
        TestMachine.Event event = machine.event();
        assertEquals(EventType.F_TRANSLATION, event.type());
        assertEquals(VA + 4096, event.w2());
        long second = machine.allocate(4096, 4096);
        machine.map(table, VA + 4096, second, TestMachine.PAGE_RW);
        assertEquals(DmaResult.complete(64), write(VA + 4096 - 16));
        assertEquals(machine.memory.readLong(second), 0x1817_1615_1413_1211L);
    }

    @Test
    void anUnmappedAddressIsRecordedBitForBit() {
        long result = machine.port.read(PASID, Access.READ, 0x1000, data, 0, 4);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(result));
        assertEquals(
                new TestMachine.Event(
                        0x10 | 1 << 11 | PASID << 12 | (long) TestMachine.STREAM << 32,
                        1L << 35 | 2L << 40,
                        0x1000,
                        0),
                machine.event());
    }

    @Test
    void aPrivilegedInstructionFetchIsRecordedAsSuch() {
        machine.port.read(PASID, Access.EXECUTE | Access.PRIVILEGED, 0x2000, data, 0, 4);
        assertEquals(1L << 33 | 1L << 34 | 1L << 35 | 2L << 40, machine.event().w1());
    }

    @Test
    void writingAReadOnlyPageIsAPermissionFault() {
        machine.map(table, VA, page, TestMachine.PAGE_RO);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write(VA)));
        assertEquals(EventType.F_PERMISSION, machine.event().type());
        assertEquals(DmaResult.complete(64), read(VA, new byte[64]));
    }

    @Test
    void aPageWithoutAccessFlagIsAnAccessFault() {
        machine.map(table, VA, page, TestMachine.PAGE_RW & ~(1L << 10));
        read(VA, new byte[4]);
        assertEquals(EventType.F_ACCESS, machine.event().type());
    }

    @Test
    void aTranslationStaysUntilItIsInvalidated() {
        write(VA);
        machine.unmap(table, VA);
        assertEquals(DmaResult.complete(64), write(VA), "the IOTLB forgot without being asked");
        machine.invalidatePage(ASID, VA + 4096);
        assertEquals(DmaResult.complete(64), write(VA), "another page was invalidated");
        machine.invalidatePage(ASID + 1, VA);
        assertEquals(DmaResult.complete(64), write(VA), "another address space was invalidated");
        machine.invalidatePage(ASID, VA);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write(VA)));
    }

    @Test
    void aContextStaysUntilItIsInvalidated() {
        write(VA);
        machine.writeWords(contexts + 64 * PASID, 0L);
        assertEquals(DmaResult.complete(64), write(VA));
        long[] c = new long[2];
        CommandEncoder.cfgiCd(c, 0, TestMachine.STREAM, PASID + 1, true);
        machine.command(c);
        machine.sync();
        assertEquals(DmaResult.complete(64), write(VA));
        CommandEncoder.cfgiCd(c, 0, TestMachine.STREAM, PASID, true);
        machine.command(c);
        machine.sync();
        write(VA);
        assertEquals(EventType.C_BAD_CD, machine.event().type());
    }

    @Test
    void aStreamTableEntryStaysUntilItIsInvalidated() {
        write(VA);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), 0L);
        assertEquals(DmaResult.complete(64), write(VA));
        long[] c = new long[2];
        CommandEncoder.cfgiSte(c, 0, TestMachine.STREAM, true);
        machine.command(c);
        machine.sync();
        write(VA);
        assertEquals(EventType.C_BAD_STE, machine.event().type());
    }

    @Test
    void globalEntriesServeEveryAddressSpaceAndOutliveTheirAsid() {
        long shared = TestMachine.PAGE_RW & ~(1L << 11);
        machine.map(table, VA, page, shared);
        write(VA);
        long empty = machine.newTable(Granule.K4);
        machine.writeWords(contexts + 64 * 6, machine.context(empty, Granule.K4, 48, ASID + 1));
        assertEquals(
                DmaResult.complete(4), machine.port.read(6, Access.READ, VA, new byte[4], 0, 4));
        machine.unmap(table, VA);
        long[] c = new long[2];
        CommandEncoder.tlbiNhAsid(c, 0, 0, ASID);
        machine.command(c);
        machine.sync();
        assertEquals(DmaResult.complete(64), write(VA));
        machine.invalidatePage(ASID, VA);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write(VA)));
    }

    @Test
    void asidInvalidationTakesTheWholeAddressSpaceAndNoOther() {
        long other = machine.newTable(Granule.K4);
        machine.map(other, VA, page, TestMachine.PAGE_RW);
        machine.writeWords(contexts + 64 * 6, machine.context(other, Granule.K4, 48, ASID + 1));
        write(VA);
        machine.port.read(6, Access.READ, VA, new byte[4], 0, 4);
        machine.unmap(table, VA);
        machine.unmap(other, VA);
        long[] c = new long[2];
        CommandEncoder.tlbiNhAsid(c, 0, 0, ASID);
        machine.command(c);
        machine.sync();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write(VA)));
        assertEquals(
                DmaResult.complete(4), machine.port.read(6, Access.READ, VA, new byte[4], 0, 4));
        assertEquals(1, machine.smmu.count(HardwareCounter.IOTLB_INVALIDATIONS));
    }

    @Test
    void withoutPasidTheFirstContextServesOrTheStreamIsDisabled() {
        machine.writeWords(contexts, machine.context(table, Granule.K4, 48, 9));
        assertEquals(
                DmaResult.complete(4),
                machine.port.read(Pasid.NONE, Access.READ, VA, new byte[4], 0, 4));
        machine.port.read(0, Access.READ, VA, new byte[4], 0, 4);
        assertEquals(EventType.F_STREAM_DISABLED, machine.event().type());
        long[] entry = machine.stage1Entry(contexts, 8);
        StreamTableEntry.S1DSS.put(entry, 0, StreamTableEntry.S1DSS_TERMINATE);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry);
        machine.invalidateConfiguration();
        machine.port.read(Pasid.NONE, Access.READ, VA, new byte[4], 0, 4);
        assertEquals(EventType.F_STREAM_DISABLED, machine.event().type());
        StreamTableEntry.S1DSS.put(entry, 0, StreamTableEntry.S1DSS_BYPASS);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry);
        machine.invalidateConfiguration();
        assertEquals(
                DmaResult.complete(4),
                machine.port.read(Pasid.NONE, Access.READ, page, new byte[4], 0, 4));
    }

    @Test
    void aPasidBeyondTheTableIsABadSubstream() {
        machine.port.read(256, Access.READ, VA, new byte[4], 0, 4);
        TestMachine.Event event = machine.event();
        assertEquals(0x08L | 256 << 12 | (long) TestMachine.STREAM << 32, event.w0());
    }

    @ParameterizedTest
    @EnumSource(Granule.class)
    void everyGranuleTranslatesPagesAndBlocksInBothHalves(Granule granule) {
        long low = machine.newTable(granule);
        long high = machine.newTable(granule);
        int bits = 48;
        long block = 1L << granule.levelShift(2);
        long target = machine.allocate(granule.bytes(), granule.bytes());
        machine.map(low, granule, bits, 0x1234_0000L << 8, 3, target, TestMachine.PAGE_RW);
        machine.map(high, granule, bits, -granule.bytes(), 3, target, TestMachine.PAGE_RW);
        machine.map(
                low, granule, bits, 5 * block, 2, TestMachine.RAM & -block, TestMachine.PAGE_RW);
        long[] words = machine.context(low, granule, bits, 11);
        ContextDescriptor.EPD1.put(words, 0, 0);
        ContextDescriptor.T1SZ.put(words, 0, 64 - bits);
        ContextDescriptor.TG1.put(words, 0, granule.tg1());
        words[2] |= high;
        machine.writeWords(contexts + 64 * 9, words);
        machine.memory.writeLong(target + 0x88, 0x1122_3344_5566_7788L);
        for (long va : new long[] {(0x1234_0000L << 8) + 0x88, -granule.bytes() + 0x88}) {
            byte[] got = new byte[8];
            assertEquals(DmaResult.complete(8), machine.port.read(9, Access.READ, va, got, 0, 8));
            assertEquals((byte) 0x88, got[0]);
        }
        long inBlock = 5 * block + (target & block - 1) + 0x88;
        byte[] got = new byte[8];
        long expected = (TestMachine.RAM & -block) + (target & block - 1);
        assertEquals(target, expected, "the block must cover the target");
        assertEquals(DmaResult.complete(8), machine.port.read(9, Access.READ, inBlock, got, 0, 8));
        assertEquals((byte) 0x88, got[0]);
        assertTrue(machine.events().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(Granule.class)
    void contextsAreFoundThroughTwoLevels(Granule granule) {
        boolean small = granule != Granule.K64;
        int split = small ? 6 : 10;
        long level1 = machine.allocate(8L << 20 - split, 8L << 20 - split);
        long leaf = machine.allocate(64L << split, 64L << split);
        int pasid = 0xf_ffff;
        machine.memory.writeLong(level1 + 8L * (pasid >>> split), leaf | 1);
        machine.writeWords(
                leaf + 64L * (pasid & (1 << split) - 1),
                machine.context(table, Granule.K4, 48, ASID));
        long[] entry = machine.stage1Entry(level1, 20);
        StreamTableEntry.S1FMT.put(entry, 0, small ? 1 : 2);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry);
        machine.invalidateConfiguration();
        assertEquals(
                DmaResult.complete(4),
                machine.port.read(pasid, Access.READ, VA, new byte[4], 0, 4));
        machine.port.read(77, Access.READ, VA, new byte[4], 0, 4);
        assertEquals(EventType.C_BAD_SUBSTREAMID, machine.event().type());
    }

    @Test
    void theRepeatedAccessIsAnIotlbHitAndAnotherPageOfTheTableNeedsOneRead() {
        write(VA);
        long reads = machine.smmu.count(HardwareCounter.WALK_READS);
        assertEquals(4, reads);
        write(VA);
        assertEquals(reads, machine.smmu.count(HardwareCounter.WALK_READS));
        assertEquals(1, machine.smmu.count(HardwareCounter.IOTLB_HITS));
        machine.map(table, VA + 4096, page, TestMachine.PAGE_RW);
        write(VA + 4096);
        assertEquals(reads + 1, machine.smmu.count(HardwareCounter.WALK_READS));
    }

    @Test
    void hardwareSetsAccessFlagAndDirtyState() {
        long[] words = machine.context(table, Granule.K4, 48, ASID);
        ContextDescriptor.HA.put(words, 0, 1);
        ContextDescriptor.HD.put(words, 0, 1);
        machine.writeWords(contexts + 64 * PASID, words);
        long at = machine.descriptorAddress(table, Granule.K4, 48, VA, 3, false);
        long clean = page | TestMachine.PAGE_RO & ~(1L << 10) | 1L << 51;
        machine.memory.writeLong(at, clean);
        assertEquals(DmaResult.complete(64), read(VA, new byte[64]));
        assertEquals(clean | 1L << 10, machine.memory.readLong(at), "only the Access flag");
        assertEquals(DmaResult.complete(64), write(VA), "a hit on a writable-clean page");
        assertEquals((clean | 1L << 10) & ~(1L << 7), machine.memory.readLong(at));
    }

    @Test
    void aTableOutsideOfMemoryIsAWalkAbortWithTheAddressOfTheFetch() {
        long at = machine.descriptorAddress(table, Granule.K4, 48, VA, 2, false);
        machine.memory.writeLong(at, TestMachine.NO_MEMORY | 3);
        write(VA);
        TestMachine.Event event = machine.event();
        assertEquals(EventType.F_WALK_EABT, event.type());
        assertEquals(1L << 40, event.w1());
        assertEquals(TestMachine.NO_MEMORY + 8 * (VA >>> 12 & 511), event.w3());
    }
}
