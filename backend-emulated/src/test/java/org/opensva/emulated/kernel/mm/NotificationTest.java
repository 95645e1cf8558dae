package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.emulated.kernel.TestMachine.frame;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.List;

@ParameterizedClass
@EnumSource(PagingMode.class)
class NotificationTest {

    private final TestMachine machine;
    private final int pageBytes;
    private final SvaProcess process;
    private final Recorder recorder = new Recorder();
    private long at;

    NotificationTest(PagingMode mode) {
        machine = new TestMachine(mode);
        pageBytes = machine.pageBytes;
        process = machine.spawn();
    }

    @BeforeEach
    void fourPagesAreThere() {
        at = machine.anonymous(process, 4);
        for (int i = 0; i < 4; i++) {
            process.storeLong(at + i * pageBytes, 100 + i);
        }
        process.addressSpace().subscribe(recorder);
    }

    @AfterEach
    void nothingIsLeftBehind() {
        recorder.check = () -> {};
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.kernel.failures());
    }

    private void heard(AddressRange... ranges) {
        assertEquals(List.of(ranges), recorder.ranges);
        recorder.ranges.clear();
    }

    private AddressRange pages(int first, int count) {
        return AddressRange.of(at + (long) first * pageBytes, (long) count * pageBytes);
    }

    @Test
    void theEntryIsGoneAndTheFrameStillThereWhenTheListenerHears() {
        long frame = frame(machine.walk(process, at + pageBytes));
        recorder.check =
                () -> {
                    assertEquals(0, machine.walk(process, at + pageBytes));
                    assertEquals(101, machine.memory.readLong(frame));
                };
        process.munmap(at + pageBytes, pageBytes);
        heard(pages(1, 1));
        assertEquals(machine.poison(), machine.memory.readLong(frame));
    }

    @Test
    void tablesAreFreedOnlyAfterTheListenerHasHeard() {
        long free = machine.frames.allocatedFrames();
        recorder.check = () -> assertEquals(free, machine.frames.allocatedFrames());
        process.munmap(at, 4 * pageBytes);
        heard(pages(0, 4));
        assertTrue(machine.frames.allocatedFrames() < free - 4);
    }

    @Test
    void rangesAreHalfOpenAndExact() {
        process.munmap(at + pageBytes, 2 * pageBytes);
        heard(pages(1, 2));
        process.mprotect(at, pageBytes, Protection.READ);
        heard(pages(0, 1));
        process.madvise(at + 3 * pageBytes, pageBytes, Advice.DONTNEED);
        heard(pages(3, 1));
    }

    @Test
    void whatNoHardwareCouldHaveCachedIsNotReported() {
        long untouched = machine.anonymous(process, 10);
        process.mprotect(untouched, 10 * pageBytes, Protection.READ);
        process.munmap(untouched, 10 * pageBytes);
        heard();
    }

    @Test
    void narrowingAndWideningAreBothHeard() {
        process.mprotect(at, pageBytes, Protection.READ);
        process.mprotect(at, pageBytes, Protection.READ_WRITE);
        process.mprotect(at + pageBytes, pageBytes, Protection.NONE);
        recorder.ranges.clear();
        process.storeLong(at, 1);
        heard(pages(0, 1));
    }

    @Test
    void aZeroPageThatIsWrittenIsReplacedInTheOpen() {
        long fresh = machine.anonymous(process, 1);
        assertEquals(FaultOutcome.RESOLVED, process.addressSpace().handleFault(fresh, 1));
        long zero = frame(machine.walk(process, fresh));
        heard();
        process.storeLong(fresh, 1);
        heard(AddressRange.of(fresh, pageBytes));
        assertNotEquals(zero, frame(machine.walk(process, fresh)));
        assertEquals(0, machine.memory.readLong(zero));
    }

    @Test
    void aPageIsSavedToSwapOnlyAfterDevicesHaveLostIt() {
        long frame = frame(machine.walk(process, at));
        // The last write of a device comes while the listener drains it.
        recorder.check = () -> machine.memory.writeLong(frame, 777);
        process.madvise(at, pageBytes, Advice.PAGEOUT);
        recorder.check = () -> {};
        assertEquals(777, process.loadLong(at));
    }

    @Test
    void aMoveIsHeardAtTheOldPlaceBeforeTheNewOneIsSet() {
        process.mmap(MapRequest.anonymous(pageBytes).at(at + 4 * pageBytes));
        recorder.ranges.clear();
        recorder.check = () -> assertEquals(0, machine.walk(process, at));
        long to = process.mremap(at, 4 * pageBytes, 8 * pageBytes, true);
        assertTrue(recorder.covers(at, 4 * pageBytes));
        assertEquals(103, process.loadLong(to + 3 * pageBytes));
    }

    @Test
    void aMoveWithinOneTableLosesNothing() {
        // The only pages of their table, so that it is empty for a moment.
        long low =
                process.mmap(
                        MapRequest.anonymous(2 * pageBytes)
                                .at(machine.mode.geometry().hugeBytes()));
        process.mmap(
                MapRequest.anonymous(pageBytes)
                        .at(low + 2 * pageBytes)
                        .withProtection(Protection.READ));
        process.storeLong(low, 5);
        long to = process.mremap(low, 2 * pageBytes, 3 * pageBytes, true);
        assertEquals(5, process.loadLong(to));
        process.munmap(to, 3 * pageBytes);
    }

    @Test
    void truncationIsHeardByEveryMapper() {
        int fd = process.createSharedMemory(2 * pageBytes);
        long here = process.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes));
        SvaProcess other = machine.spawn();
        Recorder there = new Recorder();
        other.addressSpace().subscribe(there);
        int passed = other.files().receive(process.files(), fd);
        long mapped = other.mmap(MapRequest.sharedFile(passed, 0, 2 * pageBytes));
        process.storeLong(here + pageBytes, 1);
        other.storeLong(mapped + pageBytes, 2);
        long frame = frame(machine.walk(process, here + pageBytes));
        recorder.ranges.clear();
        there.check = () -> assertEquals(2, machine.memory.readLong(frame));
        process.truncate(fd, pageBytes);
        heard(AddressRange.of(here + pageBytes, pageBytes));
        assertEquals(List.of(AddressRange.of(mapped + pageBytes, pageBytes)), there.ranges);
        assertEquals(machine.poison(), machine.memory.readLong(frame));
    }

    @Test
    void releaseComesBeforeAnyPageIsFreedAndNothingAfterIt() {
        long frame = frame(machine.walk(process, at));
        recorder.releaseCheck = () -> assertEquals(100, machine.memory.readLong(frame));
        AddressSpace dying = process.addressSpace();
        process.exit(0);
        assertEquals(1, recorder.releases.get());
        heard();
        assertFalse(dying.isAlive());
        assertEquals(FaultOutcome.DEAD, dying.handleFault(at, Access.READ));
        assertEquals(
                Errno.EINVAL,
                assertThrows(ErrnoException.class, () -> dying.subscribe(recorder)).errno());
        assertThrows(ErrnoException.class, dying::hold);
    }

    @Test
    void theIdentityAndItsEmptyTableOutliveTheMemoryWhileHeld() {
        AddressSpace dying = process.addressSpace();
        AddressSpace.Subscription hold = dying.hold();
        long root = dying.pageTable().orElseThrow().root();
        process.close();
        assertEquals(1, machine.addressSpaces.identityCount());
        for (long i = 0; i < pageBytes; i += 8) {
            assertEquals(0, machine.memory.readLong(root + i));
        }
        hold.close();
        hold.close();
        assertEquals(0, machine.addressSpaces.identityCount());
        assertEquals(machine.poison(), machine.memory.readLong(root));
    }

    @Test
    void theIdentityEndsOnceWithWhatIsTiedToIt() {
        AddressSpace space = process.addressSpace();
        int[] ended = new int[1];
        machine.addressSpaces.claimPasid(space.id(), 5, () -> ended[0]++);
        machine.events.recordEvents(true);
        process.close();
        assertEquals(1, ended[0]);
        List<HardwareEvent> events = machine.events.events();
        assertEquals(HardwareEvent.Kind.RELEASE_BEGIN, events.get(0).kind());
        assertEquals(5, events.get(0).pasid());
        assertEquals(HardwareEvent.Kind.RELEASE_END, events.get(1).kind());
        assertEquals(HardwareEvent.Kind.FRAME_FREED, events.get(events.size() - 1).kind());
    }

    @Test
    void aSubscriptionThatEndedHearsNothing() {
        Recorder other = new Recorder();
        AddressSpace.Subscription subscription = process.addressSpace().subscribe(other);
        subscription.close();
        subscription.close();
        process.munmap(at, pageBytes);
        assertEquals(List.of(), other.ranges);
    }

    @Test
    void deviceFaultsObeyTheMappingAndNeverGrowIt() {
        AddressSpace space = process.addressSpace();
        int rw = Access.READ | Access.WRITE;
        assertEquals(FaultOutcome.RESOLVED, space.handleFault(at + 8, rw));
        assertEquals(FaultOutcome.INVALID, space.handleFault(at - 1, Access.READ));
        assertEquals(FaultOutcome.INVALID, space.handleFault(at + 4 * pageBytes, Access.READ));
        assertEquals(FaultOutcome.INVALID, space.handleFault(at, Access.EXECUTE));
        assertEquals(FaultOutcome.INVALID, space.handleFault(-pageBytes, Access.READ));
        process.mprotect(at, pageBytes, Protection.READ_EXECUTE);
        assertEquals(FaultOutcome.INVALID, space.handleFault(at, Access.WRITE));
        assertEquals(FaultOutcome.RESOLVED, space.handleFault(at, Access.READ | Access.EXECUTE));
        int fd = process.createSharedMemory(pageBytes);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes));
        assertEquals(FaultOutcome.INVALID, space.handleFault(shared + pageBytes, Access.READ));
        assertDoesNotThrow(() -> space.handleFault(Long.MIN_VALUE, rw));
    }
}
