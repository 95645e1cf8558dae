package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.emulated.kernel.TestMachine.frame;
import static org.opensva.emulated.kernel.TestMachine.writable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.List;

@ParameterizedClass
@EnumSource(PagingMode.class)
class ForkTest {

    private final PagingMode mode;
    private final TestMachine machine;
    private final int pageBytes;
    private final SvaProcess parent;

    ForkTest(PagingMode mode) {
        this.mode = mode;
        machine = new TestMachine(mode);
        pageBytes = machine.pageBytes;
        parent = machine.spawn();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
    }

    @Test
    void neitherSeesWhatTheOtherWritesAfterwards() {
        long at = machine.anonymous(parent, 2);
        parent.storeLong(at, 1);
        parent.storeLong(at + pageBytes, 2);
        SvaProcess child = parent.fork();
        assertEquals(frame(machine.walk(parent, at)), frame(machine.walk(child, at)));
        parent.storeLong(at, 10);
        child.storeLong(at + pageBytes, 20);
        assertEquals(1, child.loadLong(at));
        assertEquals(10, parent.loadLong(at));
        assertEquals(2, parent.loadLong(at + pageBytes));
        assertEquals(20, child.loadLong(at + pageBytes));
    }

    @Test
    void theLastOwnerOfAPageWritesItInPlace() {
        long at = machine.anonymous(parent, 1);
        parent.storeLong(at, 1);
        SvaProcess child = parent.fork();
        child.close();
        long before = frame(machine.walk(parent, at));
        parent.storeLong(at, 2);
        assertEquals(before, frame(machine.walk(parent, at)));
        assertTrue(writable(machine.walk(parent, at)));
    }

    @Test
    void theListenerHearsOneWholeFlushWhenEveryEntryIsNarrowed() {
        long at = machine.anonymous(parent, 50);
        parent.madvise(at, 50 * pageBytes, Advice.POPULATE_WRITE);
        Recorder recorder = new Recorder();
        recorder.check =
                () -> {
                    for (int i = 0; i < 50; i++) {
                        assertFalse(writable(machine.walk(parent, at + (long) i * pageBytes)));
                    }
                };
        try (var _ = parent.addressSpace().subscribe(recorder)) {
            parent.fork();
            assertEquals(List.of(AddressRange.WHOLE), recorder.ranges);
        }
    }

    @Test
    void aFailedForkFlushesToo() {
        try (TestMachine small = TestMachine.withSwap(mode, 64L * pageBytes, 0)) {
            SvaProcess hungry = small.spawn();
            // Each page needs a table of its own, in the child too.
            int shift = mode.geometry().hugeShift();
            long at = hungry.mmap(MapRequest.anonymous(32L << shift));
            int pages = 24;
            for (long i = 0; i < pages; i++) {
                hungry.storeLong(at + (i << shift), i);
            }
            Recorder recorder = new Recorder();
            hungry.addressSpace().subscribe(recorder);
            assertEquals(Errno.ENOMEM, assertThrows(ErrnoException.class, hungry::fork).errno());
            assertEquals(List.of(AddressRange.WHOLE), recorder.ranges);
            for (long i = 0; i < pages; i++) {
                assertEquals(i, hungry.loadLong(at + (i << shift)));
                hungry.storeLong(at + (i << shift), i + 1);
            }
        }
    }

    @Test
    void aChildOfVforkSharesTheMemoryUntilExecAndTheOtherGoesOn() {
        long at = machine.anonymous(parent, 2);
        parent.storeLong(at, 1);
        Recorder recorder = new Recorder();
        parent.addressSpace().subscribe(recorder);
        SvaProcess child = parent.vfork();
        assertSame(parent.addressSpace(), child.addressSpace());
        assertNotEquals(parent.pid(), child.pid());
        assertEquals(List.of(), recorder.ranges, "nothing was copied");
        child.storeLong(at, 2);
        assertEquals(2, parent.loadLong(at));
        long mapped = machine.anonymous(child, 1);
        parent.storeLong(mapped, 3);
        child.exec();
        assertNotSame(parent.addressSpace(), child.addressSpace());
        assertThrows(CpuFaultException.class, () -> child.loadLong(at));
        assertEquals(0, recorder.releases.get());
        assertEquals(3, parent.loadLong(mapped));
    }

    @Test
    void theMemoryLivesAsLongAsOneOfThoseThatShareIt() {
        long at = machine.anonymous(parent, 1);
        parent.storeLong(at, 1);
        Recorder recorder = new Recorder();
        parent.addressSpace().subscribe(recorder);
        SvaProcess child = parent.vfork();
        SvaProcess grandchild = child.vfork();
        parent.exit(0);
        grandchild.close();
        assertEquals(0, recorder.releases.get());
        child.storeLong(at, 2);
        assertEquals(2, child.loadLong(at));
        long pages = machine.addressSpaces.pageCount();
        child.exit(0);
        assertEquals(1, recorder.releases.get());
        assertEquals(pages - 1, machine.addressSpaces.pageCount());
        assertEquals(Errno.ESRCH, assertThrows(ErrnoException.class, child::vfork).errno());
    }

    @Test
    void filesAreCopiedToTheChildOfVfork() {
        int fd = parent.createSharedMemory(pageBytes);
        SvaProcess child = parent.vfork();
        child.closeFile(fd);
        long at = parent.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        child.storeLong(at, 5);
        assertEquals(5, parent.loadLong(at));
    }

    @Test
    void copyOnWriteClearsTellsAndOnlyThenSets() {
        long at = machine.anonymous(parent, 1);
        parent.storeLong(at, 1);
        SvaProcess child = parent.fork();
        Recorder recorder = new Recorder();
        recorder.check = () -> assertEquals(0, machine.walk(parent, at));
        parent.addressSpace().subscribe(recorder);
        parent.storeLong(at, 2);
        assertEquals(List.of(new AddressRange(at, at + pageBytes)), recorder.ranges);
        assertEquals(1, child.loadLong(at));
    }

    @Test
    void theChildHasNoListeners() {
        Recorder recorder = new Recorder();
        parent.addressSpace().subscribe(recorder);
        SvaProcess child = parent.fork();
        recorder.ranges.clear();
        long at = machine.anonymous(child, 1);
        child.storeLong(at, 1);
        child.munmap(at, pageBytes);
        child.close();
        assertEquals(List.of(), recorder.ranges);
        assertEquals(0, recorder.releases.get());
        assertNotEquals(parent.addressSpace().id(), 0);
    }

    @Test
    void rangesThatAreNotForkedOrWipedAreAbsentOrEmptyInTheChild() {
        long at = machine.anonymous(parent, 3);
        for (int i = 0; i < 3; i++) {
            parent.storeLong(at + i * pageBytes, i + 1);
        }
        parent.madvise(at, pageBytes, Advice.DONTFORK);
        parent.madvise(at + pageBytes, pageBytes, Advice.WIPEONFORK);
        SvaProcess child = parent.fork();
        assertThrows(CpuFaultException.class, () -> child.loadLong(at));
        assertEquals(0, child.loadLong(at + pageBytes));
        assertEquals(3, child.loadLong(at + 2 * pageBytes));
        SvaProcess grandchild = child.fork();
        assertEquals(0, grandchild.loadLong(at + pageBytes));
    }

    @Test
    void aPageWithoutRightsIsStillCopied() {
        long at = machine.anonymous(parent, 1);
        parent.storeLong(at, 4);
        parent.mprotect(at, pageBytes, org.opensva.api.memory.Protection.NONE);
        SvaProcess child = parent.fork();
        child.mprotect(at, pageBytes, org.opensva.api.memory.Protection.READ_WRITE);
        child.storeLong(at, 5);
        parent.mprotect(at, pageBytes, org.opensva.api.memory.Protection.READ_WRITE);
        assertEquals(4, parent.loadLong(at));
        assertEquals(5, child.loadLong(at));
    }

    @Test
    void aMemoryObjectTruncatedAfterForkIsCutInBoth() {
        int fd = parent.createSharedMemory(2 * pageBytes);
        long at = parent.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes).asPrivate());
        parent.storeLong(at + pageBytes, 4);
        SvaProcess child = parent.fork();
        assertEquals(4, child.loadLong(at + pageBytes));
        parent.truncate(fd, pageBytes);
        assertThrows(CpuFaultException.class, () -> child.loadLong(at + pageBytes));
        assertThrows(CpuFaultException.class, () -> parent.loadLong(at + pageBytes));
    }
}
