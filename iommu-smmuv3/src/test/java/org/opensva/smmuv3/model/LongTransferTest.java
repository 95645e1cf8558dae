package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;

import java.util.Arrays;
import java.util.Random;

/** Transactions over many pages, of which some lie one behind the other in memory, too. */
class LongTransferTest {

    private static final int PASID = 5;
    private static final int ASID = 7;
    private static final int PAGES = 40;
    private static final long VA = 0x7f12_3456_7000L;

    private final TestMachine machine = new TestMachine();
    private final Random random = new Random(31);
    private final long[] frames = new long[PAGES];
    private final byte[] expected = new byte[PAGES * 4096];
    private long table;

    @BeforeEach
    void mapPagesInRuns() {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        long frame = 0;
        for (int page = 0; page < PAGES; page++) {
            if (frame == 0 || random.nextInt(4) == 0) {
                machine.allocate(4096L * (1 + random.nextInt(2)), 4096);
            }
            frame = machine.allocate(4096, 4096);
            frames[page] = frame;
            machine.map(table, VA + page * 4096L, frame, TestMachine.PAGE_RW);
        }
        machine.writeWords(contexts + 64 * PASID, machine.context(table, Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private long translations() {
        return machine.smmu.count(HardwareCounter.TRANSLATIONS);
    }

    private void assertMemoryAsExpected() {
        byte[] there = new byte[expected.length];
        for (int page = 0; page < PAGES; page++) {
            machine.memory.read(frames[page], there, page * 4096, 4096);
        }
        assertArrayEquals(expected, there);
    }

    @Test
    void everyByteGoesWhereItsPageIsAndEveryPageIsTranslatedOnce() {
        for (int turn = 0; turn < 200; turn++) {
            int from = random.nextInt(expected.length);
            int length = 1 + random.nextInt(expected.length - from);
            byte[] data = new byte[length + 3];
            random.nextBytes(data);
            long before = translations();
            if (turn % 2 == 0) {
                assertEquals(
                        DmaResult.complete(length),
                        machine.port.write(PASID, Access.WRITE, VA + from, data, 3, length));
                System.arraycopy(data, 3, expected, from, length);
                assertMemoryAsExpected();
            } else {
                assertEquals(
                        DmaResult.complete(length),
                        machine.port.read(PASID, Access.READ, VA + from, data, 3, length));
                assertArrayEquals(
                        Arrays.copyOfRange(expected, from, from + length),
                        Arrays.copyOfRange(data, 3, 3 + length));
            }
            assertEquals((from + length - 1 >> 12) - (from >> 12) + 1, translations() - before);
        }
        assertEquals(
                translations(),
                machine.smmu.count(HardwareCounter.IOTLB_HITS)
                        + machine.smmu.count(HardwareCounter.IOTLB_MISSES));
    }

    @Test
    void anInvalidatedPageInTheMiddleStopsItThere() {
        byte[] data = new byte[expected.length];
        for (int turn = 0; turn < 60; turn++) {
            assertEquals(
                    DmaResult.complete(data.length),
                    machine.port.read(PASID, Access.READ, VA, data, 0, data.length));
            int page = random.nextInt(PAGES);
            machine.unmap(table, VA + page * 4096L);
            machine.invalidatePage(ASID, VA + page * 4096L);
            assertEquals(
                    DmaResult.of(DmaStatus.ABORTED, page * 4096L),
                    machine.port.write(PASID, Access.WRITE, VA, data, 0, data.length));
            TestMachine.Event event = machine.event();
            assertEquals(EventType.F_TRANSLATION, event.type());
            assertEquals(VA + page * 4096L, event.w2());
            machine.map(table, VA + page * 4096L, frames[page], TestMachine.PAGE_RW);
        }
    }

    @Test
    void aPageThatMayOnlyBeReadStopsAWriteThere() {
        byte[] data = new byte[expected.length];
        machine.map(table, VA + 9 * 4096L, frames[9], TestMachine.PAGE_RO);
        for (int turn = 0; turn < 3; turn++) {
            assertEquals(
                    DmaResult.complete(data.length),
                    machine.port.read(PASID, Access.READ, VA, data, 0, data.length));
            assertEquals(
                    DmaResult.of(DmaStatus.ABORTED, 9 * 4096L - 100),
                    machine.port.write(PASID, Access.WRITE, VA + 100, data, 0, 60_000));
            assertEquals(EventType.F_PERMISSION, machine.event().type());
        }
    }

    @Test
    void memoryThatEndsWithinARunEndsTheTransactionToTheByte() {
        long end = TestMachine.RAM + TestMachine.RAM_SIZE;
        byte[] data = new byte[5 * 4096];
        random.nextBytes(data);
        for (int page = 0; page < 5; page++) {
            machine.map(table, VA + page * 4096L, end + (page - 3) * 4096L, TestMachine.PAGE_RW);
        }
        for (int turn = 0; turn < 3; turn++) {
            assertEquals(
                    DmaResult.of(DmaStatus.ABORTED, 3 * 4096 - 5),
                    machine.port.write(PASID, Access.WRITE, VA + 5, data, 0, data.length - 5));
        }
        byte[] there = new byte[3 * 4096 - 5];
        machine.memory.read(end - there.length, there, 0, there.length);
        assertArrayEquals(Arrays.copyOf(data, there.length), there);
    }
}
