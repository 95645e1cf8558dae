package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.emulated.kernel.TestMachine.frame;
import static org.opensva.emulated.kernel.TestMachine.writable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.Geometry;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.time.Duration;

@ParameterizedClass
@EnumSource(PagingMode.class)
class SystemCallTest {

    private final PagingMode mode;
    private final TestMachine machine;
    private final int pageBytes;
    private final SvaProcess process;

    SystemCallTest(PagingMode mode) {
        this.mode = mode;
        machine = new TestMachine(mode);
        pageBytes = machine.pageBytes;
        process = machine.spawn();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.identityCount());
        assertEquals(0, machine.addressSpaces.swappedPages());
        assertEquals(0, machine.kernel.processCount());
        assertEquals(0, machine.kernel.failures());
    }

    private static void refused(Errno errno, Runnable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
    }

    private static void faults(Signal signal, long address, Runnable access) {
        CpuFaultException fault = assertThrows(CpuFaultException.class, access::run);
        assertEquals(signal, fault.signal());
        assertEquals(address, fault.address());
    }

    @Test
    void anonymousMemoryReadsAsZeroAndKeepsWhatIsStored() {
        long at = machine.anonymous(process, 4);
        assertArrayEquals(new byte[100], process.load(at + pageBytes - 50, 100));
        byte[] bytes = new byte[2 * pageBytes];
        java.util.Arrays.fill(bytes, (byte) 9);
        process.store(at + 100, bytes);
        assertArrayEquals(bytes, process.load(at + 100, bytes.length));
        process.storeLong(at + 3 * pageBytes, 0x0102030405060708L);
        assertEquals(8, process.load(at + 3 * pageBytes, 1)[0]);
        assertEquals(0x0102030405060708L, process.loadLong(at + 3 * pageBytes));
    }

    @Test
    void pagesAppearOnlyWhenTouchedAndUntouchedOnesShareTheZeroPage() {
        long before = machine.addressSpaces.pageCount();
        long at = machine.anonymous(process, 1 << 20);
        process.load(at, 1);
        process.load(at + 77L * pageBytes, 1);
        assertEquals(before, machine.addressSpaces.pageCount());
        assertEquals(
                frame(machine.walk(process, at)),
                frame(machine.walk(process, at + 77L * pageBytes)));
        process.store(at, new byte[1]);
        assertEquals(before + 1, machine.addressSpaces.pageCount());
        assertTrue(writable(machine.walk(process, at)));
    }

    @Test
    void whatIsNotMappedOrNotAllowedIsASegmentationFault() {
        long at = process.mmap(MapRequest.anonymous(pageBytes).withProtection(Protection.READ));
        faults(Signal.SIGSEGV, at + 5, () -> process.store(at + 5, new byte[1]));
        faults(Signal.SIGSEGV, at + pageBytes, () -> process.load(at + pageBytes - 8, 16));
        faults(Signal.SIGSEGV, 0, () -> process.loadLong(0));
        faults(Signal.SIGSEGV, 1L << 48, () -> process.loadLong(1L << 48));
        faults(Signal.SIGSEGV, -8L, () -> process.loadLong(-8L));
        faults(Signal.SIGBUS, at + 4, () -> process.loadLong(at + 4));
        process.mprotect(at, pageBytes, Protection.NONE);
        faults(Signal.SIGSEGV, at, () -> process.load(at, 1));
    }

    @Test
    void anUnmappedPageIsGoneBeforeMunmapReturnsAndItsNeighboursStay() {
        long at = machine.anonymous(process, 3);
        for (int i = 0; i < 3; i++) {
            process.storeLong(at + i * pageBytes, i + 1);
        }
        process.munmap(at + pageBytes, 1);
        assertEquals(0, machine.walk(process, at + pageBytes));
        faults(Signal.SIGSEGV, at + pageBytes, () -> process.loadLong(at + pageBytes));
        assertEquals(1, process.loadLong(at));
        assertEquals(3, process.loadLong(at + 2 * pageBytes));
        long again = process.mmap(MapRequest.anonymous(pageBytes).at(at + pageBytes));
        assertEquals(at + pageBytes, again);
        assertEquals(0, process.loadLong(again));
    }

    @Test
    void tablesGoWithTheLastPageInThem() {
        long before = machine.addressSpaces.tableCount();
        long at = machine.anonymous(process, 1);
        process.storeLong(at, 1);
        assertEquals(
                before + Geometry.LAST_LEVEL - mode.geometry().firstLevel(),
                machine.addressSpaces.tableCount());
        process.munmap(at, pageBytes);
        assertEquals(before, machine.addressSpaces.tableCount());
    }

    @Test
    void aFixedMappingReplacesWhatWasThere() {
        long at = machine.anonymous(process, 3);
        process.storeLong(at + pageBytes, 5);
        process.mmap(
                MapRequest.anonymous(pageBytes).at(at + pageBytes).withProtection(Protection.READ));
        assertEquals(0, process.loadLong(at + pageBytes));
        faults(Signal.SIGSEGV, at + pageBytes, () -> process.storeLong(at + pageBytes, 1));
    }

    @Test
    void aHintIsFollowedWhenThereIsRoom() {
        long hint = 0x4000_0000L;
        MapRequest request =
                new MapRequest(
                        hint + 123,
                        pageBytes,
                        Protection.READ_WRITE,
                        false,
                        false,
                        MapRequest.ANONYMOUS,
                        0);
        assertEquals(hint, process.mmap(request));
        assertNotEquals(hint, process.mmap(request));
    }

    @Test
    void anAddressIsGivenOutAgainAsLateAsPossibleAndDiffersBetweenPrograms() {
        long first = machine.anonymous(process, 1);
        process.munmap(first, pageBytes);
        assertNotEquals(first, machine.anonymous(process, 1));
        SvaProcess other = machine.spawn();
        assertNotEquals(first, machine.anonymous(other, 1));
    }

    @Test
    void whenTheLowestAddressIsReachedTheSearchBeginsAtTheTopAgain() {
        // Three of them fit below the guard at the top, four do not.
        long half = Long.highestOneBit(mode.geometry().limit() - 1) >>> 1;
        long[] held = new long[3];
        for (int i = 0; i < held.length; i++) {
            held[i] = process.mmap(MapRequest.anonymous(half));
        }
        refused(Errno.ENOMEM, () -> process.mmap(MapRequest.anonymous(half)));
        process.munmap(held[1], half);
        long again = process.mmap(MapRequest.anonymous(half));
        process.storeLong(again + half - 8, 1);
        assertEquals(1, process.loadLong(again + half - 8));
    }

    @Test
    void nonsenseIsRefused() {
        long at = machine.anonymous(process, 1);
        refused(Errno.EINVAL, () -> process.mmap(MapRequest.anonymous(0)));
        refused(Errno.ENOMEM, () -> process.mmap(MapRequest.anonymous(1L << 58)));
        refused(Errno.ENOMEM, () -> process.mmap(MapRequest.anonymous(Long.MAX_VALUE)));
        refused(Errno.EINVAL, () -> process.mmap(MapRequest.anonymous(pageBytes).at(at + 1)));
        refused(Errno.EPERM, () -> process.mmap(MapRequest.anonymous(pageBytes).at(0)));
        refused(
                Errno.ENOMEM,
                () -> process.mmap(MapRequest.anonymous(pageBytes).at(mode.geometry().limit())));
        refused(Errno.ENOMEM, () -> process.mmap(MapRequest.anonymous(pageBytes).at(-pageBytes)));
        refused(Errno.EBADF, () -> process.mmap(MapRequest.sharedFile(5, 0, pageBytes)));
        refused(Errno.EINVAL, () -> process.munmap(at, 0));
        refused(Errno.EINVAL, () -> process.munmap(at + 1, pageBytes));
        refused(Errno.EINVAL, () -> process.munmap(-pageBytes, pageBytes));
        refused(Errno.EINVAL, () -> process.munmap(at, -1));
        refused(Errno.ENOMEM, () -> process.mprotect(at, 2 * pageBytes, Protection.READ));
        refused(Errno.ENOMEM, () -> process.madvise(at, 2 * pageBytes, Advice.DONTNEED));
        refused(Errno.EBADF, () -> process.closeFile(3));
        refused(Errno.EBADF, () -> process.closeFile(-1));
        refused(Errno.EINVAL, () -> process.createSharedMemory(-1));
        process.munmap(at, pageBytes);
        process.munmap(at, pageBytes);
    }

    @Test
    void protectionNarrowsAtOnceAndWidensOnDemand() {
        long at = machine.anonymous(process, 2);
        process.storeLong(at, 7);
        process.mprotect(at, pageBytes, Protection.READ);
        assertFalse(writable(machine.walk(process, at)));
        faults(Signal.SIGSEGV, at, () -> process.storeLong(at, 8));
        process.mprotect(at, pageBytes, Protection.NONE);
        assertEquals(0, machine.walk(process, at));
        process.mprotect(at, pageBytes, Protection.READ_WRITE);
        assertEquals(7, process.loadLong(at));
        process.storeLong(at, 8);
        assertEquals(8, process.loadLong(at));
        process.storeLong(at + pageBytes, 9);
    }

    @Test
    void aMovedMappingTakesItsContentsAlong() {
        long at = machine.anonymous(process, 4);
        for (int i = 0; i < 4; i++) {
            process.storeLong(at + i * pageBytes, i + 1);
        }
        process.mmap(MapRequest.anonymous(pageBytes).at(at + 4 * pageBytes));
        long to = process.mremap(at, 4 * pageBytes, 8 * pageBytes, true);
        assertNotEquals(at, to);
        for (int i = 0; i < 4; i++) {
            assertEquals(i + 1, process.loadLong(to + i * pageBytes));
        }
        assertEquals(0, process.loadLong(to + 7 * pageBytes));
        faults(Signal.SIGSEGV, at, () -> process.loadLong(at));
    }

    @Test
    void aMappingGrowsInPlaceWhenThereIsRoomAndShrinksAtItsEnd() {
        long at = process.mmap(MapRequest.anonymous(2 * pageBytes).at(0x10_0000));
        assertEquals(at, process.mremap(at, 2 * pageBytes, 4 * pageBytes, false));
        process.storeLong(at + 3 * pageBytes, 1);
        assertEquals(at, process.mremap(at, 4 * pageBytes, pageBytes, false));
        faults(Signal.SIGSEGV, at + pageBytes, () -> process.loadLong(at + pageBytes));
        process.mmap(MapRequest.anonymous(pageBytes).at(at + pageBytes));
        process.mprotect(at + pageBytes, pageBytes, Protection.READ);
        refused(Errno.ENOMEM, () -> process.mremap(at, pageBytes, 2 * pageBytes, false));
        refused(Errno.EFAULT, () -> process.mremap(at, 2 * pageBytes, 3 * pageBytes, true));
        refused(Errno.EFAULT, () -> process.mremap(0x9000_0000L, pageBytes, pageBytes, true));
        refused(Errno.EINVAL, () -> process.mremap(at, pageBytes, 0, true));
    }

    @Test
    void discardedPagesReadAsZero() {
        long at = machine.anonymous(process, 2);
        process.storeLong(at, 5);
        process.storeLong(at + pageBytes, 6);
        process.madvise(at, pageBytes, Advice.DONTNEED);
        assertEquals(0, machine.walk(process, at));
        assertEquals(0, process.loadLong(at));
        assertEquals(6, process.loadLong(at + pageBytes));
    }

    @Test
    void reclaimedPagesComeBackWithTheirContents() {
        long at = machine.anonymous(process, 3);
        process.storeLong(at, 5);
        process.load(at + pageBytes, 1);
        process.storeLong(at + 2 * pageBytes, 0);
        long pages = machine.addressSpaces.pageCount();
        process.madvise(at, 3 * pageBytes, Advice.PAGEOUT);
        assertEquals(pages - 2, machine.addressSpaces.pageCount());
        assertEquals(2, machine.addressSpaces.swappedPages());
        assertEquals(0, machine.walk(process, at));
        SvaProcess child = process.fork();
        assertEquals(5, child.loadLong(at));
        child.storeLong(at, 6);
        assertEquals(5, process.loadLong(at));
        assertEquals(0, process.loadLong(at + 2 * pageBytes));
        assertEquals(6, child.loadLong(at));
    }

    @Test
    void populatedPagesAreThereForWriting() {
        long at = machine.anonymous(process, 3);
        process.madvise(at, 3 * pageBytes, Advice.POPULATE_WRITE);
        for (int i = 0; i < 3; i++) {
            assertTrue(writable(machine.walk(process, at + i * pageBytes)));
        }
        process.mprotect(at, pageBytes, Protection.READ);
        refused(Errno.EINVAL, () -> process.madvise(at, pageBytes, Advice.POPULATE_WRITE));
    }

    @Test
    void aMemoryObjectIsOneWhereverItIsMapped() {
        int fd = process.createSharedMemory(3 * pageBytes);
        long one = process.mmap(MapRequest.sharedFile(fd, 0, 3 * pageBytes));
        long two = process.mmap(MapRequest.sharedFile(fd, pageBytes, 2 * pageBytes));
        process.storeLong(one + pageBytes, 5);
        assertEquals(5, process.loadLong(two));
        SvaProcess other = machine.spawn();
        int there = other.files().receive(process.files(), fd);
        long three = other.mmap(MapRequest.sharedFile(there, 0, 3 * pageBytes));
        process.munmap(one, 3 * pageBytes);
        process.closeFile(fd);
        process.munmap(two, 2 * pageBytes);
        assertEquals(5, other.loadLong(three + pageBytes));
        other.madvise(three, 3 * pageBytes, Advice.DONTNEED);
        assertEquals(5, other.loadLong(three + pageBytes));
        other.madvise(three, 3 * pageBytes, Advice.PAGEOUT);
        assertTrue(machine.addressSpaces.swappedPages() > 0);
        assertEquals(5, other.loadLong(three + pageBytes));
    }

    @Test
    void aPrivateMappingOfAMemoryObjectKeepsItsWritesToItself() {
        int fd = process.createSharedMemory(pageBytes);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        long own = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes).asPrivate());
        process.storeLong(shared, 1);
        assertEquals(1, process.loadLong(own));
        process.storeLong(own, 2);
        assertEquals(1, process.loadLong(shared));
        process.storeLong(shared, 3);
        assertEquals(2, process.loadLong(own));
        process.madvise(own, pageBytes, Advice.DONTNEED);
        assertEquals(3, process.loadLong(own));
    }

    @Test
    void sharedAnonymousMemoryIsSharedWithTheChild() {
        long at =
                process.mmap(
                        new MapRequest(
                                0,
                                pageBytes,
                                Protection.READ_WRITE,
                                true,
                                false,
                                MapRequest.ANONYMOUS,
                                0));
        process.storeLong(at, 1);
        SvaProcess child = process.fork();
        child.storeLong(at, 2);
        assertEquals(2, process.loadLong(at));
    }

    @Test
    void nothingIsBeyondTheEndOfATruncatedObject() {
        int fd = process.createSharedMemory(3 * pageBytes);
        long at = process.mmap(MapRequest.sharedFile(fd, 0, 4 * pageBytes));
        long own = process.mmap(MapRequest.sharedFile(fd, 0, 3 * pageBytes).asPrivate());
        for (int i = 0; i < 3; i++) {
            process.storeLong(at + i * pageBytes, 5);
            process.storeLong(own + i * pageBytes, 6);
        }
        process.storeLong(at + pageBytes + 8, 7);
        faults(Signal.SIGBUS, at + 3 * pageBytes, () -> process.loadLong(at + 3 * pageBytes));
        process.truncate(fd, pageBytes + 8);
        assertEquals(0, machine.walk(process, at + 2 * pageBytes));
        faults(Signal.SIGBUS, at + 2 * pageBytes, () -> process.loadLong(at + 2 * pageBytes));
        faults(Signal.SIGBUS, own + 2 * pageBytes, () -> process.loadLong(own + 2 * pageBytes));
        assertEquals(6, process.loadLong(own + pageBytes));
        process.truncate(fd, 3 * pageBytes);
        assertEquals(5, process.loadLong(at + pageBytes));
        assertEquals(0, process.loadLong(at + pageBytes + 8));
        assertEquals(0, process.loadLong(at + 2 * pageBytes));
        refused(Errno.EBADF, () -> process.truncate(fd + 1, 0));
        refused(Errno.EINVAL, () -> process.truncate(fd, -1));
    }

    @Test
    void whenMemoryRunsOutTheCallSaysSoAndNothingIsLost() {
        try (TestMachine small = TestMachine.withSwap(mode, 64L * pageBytes, 0)) {
            SvaProcess hungry = small.spawn();
            long at = machine.anonymous(hungry, 1000);
            hungry.storeLong(at, 1);
            refused(
                    Errno.ENOMEM,
                    () -> hungry.madvise(at, 1000 * pageBytes, Advice.POPULATE_WRITE));
            refused(Errno.ENOMEM, hungry::fork);
            refused(Errno.ENOMEM, small::spawn);
            assertEquals(1, hungry.loadLong(at));
            hungry.madvise(at, 1000 * pageBytes, Advice.DONTNEED);
            hungry.storeLong(at, 2);
            SvaProcess child = hungry.fork();
            assertEquals(2, child.loadLong(at));
        }
    }

    @Test
    void afterExitEveryCallIsRefused() {
        long at = machine.anonymous(process, 1);
        process.exit(3);
        assertFalse(process.isAlive());
        assertTrue(process.awaitTermination(Duration.ZERO));
        refused(Errno.ESRCH, () -> process.loadLong(at));
        refused(Errno.ESRCH, () -> process.mmap(MapRequest.anonymous(pageBytes)));
        refused(Errno.ESRCH, process::fork);
        refused(Errno.ESRCH, process::exec);
        refused(Errno.ESRCH, () -> process.kill(Signal.SIGKILL));
        refused(Errno.ESRCH, () -> process.exit(0));
        refused(Errno.ESRCH, process::files);
    }

    @Test
    void aKilledProcessEnds() {
        SvaProcess other = machine.spawn();
        other.kill(Signal.SIGSEGV);
        assertTrue(other.isAlive());
        for (Signal signal : new Signal[] {Signal.SIGKILL, Signal.SIGABRT, Signal.SIGTERM}) {
            SvaProcess victim = machine.spawn();
            victim.storeLong(machine.anonymous(victim, 1), 1);
            victim.kill(signal);
            assertTrue(victim.awaitTermination(Duration.ofSeconds(20)));
            assertFalse(victim.isAlive());
        }
    }

    @Test
    void execGivesAnEmptyAddressSpaceUnderTheSamePid() {
        long at = machine.anonymous(process, 1);
        process.storeLong(at, 1);
        long id = process.addressSpace().id();
        long pid = process.pid();
        process.exec();
        assertEquals(pid, process.pid());
        assertNotEquals(id, process.addressSpace().id());
        faults(Signal.SIGSEGV, at, () -> process.loadLong(at));
    }

    @Test
    void aReapedPidIsNotReusedAtOnce() {
        SvaProcess other = machine.spawn();
        long pid = other.pid();
        other.close();
        other.close();
        assertNotEquals(pid, machine.spawn().pid());
    }
}
