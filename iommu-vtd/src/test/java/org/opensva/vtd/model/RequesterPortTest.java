package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.Register;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;

/** What a device reads and writes. */
class RequesterPortTest {

    private static final int SOURCE = 0x0208;
    private static final int PASID = 9;
    private static final long VA = 0x7f00_0000_0000L;

    private final TestUnit t = new TestUnit();
    private final TestDevice device = new TestDevice(t.unit, SOURCE);
    private final long table = t.device(SOURCE, true, false);
    private final long top = t.firstStage(table, PASID, 3);
    private final byte[] data = new byte[3 * 4096];

    @BeforeEach
    void translationOn() {
        t.scalableMode();
        new Random(5).nextBytes(data);
    }

    private static void assertAborted(long moved, long result) {
        assertEquals(DmaStatus.ABORTED, DmaResult.status(result));
        assertEquals(moved, DmaResult.bytes(result));
    }

    private byte[] memory(long address, int length) {
        byte[] bytes = new byte[length];
        t.memory.read(address, bytes, 0, length);
        return bytes;
    }

    private byte[] slice(int from, int length) {
        return java.util.Arrays.copyOfRange(data, from, from + length);
    }

    @Test
    void aRequestIsSplitWhereTranslationsEnd() {
        t.map(top, VA, 0x800_0000, true);
        t.map(top, VA + 4096, 0x900_5000, true);
        t.map(top, VA + 8192, 0x800_1000, true);
        long result = device.port.write(PASID, Access.WRITE, VA + 100, data, 0, 3 * 4096 - 200);
        assertEquals(DmaResult.complete(3 * 4096 - 200), result);
        assertArrayEquals(slice(0, 3996), memory(0x800_0064, 3996));
        assertArrayEquals(slice(3996, 4096), memory(0x900_5000, 4096));
        assertArrayEquals(slice(8092, 3996), memory(0x800_1000, 3996));
        byte[] back = new byte[3 * 4096 - 200];
        assertEquals(result, device.port.read(PASID, Access.READ, VA + 100, back, 0, back.length));
        assertArrayEquals(slice(0, back.length), back);
        assertEquals(back.length, t.unit.count(HardwareCounter.DMA_BYTES_READ));
        assertEquals(back.length, t.unit.count(HardwareCounter.DMA_BYTES_WRITTEN));
        assertEquals(6, t.unit.count(HardwareCounter.TRANSLATIONS));
    }

    @Test
    void pagesInRunsAreEachTranslatedOnceAndEveryByteGoesWhereItsPageIs() {
        int pages = 40;
        Random random = new Random(31);
        long[] frames = new long[pages];
        long frame = 0x800_0000;
        for (int page = 0; page < pages; page++) {
            frame += 4096L * (random.nextInt(4) == 0 ? 3 : 1);
            frames[page] = frame;
            t.map(top, VA + page * 4096L, frame, true);
        }
        byte[] expected = new byte[pages * 4096];
        for (int turn = 0; turn < 200; turn++) {
            int from = random.nextInt(expected.length);
            int length = 1 + random.nextInt(expected.length - from);
            byte[] moved = new byte[length];
            long before = t.unit.count(HardwareCounter.TRANSLATIONS);
            if (turn % 2 == 0) {
                random.nextBytes(moved);
                System.arraycopy(moved, 0, expected, from, length);
                assertEquals(
                        DmaResult.complete(length),
                        device.port.write(PASID, Access.WRITE, VA + from, moved, 0, length));
                byte[] there = new byte[expected.length];
                for (int page = 0; page < pages; page++) {
                    t.memory.read(frames[page], there, page * 4096, 4096);
                }
                assertArrayEquals(expected, there);
            } else {
                assertEquals(
                        DmaResult.complete(length),
                        device.port.read(PASID, Access.READ, VA + from, moved, 0, length));
                assertArrayEquals(
                        java.util.Arrays.copyOfRange(expected, from, from + length), moved);
            }
            assertEquals(
                    (from + length - 1 >> 12) - (from >> 12) + 1,
                    t.unit.count(HardwareCounter.TRANSLATIONS) - before);
        }
        assertEquals(
                t.unit.count(HardwareCounter.TRANSLATIONS),
                t.unit.count(HardwareCounter.IOTLB_HITS)
                        + t.unit.count(HardwareCounter.IOTLB_MISSES));
    }

    @Test
    void aRunThatEndsWithMemoryEndsToTheByteEachTime() {
        for (int page = 0; page < 5; page++) {
            t.map(top, VA + page * 4096L, TestUnit.RAM + (page - 2) * 4096L, true);
        }
        for (int turn = 0; turn < 3; turn++) {
            assertAborted(8192 - 5, device.port.write(PASID, Access.WRITE, VA + 5, data, 5, 12000));
            assertArrayEquals(slice(5, 8192 - 5), memory(TestUnit.RAM - 8192 + 5, 8192 - 5));
        }
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void whatComesBeforeAFaultHasBeenMoved() {
        t.map(top, VA, 0x800_0000, true);
        assertAborted(4096, device.port.write(PASID, Access.WRITE, VA, data, 0, 3 * 4096));
        t.assertFault(FaultReason.FIRST_STAGE_NOT_PRESENT, SOURCE);
        assertEquals(VA + 4096, t.takeFault()[0]);
        assertArrayEquals(slice(0, 4096), memory(0x800_0000, 4096));
    }

    @Test
    void memoryThatIsNotThereAbortsWithoutAFaultRecord() {
        t.map(top, VA, TestUnit.RAM - 4096, true);
        t.map(top, VA + 4096, TestUnit.RAM, true);
        assertAborted(4096, device.port.write(PASID, Access.WRITE, VA, data, 0, 8192));
        assertEquals(0, t.get(Register.FSTS));
        t.command(Gcmd.TE, false);
        long last = TestUnit.RAM - 10;
        assertAborted(10, device.port.write(Pasid.NONE, Access.WRITE, last, data, 10, 4096));
        assertArrayEquals(slice(10, 10), memory(last, 10));
    }

    @Test
    void noAddressFollowsTheLastOne() {
        t.command(Gcmd.TE, false);
        assertAborted(0, device.port.write(Pasid.NONE, Access.WRITE, -4, data, 0, 8));
        assertAborted(0, device.port.read(PASID, Access.READ, -4, data, 0, 8));
    }

    @Test
    void aZeroLengthReadNeedsAPage() {
        t.map(top, VA, 0x800_0000, false);
        assertEquals(DmaResult.complete(0), device.port.read(PASID, Access.READ, VA, data, 0, 0));
        assertAborted(0, device.port.read(PASID, Access.READ, VA + 4096, data, 0, 0));
        t.assertFault(FaultReason.FIRST_STAGE_NOT_PRESENT, SOURCE);
        assertEquals(
                DmaResult.complete(0),
                device.port.write(PASID, Access.WRITE, VA + 4096, data, 0, 0));
    }

    @Test
    void translatedRequestsGoWhereTheyAreAddressed() {
        assertEquals(DmaResult.complete(64), device.port.writeTranslated(0x800_0000, data, 0, 64));
        assertArrayEquals(slice(0, 64), memory(0x800_0000, 64));
        byte[] back = new byte[64];
        device.port.readTranslated(0x800_0000, back, 0, 64);
        assertArrayEquals(slice(0, 64), back);
        TestDevice without = new TestDevice(t.unit, 0x0310);
        t.device(0x0310, false, false);
        assertAborted(0, without.port.writeTranslated(0x800_0000, data, 0, 64));
        t.assertFault(FaultReason.DEVICE_TLB_DISABLED, 0x0310);
    }

    @Test
    void aDwordWriteWithoutPasidToTheInterruptRangeIsAnInterrupt() {
        byte[] message = {0x35, 0, 0, 0};
        assertEquals(
                DmaResult.complete(4),
                device.port.write(Pasid.NONE, Access.WRITE, 0xfee0_1000L, message, 0, 4));
        assertEquals(List.of("fee01000:35"), t.takeMessages());
    }

    @Test
    void everythingElseThereIsRefusedAndWithRemappingOnRecorded() {
        t.command(Gcmd.SIRTP, true);
        t.command(Gcmd.IRE, true);
        Runnable[] requests = {
            () ->
                    assertAborted(
                            0, device.port.read(Pasid.NONE, Access.READ, 0xfee0_0000L, data, 0, 4)),
            () ->
                    assertAborted(
                            0,
                            device.port.write(Pasid.NONE, Access.WRITE, 0xfee0_0000L, data, 0, 8)),
            () ->
                    assertAborted(
                            0,
                            device.port.write(Pasid.NONE, Access.WRITE, 0xfee0_0002L, data, 0, 4))
        };
        for (Runnable request : requests) {
            request.run();
            t.assertFault(FaultReason.INTERRUPT_REQUEST_INVALID, SOURCE);
            t.takeFault();
        }
        assertEquals(List.of(), t.takeMessages());
    }

    @Test
    void aRequestWithPasidIsTranslatedThereToo() {
        t.map(top, 0xfee0_0000L, 0x800_0000, true);
        assertEquals(
                DmaResult.complete(4),
                device.port.write(PASID, Access.WRITE, 0xfee0_0000L, data, 0, 4));
        assertArrayEquals(slice(0, 4), memory(0x800_0000, 4));
        assertEquals(List.of(), t.takeMessages());
    }

    @Test
    void aCopyThatRunsIntoTheInterruptRangeStopsBeforeIt() {
        try (TestUnit legacy = new TestUnit(VtdProfile.sva())) {
            TestDevice other = new TestDevice(legacy.unit, SOURCE);
            // No memory is there, which shows that nothing passes the range by.
            assertAborted(0, other.port.write(Pasid.NONE, Access.WRITE, 0xfedf_fffcL, data, 0, 8));
            assertEquals(List.of(), legacy.takeMessages());
        }
    }

    @Test
    void protectedMemoryIsOutOfReachForEveryRequest() {
        t.map(top, VA, 0x80_0000, true);
        t.map(top, VA + 4096, 0xa0_0000, true);
        t.set(Register.PLMBASE, 0x80_0000);
        t.set(Register.PLMLIMIT, 0x90_0000);
        t.set(Register.PHMBASE, 0x1000_0000);
        t.set(Register.PHMLIMIT, 0x1000_0000);
        assertEquals(DmaResult.complete(8), device.port.write(PASID, Access.WRITE, VA, data, 0, 8));
        t.set(Register.PMEN, 0x8000_0000L);
        assertEquals(0x8000_0001L, t.get(Register.PMEN));
        assertAborted(0, device.port.write(PASID, Access.WRITE, VA, data, 0, 8));
        assertAborted(0, device.port.writeTranslated(0x9f_fff8, data, 0, 8));
        assertAborted(8, device.port.writeTranslated(0x7f_fff8, data, 0, 16));
        assertAborted(0, device.port.readTranslated(0x100f_ffff, data, 0, 1));
        assertEquals(
                DmaResult.complete(8),
                device.port.write(PASID, Access.WRITE, VA + 4096, data, 0, 8));
        assertEquals(DmaResult.complete(1), device.port.readTranslated(0x1010_0000, data, 0, 1));
        assertEquals(0, t.get(Register.FSTS), "nothing is recorded");
        t.command(Gcmd.TE, false);
        assertAborted(0, device.port.read(Pasid.NONE, Access.READ, 0x90_0000, data, 0, 8));
        t.set(Register.PMEN, 0);
        assertEquals(0, t.get(Register.PMEN));
        assertEquals(
                DmaResult.complete(8),
                device.port.read(Pasid.NONE, Access.READ, 0x90_0000, data, 0, 8));
    }

    @Test
    void aRequesterIdIsTakenOnceAndFreeAgainAfterUnplugging() {
        assertThrows(IllegalStateException.class, () -> new TestDevice(t.unit, SOURCE));
        assertThrows(IllegalArgumentException.class, () -> new TestDevice(t.unit, 0x1_0000));
        t.map(top, VA, 0x800_0000, true);
        device.port.write(PASID, Access.WRITE, VA, data, 0, 8);
        t.unit.disconnect(new RequesterId(SOURCE));
        assertAborted(0, device.port.write(PASID, Access.WRITE, VA, data, 0, 8));
        assertEquals(
                8, t.unit.count(HardwareCounter.DMA_BYTES_WRITTEN), "counts outlive the device");
        TestDevice next = new TestDevice(t.unit, SOURCE);
        assertEquals(DmaResult.complete(8), next.port.write(PASID, Access.WRITE, VA, data, 0, 8));
        t.unit.close();
        assertAborted(0, next.port.write(PASID, Access.WRITE, VA, data, 0, 8));
        assertThrows(IllegalStateException.class, () -> new TestDevice(t.unit, 1));
    }

    @Test
    void aPasidThatCannotBeIsTheCallersMistake() {
        assertThrows(
                IllegalArgumentException.class,
                () -> device.port.read(Pasid.MAX + 1, Access.READ, VA, data, 0, 4));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> device.port.read(PASID, Access.READ, VA, data, data.length, 4));
    }

    @Test
    void aWarmRequestAllocatesNothing() {
        t.map(top, VA, 0x800_0000, true);
        t.map(top, VA + 4096, 0x800_3000, true);
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] entries = new long[2];
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 20 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                exercise(entries);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        // Measuring allocates a little itself; a byte a request would be more.
        assertTrue(allocated < 1000, allocated + " bytes for 4000 requests");
    }

    /** Contexts and PASIDs are fetched again and again by turns, walks included. */
    @Test
    void aRequestWhoseConfigurationIsNotCachedAllocatesNothing() {
        TestUnit small = new TestUnit(VtdProfile.sva().withCaches(4, 4, 1, 1));
        TestDevice[] devices = new TestDevice[4];
        for (int n = 0; n < devices.length; n++) {
            long pasids = small.device(n + 1 << 8, true, false);
            devices[n] = new TestDevice(small.unit, n + 1 << 8);
            for (int pasid = 1; pasid < 8; pasid++) {
                long tables = small.firstStage(pasids, pasid, pasid);
                small.map(tables, VA, 0x800_0000 + pasid * 4096L, true);
            }
        }
        small.scalableMode();
        byte[] bytes = new byte[8];
        long[] entries = new long[1];
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 20 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                TestDevice by = devices[i % 4];
                int pasid = 1 + i % 7;
                by.port.write(pasid, Access.WRITE, VA, bytes, 0, 8);
                by.port.read(pasid, Access.READ, VA, bytes, 0, 8);
                by.port.translate(pasid, Access.READ, VA, entries);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertTrue(allocated < 1000, allocated + " bytes for 3000 requests");
        small.close();
    }

    private void exercise(long[] entries) {
        device.port.write(PASID, Access.WRITE, VA + 4000, data, 0, 200);
        device.port.read(PASID, Access.READ, VA + 4000, data, 0, 200);
        device.port.writeTranslated(0x800_0000, data, 0, 64);
        device.port.translate(PASID, Access.READ | Access.WRITE, VA, entries);
    }
}
