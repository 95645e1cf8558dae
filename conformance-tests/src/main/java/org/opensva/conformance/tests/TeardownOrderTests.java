package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_01;
import static org.opensva.conformance.rules.RuleId.EXIT_02;
import static org.opensva.conformance.rules.RuleId.EXIT_07;
import static org.opensva.conformance.rules.RuleId.EXIT_08;
import static org.opensva.conformance.rules.RuleId.EXIT_09;
import static org.opensva.conformance.rules.RuleId.EXIT_12;
import static org.opensva.conformance.rules.RuleId.EXIT_19;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.EventLog;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;

/** What hardware, driver and core do at unbind and at the end of an address space, in order. */
@RuleTests
class TeardownOrderTests {

    private static BoundDevice busy(TestBench bench, SvaProcess process) {
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 4, "memory");
        memory.writeBy(device, "by the device");
        return device;
    }

    private static EventLog exit(TestBench bench, SvaProcess process) {
        bench.step("exit is recorded");
        EventLog log = new EventLog(bench, () -> process.exit(0));
        bench.step("the events of exit");
        return log;
    }

    private static EventLog unbind(TestBench bench, BoundDevice device) {
        bench.step("the last unbind is recorded");
        EventLog log = new EventLog(bench, device::close);
        bench.step("the events of the last unbind");
        return log;
    }

    @Test
    @Covers(EXIT_01)
    @Needs(Capability.INTROSPECTION)
    void noFrameIsFreedBeforeEveryDeviceIsReleased(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        busy(bench, process);
        EventLog log = exit(bench, process);
        int end = log.mustHave(Kind.RELEASE_END, "exit");
        int freed = log.first(Kind.FRAME_FREED);
        bench.check(
                freed < 0 || freed > end,
                "the release of every device before the first frame is freed",
                log.summary());
    }

    @Test
    @Covers(EXIT_02)
    void releaseQuiescesThePasid(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        busy(bench, process);
        EventLog log = exit(bench, process);
        int begin = log.mustHave(Kind.RELEASE_BEGIN, "exit");
        int end = log.mustHave(Kind.RELEASE_END, "exit");
        int quiesced = log.mustHave(Kind.PASID_ENTRY_QUIESCED, "exit");
        bench.check(
                begin < quiesced && quiesced < end,
                "the PASID entry to be quiesced within the release",
                log.summary());
    }

    @Test
    @Covers(EXIT_01)
    @Needs(Capability.INTROSPECTION)
    void everyDeviceIsReleasedBeforeTheFirstPageIsFreed(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        // Pages that nobody shares, so that exit has something to free.
        bench.memory(process, 64, "memory of the mortal");
        List<BoundDevice> devices = new ArrayList<>(List.of(busy(bench, process)));
        if (bench.claims(Capability.TWO_DEVICES)) {
            devices.add(bench.device(process, 1));
        }
        EventLog log = exit(bench, process);
        int freed = log.first(Kind.FRAME_FREED);
        if (freed < 0) {
            throw new NotObservable("the backend does not show when pages are freed");
        }
        for (BoundDevice device : devices) {
            int requester = device.handle().accelerator().requester().value();
            int silenced =
                    log.first(
                            0,
                            event ->
                                    event.requester() == requester
                                            && (event.kind() == Kind.PASID_ENTRY_QUIESCED
                                                    || event.kind() == Kind.PASID_ENTRY_CLEARED));
            log.mustPrecede(
                    silenced,
                    freed,
                    "the entry of %s to be quiesced before the first page is freed"
                            .formatted(device.handle().accelerator().name()));
        }
    }

    @Test
    @Covers(EXIT_07)
    @Needs({Capability.FORK, Capability.PASID_VISIBLE})
    void unbindAfterReleaseRemovesTheQuiescedEntry(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        BoundDevice device = busy(bench, process);
        int pasid = device.pasid();
        SvaProcess child = bench.fork(process);
        QueueHandle last = device.handle().inheritedBy(child);
        process.exit(0);
        bench.step("the last handle of a dead address space is closed");
        EventLog log = new EventLog(bench, last::close);
        int cleared =
                log.first(
                        0,
                        event ->
                                event.kind() == Kind.PASID_ENTRY_CLEARED
                                        && (event.pasid() == pasid || event.pasid() < 0));
        bench.check(cleared >= 0, "the quiesced entry to be cleared", log.summary());
        log.mustPrecede(
                cleared,
                log.first(Kind.PASID_FREED),
                "the entry to be cleared before its PASID is free");
    }

    @Test
    @Covers(EXIT_08)
    @Needs(Capability.PRI)
    void theQueueAsksForNoPageOnceUnbindBegins(TestBench bench) {
        requestsAreOverByUnbind(bench, Kind.UNBIND_BEGIN);
    }

    @Test
    @Covers(EXIT_12)
    void noPageRequestOutlivesItsUnbind(TestBench bench) {
        requestsAreOverByUnbind(bench, Kind.UNBIND_END);
    }

    private static void requestsAreOverByUnbind(TestBench bench, Kind boundary) {
        for (int round = 0; round < 6; round++) {
            SvaProcess process = bench.process("owner");
            int pages = 4096;
            Memory absent = new Mapping(bench, process).untouched(pages);
            BoundDevice device = bench.device(process);
            bench.step("round %d: the handle is closed while the device faults pages in", round);
            EventLog log =
                    new EventLog(
                            bench,
                            () -> {
                                DeviceLoad load =
                                        DeviceLoad.start(
                                                bench,
                                                List.of(device),
                                                n ->
                                                        Job.fill(
                                                                absent.page((int) (n % pages)),
                                                                Long.BYTES,
                                                                n));
                                load.awaitSuccesses(3);
                                device.close();
                                load.stop();
                            });
            int at = log.mustHave(boundary, "the last unbind");
            long requests = count(log, Kind.PAGE_REQUEST, at);
            long answers = count(log, Kind.PAGE_RESPONSE, at);
            bench.check(
                    requests == answers && log.count(Kind.PAGE_REQUEST) == requests,
                    "every page request made and answered before " + boundary,
                    "%d requests and %d answers before it, %d requests in all"
                            .formatted(requests, answers, log.count(Kind.PAGE_REQUEST)));
            process.close();
        }
    }

    private static long count(EventLog log, Kind kind, int before) {
        return log.events().subList(0, before).stream()
                .map(HardwareEvent::kind)
                .filter(seen -> seen == kind)
                .count();
    }

    @Test
    @Covers(EXIT_09)
    void cachedTranslationsAreGoneBeforeThePasidIsFree(TestBench bench) {
        SvaProcess process = bench.process("mortal");
        busy(bench, process);
        EventLog log = exit(bench, process);
        int synced = log.mustHave(Kind.IOTLB_SYNC, "exit");
        log.mustPrecede(
                log.first(Kind.IOTLB_INVALIDATE), synced, "invalidation before its completion");
        int freed = log.first(Kind.PASID_FREED);
        if (freed < 0) {
            bench.step("the process is reaped");
            EventLog reaped = new EventLog(bench, process::close);
            reaped.mustHave(Kind.PASID_FREED, "the end of the process");
        } else {
            log.mustPrecede(synced, freed, "completed invalidation before the PASID is free");
            bench.check(
                    log.first(freed, event -> event.kind() == Kind.IOTLB_INVALIDATE) < 0,
                    "no invalidation left to do once the PASID is free",
                    log.summary());
        }
    }

    @Test
    @Covers(EXIT_19)
    void anEntryIsClearedThenInvalidatedThenGone(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = busy(bench, process);
        EventLog log = unbind(bench, device);
        int cleared = log.mustHave(Kind.PASID_ENTRY_CLEARED, "the last unbind");
        int synced = log.first(cleared, event -> event.kind() == Kind.CONFIGURATION_SYNC);
        log.mustPrecede(cleared, synced, "the entry cleared, then its cached copies invalidated");
        log.mustPrecede(
                synced,
                log.last(Kind.UNBIND_END),
                "cached copies of the entry invalidated before unbind ends");
        if (bench.claims(Capability.ATS)) {
            bench.check(
                    log.first(cleared, event -> event.kind() == Kind.ATC_SYNC) >= 0,
                    "the ATC to be invalidated after the entry was cleared",
                    log.summary());
        }
    }
}
