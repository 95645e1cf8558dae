package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.emulated.kernel.TestMachine.PAGE;
import static org.opensva.emulated.kernel.TestMachine.anonymous;
import static org.opensva.emulated.kernel.TestMachine.frame;
import static org.opensva.emulated.kernel.TestMachine.writable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;

import java.util.List;

class ForkTest {

    private final TestMachine machine = new TestMachine();
    private final SvaProcess parent = machine.spawn();

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
    }

    @Test
    void neitherSeesWhatTheOtherWritesAfterwards() {
        long at = anonymous(parent, 2);
        parent.storeLong(at, 1);
        parent.storeLong(at + PAGE, 2);
        SvaProcess child = parent.fork();
        assertEquals(
                frame(machine.hardwareEntry(parent, at)), frame(machine.hardwareEntry(child, at)));
        parent.storeLong(at, 10);
        child.storeLong(at + PAGE, 20);
        assertEquals(1, child.loadLong(at));
        assertEquals(10, parent.loadLong(at));
        assertEquals(2, parent.loadLong(at + PAGE));
        assertEquals(20, child.loadLong(at + PAGE));
    }

    @Test
    void theLastOwnerOfAPageWritesItInPlace() {
        long at = anonymous(parent, 1);
        parent.storeLong(at, 1);
        SvaProcess child = parent.fork();
        child.close();
        long before = frame(machine.hardwareEntry(parent, at));
        parent.storeLong(at, 2);
        assertEquals(before, frame(machine.hardwareEntry(parent, at)));
        assertTrue(writable(machine.hardwareEntry(parent, at)));
    }

    @Test
    void theListenerHearsOneWholeFlushWhenEveryEntryIsNarrowed() {
        long at = anonymous(parent, 50);
        parent.madvise(at, 50 * PAGE, Advice.POPULATE_WRITE);
        Recorder recorder = new Recorder();
        recorder.check =
                () -> {
                    for (int i = 0; i < 50; i++) {
                        assertFalse(writable(machine.hardwareEntry(parent, at + (long) i * PAGE)));
                    }
                };
        try (var _ = parent.addressSpace().subscribe(recorder)) {
            parent.fork();
            assertEquals(List.of(AddressRange.WHOLE), recorder.ranges);
        }
    }

    @Test
    void aFailedForkFlushesToo() {
        try (TestMachine small = new TestMachine(64 * PAGE)) {
            SvaProcess hungry = small.spawn();
            // Pages 2 MiB apart need a table each, in the child too.
            long at = hungry.mmap(MapRequest.anonymous(1L << 30));
            int pages = 24;
            for (long i = 0; i < pages; i++) {
                hungry.storeLong(at + (i << 21), i);
            }
            Recorder recorder = new Recorder();
            hungry.addressSpace().subscribe(recorder);
            assertEquals(Errno.ENOMEM, assertThrows(ErrnoException.class, hungry::fork).errno());
            assertEquals(List.of(AddressRange.WHOLE), recorder.ranges);
            for (long i = 0; i < pages; i++) {
                assertEquals(i, hungry.loadLong(at + (i << 21)));
                hungry.storeLong(at + (i << 21), i + 1);
            }
        }
    }

    @Test
    void copyOnWriteClearsTellsAndOnlyThenSets() {
        long at = anonymous(parent, 1);
        parent.storeLong(at, 1);
        SvaProcess child = parent.fork();
        Recorder recorder = new Recorder();
        recorder.check = () -> assertEquals(0, machine.hardwareEntry(parent, at));
        parent.addressSpace().subscribe(recorder);
        parent.storeLong(at, 2);
        assertEquals(List.of(new AddressRange(at, at + PAGE)), recorder.ranges);
        assertEquals(1, child.loadLong(at));
    }

    @Test
    void theChildHasNoListeners() {
        Recorder recorder = new Recorder();
        parent.addressSpace().subscribe(recorder);
        SvaProcess child = parent.fork();
        recorder.ranges.clear();
        long at = anonymous(child, 1);
        child.storeLong(at, 1);
        child.munmap(at, PAGE);
        child.close();
        assertEquals(List.of(), recorder.ranges);
        assertEquals(0, recorder.releases.get());
        assertNotEquals(parent.addressSpace().id(), 0);
    }

    @Test
    void rangesThatAreNotForkedOrWipedAreAbsentOrEmptyInTheChild() {
        long at = anonymous(parent, 3);
        for (int i = 0; i < 3; i++) {
            parent.storeLong(at + i * PAGE, i + 1);
        }
        parent.madvise(at, PAGE, Advice.DONTFORK);
        parent.madvise(at + PAGE, PAGE, Advice.WIPEONFORK);
        SvaProcess child = parent.fork();
        assertThrows(CpuFaultException.class, () -> child.loadLong(at));
        assertEquals(0, child.loadLong(at + PAGE));
        assertEquals(3, child.loadLong(at + 2 * PAGE));
        SvaProcess grandchild = child.fork();
        assertEquals(0, grandchild.loadLong(at + PAGE));
    }

    @Test
    void aPageWithoutRightsIsStillCopied() {
        long at = anonymous(parent, 1);
        parent.storeLong(at, 4);
        parent.mprotect(at, PAGE, org.opensva.api.memory.Protection.NONE);
        SvaProcess child = parent.fork();
        child.mprotect(at, PAGE, org.opensva.api.memory.Protection.READ_WRITE);
        child.storeLong(at, 5);
        parent.mprotect(at, PAGE, org.opensva.api.memory.Protection.READ_WRITE);
        assertEquals(4, parent.loadLong(at));
        assertEquals(5, child.loadLong(at));
    }

    @Test
    void aMemoryObjectTruncatedAfterForkIsCutInBoth() {
        int fd = parent.createSharedMemory(2 * PAGE);
        long at = parent.mmap(MapRequest.sharedFile(fd, 0, 2 * PAGE).asPrivate());
        parent.storeLong(at + PAGE, 4);
        SvaProcess child = parent.fork();
        assertEquals(4, child.loadLong(at + PAGE));
        parent.truncate(fd, PAGE);
        assertThrows(CpuFaultException.class, () -> child.loadLong(at + PAGE));
        assertThrows(CpuFaultException.class, () -> parent.loadLong(at + PAGE));
    }
}
