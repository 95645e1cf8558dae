package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.emulated.kernel.TestMachine.frame;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** What processors broadcast for an address space whose ASID an IOMMU shares, and when. */
class SharedAsidTest {

    private static final int ASIDS = 4;

    /** Keeps what was broadcast; each message is followed by its DSB. */
    private static final class Broadcasts implements ProcessorTlbs {

        record Message(int asid, AddressRange range, boolean lastLevelOnly) {}

        final List<Message> complete = new ArrayList<>();
        private final List<Message> underWay = new ArrayList<>();
        Runnable check = () -> {};

        @Override
        public int asids() {
            return ASIDS;
        }

        @Override
        public synchronized void invalidate(int asid, AddressRange range, boolean lastLevelOnly) {
            underWay.add(new Message(asid, range, lastLevelOnly));
            check.run();
        }

        @Override
        public synchronized void synchronize() {
            assertEquals(1, underWay.size());
            complete.addAll(underWay);
            underWay.clear();
        }

        List<Message> take() {
            List<Message> all = List.copyOf(complete);
            complete.clear();
            return all;
        }
    }

    private final Broadcasts tlbs = new Broadcasts();
    private final TestMachine machine =
            new TestMachine(PagingMode.ARM64_4K, 1L << 30, HugePagePolicy.MADVISE, tlbs);
    private final SvaProcess process = machine.spawn();
    private final AddressSpace space = process.addressSpace();
    private final int page = machine.pageBytes;

    @AfterEach
    void nothingIsLeftBehind() {
        tlbs.check = () -> {};
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.sharedAsidCount());
        assertEquals(0, machine.kernel.failures());
    }

    private long populated(int pages) {
        long at = machine.anonymous(process, pages);
        process.madvise(at, (long) pages * page, Advice.POPULATE_WRITE);
        return at;
    }

    private static Broadcasts.Message message(int asid, AddressRange range, boolean last) {
        return new Broadcasts.Message(asid, range, last);
    }

    @Test
    void nothingIsBroadcastBeforeAnybodySharesTheAsid() {
        long at = populated(2);
        process.munmap(at, page);
        assertEquals(List.of(), tlbs.take());
        assertEquals(OptionalInt.of(1), space.asid());
        assertEquals(OptionalInt.of(1), space.asid());
        process.munmap(at + page, page);
        assertEquals(1, tlbs.take().size());
    }

    @Test
    void theBroadcastIsCompleteBeforeListenersAreToldAndFramesFreed() {
        long at = populated(2);
        space.asid();
        long frame = frame(machine.walk(process, at));
        process.storeLong(at, 42);
        Recorder recorder = new Recorder();
        space.subscribe(recorder);
        List<String> order = new ArrayList<>();
        tlbs.check =
                () -> {
                    assertEquals(0, machine.walk(process, at));
                    assertEquals(42, machine.memory.readLong(frame));
                    order.add("broadcast");
                };
        recorder.check =
                () -> {
                    assertEquals(1, tlbs.complete.size());
                    assertEquals(42, machine.memory.readLong(frame));
                    order.add("listener");
                };
        process.munmap(at, page);
        assertEquals(List.of("broadcast", "listener"), order);
        assertEquals(machine.poison(), machine.memory.readLong(frame));
    }

    @Test
    void cachedTablesStayWhileTheirTableDoes() {
        long at = populated(3);
        space.asid();
        process.mprotect(at, page, Protection.READ);
        process.munmap(at + page, page);
        assertEquals(
                List.of(
                        message(1, AddressRange.of(at, page), true),
                        message(1, AddressRange.of(at + page, page), true)),
                tlbs.take());
        process.munmap(at, 3L * page);
        Broadcasts.Message last = tlbs.take().getLast();
        assertEquals(false, last.lastLevelOnly(), "the last page took its tables with it");
        assertTrue(last.range().contains(at) && last.range().contains(at + 2L * page));
    }

    @Test
    void aCollapseTellsOfTheTableThatItTakesOut() {
        long huge = machine.mode.geometry().hugeBytes();
        long mapped = process.mmap(MapRequest.anonymous(2 * huge));
        long at = mapped + huge - 1 & -huge;
        process.madvise(at, huge, Advice.NOHUGEPAGE);
        process.madvise(at, huge, Advice.POPULATE_WRITE);
        process.madvise(at, huge, Advice.HUGEPAGE);
        space.asid();
        process.madvise(at, huge, Advice.COLLAPSE);
        assertEquals(List.of(message(1, AddressRange.of(at, huge), false)), tlbs.take());
    }

    @Test
    void forkTellsOfTheWholeParentAndTheChildHasANumberOfItsOwn() {
        populated(2);
        space.asid();
        SvaProcess child = process.fork();
        assertEquals(List.of(message(1, AddressRange.WHOLE, true)), tlbs.take());
        assertEquals(OptionalInt.of(2), child.addressSpace().asid());
    }

    @Test
    void exitTellsBeforeItFrees() {
        long at = populated(1);
        space.asid();
        long frame = frame(machine.walk(process, at));
        process.storeLong(at, 42);
        List<Long> found = new ArrayList<>();
        tlbs.check = () -> found.add(machine.memory.readLong(frame));
        process.exit(0);
        assertEquals(42, found.getFirst());
        assertEquals(
                List.of(message(1, AddressRange.WHOLE, false)),
                tlbs.take().stream().distinct().toList());
    }

    @Test
    void aNumberIsFlushedBeforeItIsGivenToAnother() {
        List<SvaProcess> others = new ArrayList<>();
        space.asid();
        AddressSpace.Subscription hold = space.hold();
        for (int asid = 2; asid < ASIDS; asid++) {
            SvaProcess other = machine.spawn();
            assertEquals(OptionalInt.of(asid), other.addressSpace().asid());
            others.add(other);
        }
        SvaProcess late = machine.spawn();
        assertEquals(OptionalInt.empty(), late.addressSpace().asid());
        process.exit(0);
        assertEquals(OptionalInt.empty(), late.addressSpace().asid(), "the identity is held");
        tlbs.take();
        hold.close();
        assertEquals(List.of(message(1, AddressRange.WHOLE, false)), tlbs.take());
        assertEquals(OptionalInt.empty(), space.asid(), "an identity that has ended has none");
        assertEquals(OptionalInt.of(1), late.addressSpace().asid());
        assertNotEquals(space.id(), late.addressSpace().id());
    }

    @Test
    void whereNothingIsSharedNoAddressSpaceHasANumber() {
        try (TestMachine other = new TestMachine(PagingMode.ARM64_4K)) {
            assertEquals(OptionalInt.empty(), other.spawn().addressSpace().asid());
        }
    }
}
