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
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Huge pages of memory objects: made by advice, unmapped where a part goes, found again. */
@ParameterizedClass
@EnumSource(
        value = PagingMode.class,
        names = {"ARM64_4K", "ARM64_16K", "X86_64_4LEVEL", "X86_64_5LEVEL"})
class SharedHugePageTest {

    private final TestMachine machine;
    private final SvaProcess process;
    private final SvaProcess other;
    private final Recorder recorder = new Recorder();
    private final long page;
    private final long huge;
    private final int fd;
    private final long at;

    SharedHugePageTest(PagingMode mode) {
        machine = new TestMachine(mode, 1L << 30);
        page = machine.pageBytes;
        huge = mode.geometry().hugeBytes();
        process = machine.spawn();
        fd = process.createSharedMemory(2 * huge);
        at = process.mmap(MapRequest.sharedFile(fd, 0, 2 * huge));
        // A child has the same memory at the same place.
        other = process.fork();
        for (int i = 0; i < 8; i++) {
            (i % 2 == 0 ? process : other).storeLong(cell(i), 100 + i);
        }
        process.addressSpace().subscribe(recorder);
    }

    @AfterEach
    void nothingIsLeftBehind() {
        recorder.check = () -> {};
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    /** Eight places in two units. */
    private long cell(int i) {
        return at + i * (huge / 4) + i * page;
    }

    private boolean isHuge(SvaProcess where, long address) {
        long first = machine.walk(where, address);
        return first != 0
                && (frame(first) & huge - 1) == 0
                && frame(machine.walk(where, address + huge - page)) == frame(first) + huge - page;
    }

    private void collapse() {
        process.madvise(at, 2 * huge, Advice.COLLAPSE);
        assertTrue(isHuge(process, at) && isHuge(process, at + huge));
        recorder.ranges.clear();
    }

    private void unchangedBut(int... gone) {
        List<Integer> holes = new ArrayList<>();
        for (int i : gone) {
            holes.add(i);
        }
        for (int i = 0; i < 8; i++) {
            long wanted = holes.contains(i) ? 0 : 100 + i;
            assertEquals(wanted, process.loadLong(cell(i)), "cell " + i);
            assertEquals(wanted, other.loadLong(cell(i)), "cell " + i + " of the other");
        }
    }

    @Test
    void collapseBringsThePagesTogetherForEverybodyAndContentsStay() {
        long before = frame(machine.walk(process, cell(0)));
        assertEquals(0, at & huge - 1, "placed where huge pages fit");
        process.madvise(cell(2) & -page, page, Advice.PAGEOUT);
        recorder.ranges.clear();
        recorder.check =
                () -> assertEquals(0, machine.walk(process, recorder.ranges.getLast().start()));
        process.madvise(at, 2 * huge, Advice.COLLAPSE);
        recorder.check = () -> {};
        assertTrue(recorder.ranges.contains(AddressRange.of(at, huge)), "tables were taken out");
        assertTrue(recorder.covers(cell(0) & -page, page));
        assertTrue(isHuge(process, at) && isHuge(process, at + huge));
        assertTrue(writable(machine.walk(process, at)));
        assertNotEquals(before, frame(machine.walk(process, cell(0))));
        unchangedBut();
        // The other has small pages of the same block.
        assertEquals(frame(machine.walk(process, cell(0))), frame(machine.walk(other, cell(0))));
        other.madvise(at, huge, Advice.COLLAPSE);
        assertTrue(isHuge(other, at));
        assertEquals(machine.walk(process, at + page), machine.walk(other, at + page));
        process.madvise(at, 2 * huge, Advice.COLLAPSE);
        unchangedBut();
    }

    @Test
    void beforeATruncatedPageIsFreedTheWholeUnitIsOutOfReach() {
        collapse();
        long last = cell(5) & -page;
        recorder.check =
                () -> {
                    assertEquals(0, machine.walk(process, last));
                    assertEquals(0, machine.walk(process, at + huge));
                };
        process.truncate(fd, last - at);
        recorder.check = () -> {};
        assertTrue(recorder.covers(at + huge, huge));
        assertTrue(isHuge(process, at), "the first unit is not touched");
        assertThrows(CpuFaultException.class, () -> process.loadLong(cell(5)));
        assertThrows(CpuFaultException.class, () -> other.loadLong(cell(7)));
        process.truncate(fd, 2 * huge);
        unchangedBut(5, 6, 7);
    }

    @Test
    void aHoleTakesOnePageOfAUnitAndTheOthersStay() {
        collapse();
        process.punchHole(fd, (cell(1) & -page) - at, page);
        assertTrue(recorder.covers(at, huge));
        assertFalse(isHuge(process, at));
        assertTrue(isHuge(process, at + huge));
        unchangedBut(1);
        other.madvise(cell(6) & -page, page, Advice.REMOVE);
        unchangedBut(1, 6);
        process.madvise(at, 2 * huge, Advice.COLLAPSE);
        assertTrue(isHuge(process, at) && isHuge(process, at + huge));
        unchangedBut(1, 6);
    }

    @Test
    void aPartThatIsUnmappedProtectedMovedOrDiscardedLeavesTheRest() {
        collapse();
        process.mprotect(cell(3) & -page, page, Protection.READ);
        assertTrue(recorder.covers(at, huge));
        assertThrows(CpuFaultException.class, () -> process.storeLong(cell(3), 1));
        process.mprotect(cell(3) & -page, page, Protection.READ_WRITE);
        collapse();
        process.madvise(cell(2) & -page, page, Advice.DONTNEED);
        assertTrue(recorder.covers(cell(2) & -page, page));
        collapse();
        SvaProcess child = process.fork();
        child.storeLong(cell(4), 104);
        long moved = process.mremap(at, huge, 2 * huge, true);
        assertTrue(recorder.covers(at, huge));
        assertEquals(100, process.loadLong(moved));
        assertEquals(104, process.loadLong(moved + (cell(4) - at)));
        process.munmap(moved + page, page);
        assertEquals(101, process.loadLong(moved + (cell(1) - at)));
        assertThrows(CpuFaultException.class, () -> process.loadLong(moved + page));
        child.close();
    }

    @Test
    void rightsThatAreTakenFromAWholeUnitComeBackInPlace() {
        collapse();
        process.mprotect(at, 2 * huge, Protection.READ);
        assertTrue(isHuge(process, at) && !writable(machine.walk(process, at)));
        assertThrows(CpuFaultException.class, () -> process.storeLong(cell(0), 1));
        process.mprotect(at, 2 * huge, Protection.READ_WRITE);
        recorder.ranges.clear();
        process.storeLong(cell(0), 100);
        assertTrue(isHuge(process, at) && writable(machine.walk(process, at)));
        assertEquals(List.of(AddressRange.of(at, huge)), recorder.ranges);
        unchangedBut();
    }

    @Test
    void whatDoesNotFitIsRefused() {
        int small = process.createSharedMemory(huge - 1);
        long shorter = process.mmap(MapRequest.sharedFile(small, 0, huge));
        long shifted = process.mmap(MapRequest.sharedFile(fd, page, huge));
        long own = process.mmap(MapRequest.sharedFile(fd, 0, huge).asPrivate());
        assertEquals(huge - 1, shorter + huge - 1 - shorter);
        for (long bad : new long[] {shifted, own}) {
            assertEquals(Errno.EINVAL, refusal(bad));
        }
        // Up to the end of its last page it is there.
        process.madvise(shorter, huge, Advice.COLLAPSE);
        process.truncate(small, huge - page);
        assertEquals(Errno.EINVAL, refusal(shorter));
        unchangedBut();
    }

    private Errno refusal(long address) {
        return assertThrows(
                        ErrnoException.class, () -> process.madvise(address, huge, Advice.COLLAPSE))
                .errno();
    }

    @Test
    void whateverPressesNothingIsLost() {
        List<Kind> kinds =
                List.of(
                        Kind.RECLAIM,
                        Kind.MIGRATE,
                        Kind.COLLAPSE,
                        Kind.SPLIT,
                        Kind.COMPACT,
                        Kind.WRITE_PROTECT,
                        Kind.AGE);
        Random random = new Random(page);
        for (int round = 0; round < 40; round++) {
            SvaProcess one = random.nextBoolean() ? process : other;
            long from = at + random.nextInt(8) * (huge / 4);
            switch (random.nextInt(4)) {
                case 0 -> one.madvise(at, 2 * huge, Advice.COLLAPSE);
                case 1 -> one.storeLong(cell(round % 8), 100 + round % 8);
                default ->
                        machine.pressure.apply(
                                kinds.get(random.nextInt(kinds.size())),
                                one.addressSpace(),
                                new AddressRange(from, from + 8 * page));
            }
            if (round % 8 == 7) {
                unchangedBut();
            }
        }
        unchangedBut();
    }
}
