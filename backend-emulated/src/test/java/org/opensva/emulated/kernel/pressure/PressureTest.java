package org.opensva.emulated.kernel.pressure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Advice;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.List;

/** What the kernel does to pages of its own accord, seen from both ends. */
@ParameterizedClass
@EnumSource(PagingMode.class)
class PressureTest {

    private final TestMachine machine;
    private final int pageBytes;
    private final SvaProcess process;
    private final TestMachine.Recorder heard = new TestMachine.Recorder();

    PressureTest(PagingMode mode) {
        machine = new TestMachine(mode, 2L << 30);
        pageBytes = machine.pageBytes;
        process = machine.spawn();
        process.addressSpace().subscribe(heard);
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    private long apply(Kind kind, SvaProcess to, long address, long pages) {
        return machine.pressure.apply(
                kind, to.addressSpace(), new AddressRange(address, address + pages * pageBytes));
    }

    private long frame(SvaProcess of, long address) {
        return TestMachine.frame(machine.walk(of, address));
    }

    @Test
    void aMovedPageHasItsContentsInAnotherFrame() {
        long at = machine.anonymous(process, 3);
        for (int i = 0; i < 3; i++) {
            process.storeLong(at + (long) i * pageBytes, 100 + i);
        }
        long before = frame(process, at);

        assertEquals(1, apply(Kind.MIGRATE, process, at, 1));

        assertNotEquals(before, frame(process, at));
        assertEquals(machine.poison(), machine.memory.readLong(before));
        assertTrue(TestMachine.writable(machine.walk(process, at)));
        assertEquals(2, apply(Kind.MIGRATE, process, at, 2));
        for (int i = 0; i < 3; i++) {
            assertEquals(100 + i, process.loadLong(at + (long) i * pageBytes));
        }
    }

    @Test
    void whoIsToldOfAMoveFindsNothingAndTheOldPageIsStillThere() {
        long at = machine.anonymous(process, 1);
        process.storeLong(at, 7);
        long old = frame(process, at);
        List<Long> seen = new ArrayList<>();
        heard.check =
                () -> {
                    assertEquals(0, machine.walk(process, at));
                    // The last write of a device that is only now made to let go.
                    machine.memory.writeLong(old, 8);
                    seen.add(machine.memory.readLong(old));
                };

        assertEquals(1, apply(Kind.MIGRATE, process, at, 1));

        assertEquals(List.of(8L), seen);
        assertEquals(8, process.loadLong(at));
        assertTrue(heard.covers(at, pageBytes));
    }

    @Test
    void aPageThatManyShareMovesForAllOfThem() {
        long own = machine.anonymous(process, 1);
        int fd = process.createSharedMemory(pageBytes);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        long alias = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes).asPrivate());
        process.storeLong(own, 1);
        process.storeLong(shared, 2);
        assertEquals(2, process.loadLong(alias));
        try (SvaProcess child = process.fork()) {
            assertEquals(1, child.loadLong(own));
            assertEquals(2, child.loadLong(shared));
            long[] before = {frame(process, own), frame(process, shared)};

            assertEquals(1, apply(Kind.MIGRATE, child, own, 1));
            assertEquals(1, apply(Kind.MIGRATE, process, shared, 1));

            assertNotEquals(before[0], frame(process, own));
            assertEquals(frame(process, own), frame(child, own));
            assertFalse(TestMachine.writable(machine.walk(process, own)));
            assertNotEquals(before[1], frame(process, shared));
            assertEquals(frame(process, shared), frame(child, shared));
            assertEquals(frame(process, shared), frame(process, alias));
            child.storeLong(own, 3);
            child.storeLong(shared, 4);
            assertEquals(1, process.loadLong(own));
            assertEquals(4, process.loadLong(shared));
            assertEquals(4, process.loadLong(alias));
        }
    }

    @Test
    void aPageThatManyShareIsReclaimedForAllOfThemAndComesBackForEach() {
        long own = machine.anonymous(process, 1);
        int fd = process.createSharedMemory(pageBytes);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        process.storeLong(own, 1);
        process.storeLong(shared, 2);
        try (SvaProcess child = process.fork()) {
            assertEquals(2, child.loadLong(shared));
            long pages = machine.addressSpaces.pageCount();

            assertEquals(1, apply(Kind.RECLAIM, child, own, 1));
            assertEquals(1, apply(Kind.RECLAIM, child, shared, 1));

            assertEquals(pages - 2, machine.addressSpaces.pageCount());
            assertEquals(2, machine.addressSpaces.swappedPages());
            assertEquals(0, machine.walk(process, own));
            assertEquals(0, machine.walk(process, shared));
            assertEquals(1, process.loadLong(own));
            assertEquals(1, child.loadLong(own));
            assertEquals(2, process.loadLong(shared));
            child.storeLong(shared, 5);
            assertEquals(5, process.loadLong(shared));
            assertEquals(0, machine.addressSpaces.swappedPages());
        }
    }

    @Test
    void pagesWithTheSameContentsShareAFrameUntilSomebodyWrites() {
        long at = machine.anonymous(process, 3);
        try (SvaProcess other = machine.spawn()) {
            long there = machine.anonymous(other, 1);
            for (long page : new long[] {at, at + pageBytes}) {
                process.storeLong(page, 42);
            }
            process.storeLong(at + 2L * pageBytes, 43);
            other.storeLong(there, 42);

            long merged = apply(Kind.MERGE, process, at, 3) + apply(Kind.MERGE, other, there, 1);

            assertEquals(2, merged);
            long one = frame(process, at);
            assertEquals(one, frame(process, at + pageBytes));
            assertEquals(one, frame(other, there));
            assertNotEquals(one, frame(process, at + 2L * pageBytes));

            int write = Access.READ | Access.WRITE;
            assertEquals(FaultOutcome.RESOLVED, process.addressSpace().handleFault(at, write));
            machine.memory.writeLong(frame(process, at), 1);
            assertEquals(42, process.loadLong(at + pageBytes));
            assertEquals(42, other.loadLong(there));
            other.storeLong(there, 2);
            assertEquals(42, process.loadLong(at + pageBytes));
            // Also the last one that maps it does not write to it: others may be merged with it.
            process.storeLong(at + pageBytes, 3);
            assertNotEquals(one, frame(process, at + pageBytes));
        }
    }

    @Test
    void aWriteUntilThePageIsProtectedIsSeenByTheComparison() {
        long at = machine.anonymous(process, 2);
        process.storeLong(at, 42);
        process.storeLong(at + pageBytes, 42);
        long[] frames = {frame(process, at), frame(process, at + pageBytes)};
        heard.check =
                () -> {
                    // A device that may write until it is told does so.
                    machine.memory.writeLong(frames[0] + 8, 1);
                    machine.memory.writeLong(frames[1] + 8, 2);
                };

        apply(Kind.MERGE, process, at, 2);
        apply(Kind.MERGE, process, at, 2);
        heard.check = () -> {};

        assertEquals(1, process.loadLong(at + 8));
        assertEquals(2, process.loadLong(at + pageBytes + 8));
    }

    @Test
    void pagesOfZeroesBecomeTheZeroPage() {
        long at = machine.anonymous(process, 2);
        process.madvise(at, 2L * pageBytes, Advice.POPULATE_WRITE);
        long pages = machine.addressSpaces.pageCount();

        assertEquals(2, apply(Kind.MERGE, process, at, 2));

        assertEquals(pages - 2, machine.addressSpaces.pageCount());
        process.storeLong(at, 1);
        assertEquals(0, process.loadLong(at + pageBytes));
    }

    @Test
    void aMergedPageMovesAndIsReclaimedAsAnyOther() {
        long at = machine.anonymous(process, 2);
        process.storeLong(at, 42);
        process.storeLong(at + pageBytes, 42);
        assertEquals(1, apply(Kind.MERGE, process, at, 2));

        assertEquals(1, apply(Kind.MIGRATE, process, at, 2));
        assertEquals(frame(process, at), frame(process, at + pageBytes));
        process.storeLong(at, 1);
        assertEquals(42, process.loadLong(at + pageBytes));
        process.storeLong(at, 42);
        assertEquals(1, apply(Kind.MERGE, process, at, 2), "what was moved is found again");

        assertEquals(1, apply(Kind.RECLAIM, process, at, 2));
        process.storeLong(at, 2);
        assertEquals(42, process.loadLong(at + pageBytes));
    }

    @Test
    void writeProtectionIsToldAndGoesWithTheNextWrite() {
        long at = machine.anonymous(process, 1);
        process.storeLong(at, 1);
        long frame = frame(process, at);

        assertEquals(1, apply(Kind.WRITE_PROTECT, process, at, 1));

        assertTrue(heard.covers(at, pageBytes));
        assertFalse(TestMachine.writable(machine.walk(process, at)));
        process.storeLong(at, 2);
        assertEquals(frame, frame(process, at));
        assertEquals(0, apply(Kind.WRITE_PROTECT, process, at + pageBytes, 1));
    }

    @Test
    void aClearedAccessedFlagIsToldAndComesBackWithTheNextAccess() {
        long at = machine.anonymous(process, 1);
        process.storeLong(at, 1);

        assertEquals(1, apply(Kind.AGE, process, at, 1));
        assertTrue(heard.covers(at, pageBytes));
        assertEquals(0, apply(Kind.AGE, process, at, 1));
        assertEquals(1, process.loadLong(at));
        assertEquals(1, apply(Kind.AGE, process, at, 1));
        assertEquals(FaultOutcome.RESOLVED, process.addressSpace().handleFault(at, Access.READ));
        assertEquals(1, apply(Kind.AGE, process, at, 1));
    }

    @Test
    void reapedMemoryIsGoneBeforeTheCallReturns() {
        long at = machine.anonymous(process, 2);
        process.storeLong(at, 1);
        process.storeLong(at + pageBytes, 2);
        long old = frame(process, at);
        heard.check = () -> assertEquals(1, machine.memory.readLong(old));

        assertEquals(1, apply(Kind.REAP, process, at, 1));

        assertTrue(heard.covers(at, pageBytes));
        assertEquals(machine.poison(), machine.memory.readLong(old));
        assertEquals(0, process.loadLong(at));
        assertEquals(2, process.loadLong(at + pageBytes));
    }

    @Test
    void anAddressSpaceThatHasEndedHasNoPages() {
        SvaProcess gone = machine.spawn();
        long at = machine.anonymous(gone, 1);
        gone.storeLong(at, 1);
        var space = gone.addressSpace();
        gone.exit(0);
        for (Kind kind : machine.pressure.kinds()) {
            assertEquals(
                    0, machine.pressure.apply(kind, space, AddressRange.WHOLE), kind::toString);
        }
        gone.close();
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        machine.pressure.apply(
                                Kind.MIGRATE,
                                process.addressSpace(),
                                new AddressRange(at + 1, at + pageBytes)));
    }

    @Test
    void theSameSeedDoesTheSame() {
        List<List<Long>> runs = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            TestMachine fresh = new TestMachine(machine.mode, 256 << 20);
            try (fresh) {
                SvaProcess each = fresh.spawn();
                long at = fresh.anonymous(each, 32);
                for (int i = 0; i < 32; i++) {
                    each.storeLong(at + (long) i * pageBytes, i & 3);
                }
                List<Long> done = new ArrayList<>();
                for (long seed = 0; seed < 60; seed++) {
                    done.add(fresh.pressure.round(seed));
                    each.storeLong(at + (seed & 31) * pageBytes, seed & 3);
                }
                runs.add(done);
            }
        }
        assertEquals(runs.get(0), runs.get(1));
        assertTrue(runs.get(0).stream().anyMatch(pages -> pages > 0));
    }
}
