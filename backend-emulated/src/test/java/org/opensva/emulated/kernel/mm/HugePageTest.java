package org.opensva.emulated.kernel.mm;

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
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.List;

@ParameterizedClass
@EnumSource(PagingMode.class)
class HugePageTest {

    private final TestMachine machine;
    private final SvaProcess process;
    private final Recorder recorder = new Recorder();
    private final long page;
    private final long huge;

    HugePageTest(PagingMode mode) {
        machine = new TestMachine(mode, 6L << 30);
        process = machine.spawn();
        page = machine.pageBytes;
        huge = mode.geometry().hugeBytes();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        recorder.check = () -> {};
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    /** Three huge units that wish for huge pages, with a value at both ends of each. */
    private long three() {
        long at = process.mmap(MapRequest.anonymous(3 * huge));
        process.madvise(at, 3 * huge, Advice.HUGEPAGE);
        for (int i = 0; i < 3; i++) {
            process.storeLong(at + i * huge, 10 + i);
            process.storeLong(at + (i + 1) * huge - 8, 20 + i);
        }
        process.addressSpace().subscribe(recorder);
        return at;
    }

    /** One leaf maps the whole unit: its pages lie one after the other, and no table is needed. */
    private boolean isHuge(SvaProcess where, long at) {
        long first = machine.walk(where, at);
        if (first == 0 || (frame(first) & huge - 1) != 0) {
            return false;
        }
        for (long offset = 0; offset < huge; offset += page) {
            if (frame(machine.walk(where, at + offset)) != frame(first) + offset) {
                return false;
            }
        }
        return true;
    }

    private void unchanged(SvaProcess where, long at) {
        for (int i = 0; i < 3; i++) {
            assertEquals(10 + i, where.loadLong(at + i * huge));
            assertEquals(20 + i, where.loadLong(at + (i + 1) * huge - 8));
        }
    }

    private AddressRange unit(long at) {
        return AddressRange.of(at, huge);
    }

    @Test
    void aFaultBringsAHugePageToAMappingThatWishesForIt() {
        long tables = machine.addressSpaces.tableCount();
        long at = three();
        assertEquals(0, at & huge - 1, "placed where huge pages fit");
        for (int i = 0; i < 3; i++) {
            assertTrue(isHuge(process, at + i * huge));
            assertTrue(writable(machine.walk(process, at + i * huge)));
        }
        assertEquals(3 * huge / page, machine.addressSpaces.pageCount());
        assertTrue(machine.addressSpaces.tableCount() - tables <= 4, "no tables of small pages");
        unchanged(process, at);
        recorder.ranges.clear();
        process.munmap(at, 3 * huge);
        assertEquals(1, recorder.ranges.size());
        assertTrue(recorder.ranges.getFirst().contains(at + 3 * huge - 1));
        assertEquals(0, machine.addressSpaces.pageCount());
    }

    @Test
    void aDeviceFaultBringsOneToo() {
        long at = process.mmap(MapRequest.anonymous(huge));
        process.madvise(at, huge, Advice.HUGEPAGE);
        assertEquals(
                FaultOutcome.RESOLVED,
                process.addressSpace().handleFault(at + huge / 2, Access.READ));
        assertTrue(isHuge(process, at));
        assertEquals(0, process.loadLong(at + huge / 2));
    }

    @Test
    void withoutAWishOrAWholeUnitPagesAreSmall() {
        long at = process.mmap(MapRequest.anonymous(huge));
        process.storeLong(at, 1);
        assertEquals(1, machine.addressSpaces.pageCount());
        long most = process.mmap(MapRequest.anonymous(2 * huge));
        process.munmap(most, page);
        process.madvise(most + page, 2 * huge - page, Advice.HUGEPAGE);
        process.storeLong(most + page, 1);
        assertEquals(2, machine.addressSpaces.pageCount());
        process.storeLong(most + huge, 1);
        assertTrue(isHuge(process, most + huge));
        process.madvise(at, huge, Advice.NOHUGEPAGE);
        process.storeLong(at + page, 1);
        assertFalse(isHuge(process, at));
    }

    @Test
    void unmappingAPartSplitsInOrder() {
        long at = three();
        long first = frame(machine.walk(process, at + huge));
        process.storeLong(at + huge + page, 5);
        recorder.ranges.clear();
        recorder.check = () -> assertEquals(0, machine.walk(process, at + huge + page));
        process.munmap(at + huge + page, page);
        assertEquals(
                List.of(unit(at + huge), AddressRange.of(at + huge + page, page)), recorder.ranges);
        recorder.check = () -> {};
        assertEquals(first, frame(machine.walk(process, at + huge)), "the others stay in place");
        assertEquals(0, machine.walk(process, at + huge + page));
        assertEquals(machine.poison(), machine.memory.readLong(first + page), "freed at once");
        assertEquals(3 * huge / page - 1, machine.addressSpaces.pageCount());
        unchanged(process, at);
        assertThrows(CpuFaultException.class, () -> process.loadLong(at + huge + page));
    }

    @Test
    void protectingAPartSplitsAndTheRestStaysHuge() {
        long at = three();
        process.mprotect(at + page, huge, Protection.READ);
        assertTrue(isHuge(process, at + 2 * huge));
        assertTrue(writable(machine.walk(process, at)));
        assertFalse(writable(machine.walk(process, at + page)));
        assertFalse(writable(machine.walk(process, at + huge)));
        assertTrue(writable(machine.walk(process, at + huge + page)));
        unchanged(process, at);
        assertThrows(CpuFaultException.class, () -> process.storeLong(at + huge, 1));
    }

    @Test
    void aWholeHugePageIsProtectedAsOne() {
        long at = three();
        recorder.ranges.clear();
        process.mprotect(at + huge, huge, Protection.NONE);
        assertEquals(List.of(unit(at + huge)), recorder.ranges);
        assertEquals(0, machine.walk(process, at + huge));
        process.mprotect(at + huge, huge, Protection.READ_WRITE);
        assertTrue(isHuge(process, at + huge));
        process.storeLong(at + huge + 8, 1);
        assertTrue(isHuge(process, at + huge));
        assertTrue(writable(machine.walk(process, at + huge)));
        unchanged(process, at);
        process.mprotect(at + huge, huge, Protection.NONE);
        process.munmap(at + huge + page, page);
        process.mprotect(at + huge, page, Protection.READ);
        assertEquals(11, process.loadLong(at + huge), "a denied one is split into denied ones");
    }

    @Test
    void aForkSharesHugePagesAndAWriteSplitsThem() {
        long at = three();
        recorder.ranges.clear();
        SvaProcess child = process.fork();
        assertEquals(List.of(AddressRange.WHOLE), recorder.ranges);
        assertTrue(isHuge(child, at));
        assertEquals(machine.walk(process, at), machine.walk(child, at));
        assertFalse(writable(machine.walk(process, at)));
        recorder.ranges.clear();
        process.storeLong(at, 99);
        assertEquals(List.of(unit(at), AddressRange.of(at, page)), recorder.ranges);
        assertEquals(10, child.loadLong(at));
        assertTrue(isHuge(child, at), "the child's is whole");
        assertEquals(20, process.loadLong(at + huge - 8));
        process.storeLong(at, 10);
        unchanged(child, at);
        unchanged(process, at);
        child.storeLong(at + huge, 98);
        assertEquals(11, process.loadLong(at + huge));
        child.close();
        unchanged(process, at);
        process.storeLong(at + 2 * huge, 12);
        assertTrue(isHuge(process, at + 2 * huge), "alone again, it is written in place");
    }

    @Test
    void whatIsLeftOfASplitPageIsFreedPageByPage() {
        long at = three();
        SvaProcess child = process.fork();
        process.munmap(at, 3 * huge - page);
        assertEquals(3 * huge / page, machine.addressSpaces.pageCount());
        child.munmap(at + page, 3 * huge - page);
        assertEquals(2, machine.addressSpaces.pageCount());
        assertEquals(10, child.loadLong(at));
        assertEquals(22, process.loadLong(at + 3 * huge - 8));
    }

    @Test
    void collapseMakesOneOfSmallPagesAndContentsStay() {
        long at = process.mmap(MapRequest.anonymous(2 * huge));
        process.storeLong(at + 3 * page, 3);
        process.storeLong(at + huge - 8, 4);
        process.storeLong(at + 5 * page, 5);
        process.madvise(at + 5 * page, page, Advice.PAGEOUT);
        process.loadLong(at + 6 * page);
        SvaProcess child = process.fork();
        process.addressSpace().subscribe(recorder);
        long old = frame(machine.walk(process, at + 3 * page));
        recorder.check =
                () -> {
                    assertEquals(0, machine.walk(process, at + 3 * page));
                    assertEquals(3, machine.memory.readLong(old));
                };
        process.madvise(at, huge, Advice.COLLAPSE);
        recorder.check = () -> {};
        assertEquals(List.of(unit(at)), recorder.ranges);
        assertTrue(isHuge(process, at));
        assertFalse(isHuge(child, at));
        assertNotEquals(old, frame(machine.walk(process, at + 3 * page)));
        process.storeLong(at + 6 * page, 6);
        for (SvaProcess each : List.of(process, child)) {
            assertEquals(3, each.loadLong(at + 3 * page));
            assertEquals(4, each.loadLong(at + huge - 8));
            assertEquals(5, each.loadLong(at + 5 * page));
        }
        assertEquals(0, child.loadLong(at + 6 * page));
        child.close();
    }

    @Test
    void splitAndCollapsedAgainAndAgainNothingIsLost() {
        long at = three();
        for (int round = 0; round < 5; round++) {
            process.madvise(at + huge + page, page, Advice.DONTNEED);
            assertFalse(isHuge(process, at + huge));
            process.madvise(at, 3 * huge, Advice.COLLAPSE);
            assertTrue(isHuge(process, at + huge));
            unchanged(process, at);
        }
        process.madvise(at + huge, 4 * page, Advice.PAGEOUT);
        assertEquals(4, machine.addressSpaces.swappedPages());
        unchanged(process, at);
    }

    @Test
    void whatCannotBeCollapsedIsRefused() {
        int fd = process.createFile(huge);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, huge));
        long none = process.mmap(MapRequest.anonymous(huge).withProtection(Protection.NONE));
        for (long at : new long[] {shared, none}) {
            assertEquals(
                    Errno.EINVAL,
                    assertThrows(
                                    ErrnoException.class,
                                    () -> process.madvise(at, huge, Advice.COLLAPSE))
                            .errno());
        }
        process.madvise(shared, huge, Advice.HUGEPAGE);
        process.storeLong(shared, 1);
        assertEquals(1, machine.addressSpaces.pageCount());
    }

    @Test
    void aHugePageMovesAndForksByAdvice() {
        long at = three();
        process.madvise(at + huge, huge, Advice.DONTFORK);
        process.madvise(at + 2 * huge + page, page, Advice.WIPEONFORK);
        SvaProcess child = process.fork();
        assertThrows(CpuFaultException.class, () -> child.loadLong(at + huge));
        assertEquals(12, child.loadLong(at + 2 * huge));
        assertEquals(22, child.loadLong(at + 3 * huge - 8));
        child.close();
        process.mmap(MapRequest.anonymous(page).at(at + 3 * huge).withProtection(Protection.READ));
        long to = process.mremap(at, huge, huge + page, true);
        assertNotEquals(at, to);
        assertEquals(10, process.loadLong(to));
        assertEquals(20, process.loadLong(to + huge - 8));
    }

    @Test
    void withoutAFreeBlockPagesAreSmall() {
        try (TestMachine small = new TestMachine(machine.mode, huge, HugePagePolicy.ALWAYS)) {
            SvaProcess poor = small.spawn();
            long at = poor.mmap(MapRequest.anonymous(2 * huge));
            poor.storeLong(at, 7);
            assertEquals(7, poor.loadLong(at));
            assertEquals(1, small.addressSpaces.pageCount());
            assertEquals(
                    Errno.ENOMEM,
                    assertThrows(
                                    ErrnoException.class,
                                    () -> poor.madvise(at, huge, Advice.COLLAPSE))
                            .errno());
            assertEquals(7, poor.loadLong(at));
        }
    }
}
