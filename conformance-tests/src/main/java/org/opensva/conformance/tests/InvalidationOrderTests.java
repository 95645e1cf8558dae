package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_24;
import static org.opensva.conformance.rules.RuleId.BIND_25;
import static org.opensva.conformance.rules.RuleId.UNMAP_02;
import static org.opensva.conformance.rules.RuleId.UNMAP_03;
import static org.opensva.conformance.rules.RuleId.UNMAP_04;
import static org.opensva.conformance.rules.RuleId.UNMAP_10;
import static org.opensva.conformance.rules.RuleId.UNMAP_21;
import static org.opensva.conformance.rules.RuleId.UNMAP_28;
import static org.opensva.conformance.rules.RuleId.UNMAP_30;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Advice;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.EventLog;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What hardware and driver do during a change of a mapping, and in which order. */
@RuleTests
class InvalidationOrderTests {

    /** How often memory pressure may take pages away before the test does. */
    private static final int ATTEMPTS = 8;

    /**
     * The events of an unmapping of pages that a device has cached. Pages that the system had taken
     * away in the meantime leave nothing to invalidate: then others are unmapped.
     */
    private static EventLog unmapping(
            TestBench bench, SvaProcess process, List<BoundDevice> devices, int pages) {
        EventLog log = unmappingOnce(bench, process, devices, pages);
        for (int i = 1; i < ATTEMPTS && !invalidates(log); i++) {
            log = unmappingOnce(bench, process, devices, pages);
        }
        return log;
    }

    private static boolean invalidates(EventLog log) {
        return log.count(Kind.IOTLB_INVALIDATE) + log.count(Kind.ATC_INVALIDATE) > 0;
    }

    private static EventLog unmappingOnce(
            TestBench bench, SvaProcess process, List<BoundDevice> devices, int pages) {
        Memory memory = bench.memory(process, pages, "memory to be unmapped");
        for (BoundDevice device : devices) {
            memory.writeBy(device, "by a device before munmap");
        }
        bench.step("munmap of %d pages is recorded", pages);
        EventLog log = new EventLog(bench, () -> process.munmap(memory.address(), memory.length()));
        bench.step("the events of munmap of %d pages", pages);
        return log;
    }

    @Test
    @Covers(UNMAP_03)
    void theIotlbIsCleanBeforeTheAtcIsTold(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process));
        for (int pages : new int[] {1, 7, 600}) {
            EventLog log = unmapping(bench, process, devices, pages);
            if (log.count(Kind.IOTLB_INVALIDATE) == 0) {
                throw new NotObservable("the IOTLB follows the processor's own invalidations");
            }
            log.mustHave(Kind.ATC_INVALIDATE, "munmap");
            boolean told = false;
            boolean clean = false;
            for (HardwareEvent event : log.events()) {
                switch (event.kind()) {
                    case IOTLB_INVALIDATE -> {
                        told = true;
                        clean = false;
                    }
                    case IOTLB_SYNC -> clean = told;
                    case ATC_INVALIDATE ->
                            bench.check(
                                    clean,
                                    "IOTLB invalidation and its completion before the ATC is told",
                                    log.summary());
                    default -> {}
                }
            }
        }
    }

    @Test
    @Covers(UNMAP_04)
    void munmapReturnsAfterTheHardwareHasSignalledCompletion(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process));
        for (int pages : new int[] {1, 40, 600}) {
            EventLog log = unmapping(bench, process, devices, pages);
            bench.check(
                    log.count(Kind.IOTLB_INVALIDATE) + log.count(Kind.ATC_INVALIDATE) > 0,
                    "munmap of cached pages to invalidate something",
                    log.summary());
            completed(log, Kind.IOTLB_INVALIDATE, Kind.IOTLB_SYNC, "the IOTLB");
            completed(log, Kind.ATC_INVALIDATE, Kind.ATC_SYNC, "the ATC");
        }
    }

    private static Memory cached(TestBench bench, BoundDevice device, int pages) {
        Memory memory = bench.memory(device.process(), pages, "memory to be unmapped");
        memory.writeBy(device, "by the device");
        return memory;
    }

    private static EventLog unmapped(TestBench bench, Memory memory) {
        bench.step("munmap of %d pages is recorded", memory.count());
        return new EventLog(
                bench, () -> memory.process().munmap(memory.address(), memory.length()));
    }

    private static void completed(EventLog log, Kind issued, Kind done, String what) {
        int last = log.last(issued);
        if (last >= 0) {
            log.mustPrecede(
                    last, log.last(done), "completion of every invalidation of " + what + " first");
        }
    }

    @Test
    @Covers(UNMAP_10)
    void whatIsInvalidatedCoversWhatChanged(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int pages : new int[] {1, 2, 33, 513}) {
            Memory memory = cached(bench, device, pages);
            EventLog log = unmapped(bench, memory);
            // A page that the system had taken away needs no invalidation of its own any more.
            for (int i = 1; i < ATTEMPTS && !coversAll(log, memory); i++) {
                memory = cached(bench, device, pages);
                log = unmapped(bench, memory);
            }
            for (Kind kind : List.of(Kind.IOTLB_INVALIDATE, Kind.ATC_INVALIDATE)) {
                if (log.count(kind) > 0) {
                    covers(bench, log, kind, memory.address(), memory.page(pages));
                }
            }
            bench.check(
                    log.count(Kind.IOTLB_INVALIDATE) + log.count(Kind.ATC_INVALIDATE) > 0,
                    "an invalidation of what changed",
                    log.summary());
        }
        if (bench.claims(Capability.FORK)) {
            Memory memory = bench.memory(process, 3, "private memory");
            memory.writeBy(device, "by the device");
            bench.step("fork is recorded");
            EventLog log = new EventLog(bench, () -> bench.fork(process));
            for (int i = 0; i < 3; i++) {
                covers(bench, log, Kind.ATC_INVALIDATE, Kind.IOTLB_INVALIDATE, memory.page(i));
            }
        }
    }

    private static void covers(TestBench bench, EventLog log, Kind atc, Kind iotlb, long page) {
        Kind kind = bench.claims(Capability.ATS) ? atc : iotlb;
        covers(bench, log, kind, page, page + bench.pageSize());
    }

    private static void covers(TestBench bench, EventLog log, Kind kind, long start, long end) {
        long covered = covered(log, kind, start);
        bench.check(
                Long.compareUnsigned(covered, end) >= 0,
                "%s to cover 0x%x to 0x%x".formatted(kind, start, end),
                "it leaves out 0x%x and what follows".formatted(covered));
    }

    /** How far the invalidations of a kind reach without a gap. */
    private static long covered(EventLog log, Kind kind, long start) {
        List<HardwareEvent> ranges = new ArrayList<>();
        for (HardwareEvent event : log.events()) {
            if (event.kind() == kind) {
                if (event.length() < 0) {
                    return -1L;
                }
                ranges.add(event);
            }
        }
        ranges.sort(Comparator.comparingLong(HardwareEvent::address));
        long covered = start;
        for (HardwareEvent range : ranges) {
            if (range.address() <= covered) {
                covered = Math.max(covered, range.address() + range.length());
            }
        }
        return covered;
    }

    /** Whether every kind of invalidation that there was reaches from end to end. */
    private static boolean coversAll(EventLog log, Memory memory) {
        long end = memory.page(memory.count());
        return invalidates(log)
                && Stream.of(Kind.IOTLB_INVALIDATE, Kind.ATC_INVALIDATE)
                        .filter(kind -> log.count(kind) > 0)
                        .allMatch(kind ->
                                Long.compareUnsigned(covered(log, kind, memory.address()), end)
                                        >= 0);
    }

    @Test
    @Covers(UNMAP_28)
    void theAtcIsToldExplicitly(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process));
        unmapping(bench, process, devices, 1).mustHave(Kind.ATC_INVALIDATE, "munmap");
        unmapping(bench, process, devices, 300).mustHave(Kind.ATC_INVALIDATE, "munmap");
    }

    @Test
    @Covers(UNMAP_30)
    @Needs(Capability.TWO_DEVICES)
    void everyFunctionWithAnAtcIsTold(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process, 0), bench.device(process, 1));
        EventLog log = unmapping(bench, process, devices, 3);
        Set<Integer> told =
                log.events().stream()
                        .filter(event -> event.kind() == Kind.ATC_INVALIDATE)
                        .map(HardwareEvent::requester)
                        .collect(Collectors.toSet());
        bench.check(told.size() >= 2, "both bound devices to be told", "told were " + told);
    }

    @Test
    @Covers(UNMAP_02)
    @Needs(Capability.INTROSPECTION)
    void aFrameIsFreedAfterItsInvalidationHasCompleted(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process));
        freedLast(bench, unmapping(bench, process, devices, 1));
    }

    @Test
    @Covers(UNMAP_21)
    void aReclaimedPageIsFreedAfterItsInvalidationHasCompleted(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 1, "memory");
        EventLog log = reclaimed(bench, device, memory);
        for (int i = 1; i < ATTEMPTS && !invalidates(log); i++) {
            log = reclaimed(bench, device, memory);
        }
        freedLast(bench, log);
        if (!bench.claims(Capability.DEMAND_PAGING)) {
            memory.mustHold("the process itself brings the page back");
        }
        device.mustRead(memory.page(0), memory.token(0), "the page, brought back");
    }

    private static EventLog reclaimed(TestBench bench, BoundDevice device, Memory memory) {
        if (!bench.claims(Capability.DEMAND_PAGING)) {
            memory.store("brought back by the process");
        }
        memory.writeBy(device, "by the device");
        bench.step("reclaim of one page is recorded");
        return new EventLog(
                bench,
                () -> memory.process().madvise(memory.address(), memory.length(), Advice.PAGEOUT));
    }

    private static void freedLast(TestBench bench, EventLog log) {
        int freed = log.first(Kind.FRAME_FREED);
        if (freed >= 0) {
            log.mustPrecede(
                    Math.max(log.last(Kind.IOTLB_SYNC), log.last(Kind.ATC_SYNC)),
                    freed,
                    "completed invalidations before the first frame is freed");
        } else {
            bench.check(
                    log.count(Kind.IOTLB_INVALIDATE) + log.count(Kind.ATC_INVALIDATE) > 0,
                    "an invalidation",
                    log.summary());
        }
    }

    @Test
    @Covers(BIND_24)
    @Needs(Capability.INTROSPECTION)
    void aBindSubscribesBeforeItsEntryIsLive(TestBench bench) {
        for (int i = 0; i < 2; i++) {
            SvaProcess process = bench.process("owner" + i);
            bench.step("bind %d is recorded", i);
            EventLog log = new EventLog(bench, () -> bench.open(process, 0));
            log.mustPrecede(
                    log.first(Kind.SUBSCRIBED),
                    log.first(Kind.PASID_ENTRY_SET),
                    "the subscription to invalidations before the entry is set");
        }
    }

    @Test
    @Covers(BIND_25)
    void aBindStartsWithACleanAtc(TestBench bench) {
        SvaProcess first = bench.process("first");
        bench.step("the first bind is recorded");
        EventLog log = new EventLog(bench, () -> bench.device(first));
        log.mustHave(Kind.ATC_INVALIDATE, "a bind that may switch ATS on");
        SvaProcess second = bench.process("second");
        bench.step("a bind with ATS on already is recorded");
        EventLog later = new EventLog(bench, () -> bench.device(second));
        int set = later.mustHave(Kind.PASID_ENTRY_SET, "a bind");
        bench.check(
                later.first(set, event -> event.kind() == Kind.ATC_INVALIDATE) >= 0,
                "the PASID's content of the ATC to be invalidated after the entry changed",
                later.summary());
    }
}
