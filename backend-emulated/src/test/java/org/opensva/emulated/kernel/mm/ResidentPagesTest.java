package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.emulated.kernel.pressure.SamePageDaemon;

import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** What is kept in memory, what is dropped, what is merged and what grows. */
@ParameterizedClass
@EnumSource(PagingMode.class)
class ResidentPagesTest {

    private final TestMachine machine;
    private final SvaProcess process;
    private final long page;

    ResidentPagesTest(PagingMode mode) {
        machine = new TestMachine(mode);
        process = machine.spawn();
        page = machine.pageBytes;
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    private long squeeze(Kind kind, long address, long pages) {
        return machine.pressure.apply(
                kind, process.addressSpace(), new AddressRange(address, address + pages * page));
    }

    @Test
    void lockedPagesAreThereAtOnceAndAreNotReclaimedUntilUnlocked() {
        long memory = machine.anonymous(process, 3);
        process.mlock(memory + 5, 2 * page - 10, false);
        assertNotEquals(0, machine.walk(process, memory));
        assertNotEquals(0, machine.walk(process, memory + page));
        assertEquals(0, machine.walk(process, memory + 2 * page));
        assertEquals(0, squeeze(Kind.RECLAIM, memory, 3));
        assertEquals(2, squeeze(Kind.MIGRATE, memory, 3));
        process.munlock(memory, page);
        assertEquals(1, squeeze(Kind.RECLAIM, memory, 3));
    }

    @Test
    void aPageThatSomebodyElseHasLockedIsNotReclaimedEither() {
        int fd = process.createSharedMemory(page);
        SvaProcess other = process.fork();
        long mine = process.mmap(MapRequest.sharedFile(fd, 0, page));
        long theirs = other.mmap(MapRequest.sharedFile(fd, 0, page), Set.of(MapFlag.LOCKED));
        process.storeLong(mine, 7);
        assertEquals(0, squeeze(Kind.RECLAIM, mine, 1));
        other.munmap(theirs, page);
        assertEquals(1, squeeze(Kind.RECLAIM, mine, 1));
        assertEquals(7, process.loadLong(mine));
    }

    @Test
    void whatWasFreedLazilyIsDroppedWithoutSwapUnlessItIsWrittenToAgain() {
        long memory = machine.anonymous(process, 2);
        process.storeLong(memory, 1);
        process.storeLong(memory + page, 2);
        process.madvise(memory, 2 * page, Advice.FREE);
        assertEquals(1, process.loadLong(memory));
        process.storeLong(memory + page, 3);
        assertEquals(2, squeeze(Kind.RECLAIM, memory, 2));
        assertEquals(1, machine.addressSpaces.swappedPages());
        assertEquals(0, process.loadLong(memory));
        assertEquals(3, process.loadLong(memory + page));
    }

    @Test
    void cleanPagesOfAFileAreDroppedAndReadAgain() {
        int fd = process.createFile(2 * page);
        long file = process.mmap(MapRequest.sharedFile(fd, 0, 2 * page));
        process.storeLong(file, 4);
        assertTrue(TestMachine.writable(machine.walk(process, file)));
        process.msync(file, 2 * page);
        assertEquals(false, TestMachine.writable(machine.walk(process, file)));
        assertEquals(1, squeeze(Kind.RECLAIM, file, 2));
        assertEquals(0, machine.addressSpaces.swappedPages());
        assertEquals(4, process.loadLong(file));
    }

    @Test
    void writeBackTellsDevicesOfTheProtectionBeforeThePageCountsAsWritten() {
        int fd = process.createFile(page);
        long file = process.mmap(MapRequest.sharedFile(fd, 0, page));
        process.storeLong(file, 4);
        TestMachine.Recorder device = new TestMachine.Recorder();
        long frame = TestMachine.frame(machine.walk(process, file));
        device.check =
                () -> {
                    assertEquals(false, TestMachine.writable(machine.walk(process, file)));
                    // The last write of a device that has just heard of it.
                    machine.memory.writeLong(frame, 5);
                };
        process.addressSpace().subscribe(device);
        assertEquals(1, squeeze(Kind.WRITE_BACK, file, 1));
        assertTrue(device.covers(file, page));
        device.check = () -> {};
        assertEquals(0, squeeze(Kind.WRITE_BACK, file, 1));
        squeeze(Kind.RECLAIM, file, 1);
        assertEquals(5, process.loadLong(file));
    }

    @Test
    void compactionEmptiesBlocksAndChangesNoContents() {
        long huge = machine.mode.geometry().hugeBytes();
        assumeTrue(huge <= 2 << 20, "huge pages are too large for a quick test");
        long pages = 2 * huge / page;
        long memory = machine.anonymous(process, pages);
        // The tables first: a block that holds one cannot be emptied.
        process.storeLong(memory, 1);
        process.storeLong(memory + huge, 1);
        process.storeLong(memory + 2 * huge - page, 1);
        for (long i = 0; i < pages; i++) {
            process.storeLong(memory + i * page, i);
        }
        assertTrue(squeeze(Kind.COMPACT, memory, pages) >= huge / page / 2);
        for (long i = 0; i < pages; i++) {
            assertEquals(i, process.loadLong(memory + i * page));
        }
    }

    @Test
    void pagesThatMayBeMergedAreAndOnesThatMayNotAreTakenApart() {
        try (SamePageDaemon _ =
                new SamePageDaemon(
                        machine.addressSpaces,
                        Thread.ofPlatform().daemon().factory(),
                        () -> LockSupport.parkNanos(100_000))) {
            long memory = machine.anonymous(process, 4);
            for (int i = 0; i < 4; i++) {
                process.storeLong(memory + i * page, 42);
            }
            long before = machine.addressSpaces.pageCount();
            process.madvise(memory, 4 * page, Advice.MERGEABLE);
            while (machine.addressSpaces.pageCount() > before - 3) {
                Thread.onSpinWait();
            }
            process.madvise(memory, 4 * page, Advice.UNMERGEABLE);
            assertEquals(before, machine.addressSpaces.pageCount());
            process.storeLong(memory, 43);
            assertEquals(42, process.loadLong(memory + page));
        }
    }

    @Test
    void theProcessorMakesAStackGrowUpToItsGuardAndADeviceDoesNot() {
        long room = machine.anonymous(process, 400);
        process.munmap(room, 400 * page);
        long top = room + 399 * page;
        process.mmap(
                new MapRequest(
                        top, page, Protection.READ_WRITE, false, true, MapRequest.ANONYMOUS, 0),
                Set.of(MapFlag.GROWSDOWN));
        process.mmap(MapRequest.anonymous(page).at(room + 100 * page));
        long below = top - 2 * page;
        assertEquals(FaultOutcome.INVALID, process.addressSpace().handleFault(below, Access.WRITE));
        process.storeLong(below, 9);
        assertEquals(
                FaultOutcome.RESOLVED, process.addressSpace().handleFault(below, Access.WRITE));
        assertEquals(0, process.loadLong(below + page));
        long guard = room + (101 + 256) * page;
        process.storeLong(guard, 1);
        assertThrows(CpuFaultException.class, () -> process.storeLong(guard - page, 1));
        process.mprotect(room + 100 * page, page, Protection.NONE);
        process.storeLong(guard - page, 1);
    }
}
