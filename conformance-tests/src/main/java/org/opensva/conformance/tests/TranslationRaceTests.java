package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_08;
import static org.opensva.conformance.rules.RuleId.ATS_10;
import static org.opensva.conformance.rules.RuleId.FAULT_13;
import static org.opensva.conformance.rules.RuleId.FAULT_14;
import static org.opensva.conformance.rules.RuleId.FAULT_25;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.EventLog;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Translation requests, invalidations and page requests that meet each other. */
@RuleTests
class TranslationRaceTests {

    @Test
    @Covers(ATS_08)
    void aTranslationFetchedWhileItsRangeChangedIsNotUsed(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice probe = bench.device(process);
        List<BoundDevice> fetching = List.of(bench.device(process), bench.device(process));
        Memory memory = bench.memory(process, 1, "the first memory");
        DeviceLoad load =
                DeviceLoad.start(bench, fetching, n -> Job.crc32c(memory.page(0), Long.BYTES));
        load.awaitMore(2);
        int rounds = 200;
        Sweep sweep = new Sweep(rounds);
        for (int round = 0; round < rounds; round++) {
            bench.step("round %d: memory is replaced while devices translate its address", round);
            // The first change has the devices translate again, the second meets them at it.
            process.mmap(MapRequest.anonymous(memory.length()).at(memory.address()));
            process.storeLong(memory.page(0), bench.token("soon replaced"));
            sweep.delay(round);
            process.mmap(MapRequest.anonymous(memory.length()).at(memory.address()));
            long token = bench.token("of round " + round);
            process.storeLong(memory.page(0), token);
            long begin = System.nanoTime();
            probe.mustRead(memory.page(0), token, "the new memory");
            sweep.took(System.nanoTime() - begin);
        }
        load.stop();
    }

    @Test
    @Covers(ATS_10)
    @Needs(Capability.DEMAND_PAGING)
    void invalidationsFinishWhilePageRequestsAreOutstanding(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> faulting = List.of(bench.device(process), bench.device(process));
        BoundDevice device = bench.device(process);
        int pages = 2048;
        Memory absent = new Mapping(bench, process).untouched(pages);
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        faulting,
                        n -> Job.fill(absent.page((int) (n % pages)), Long.BYTES, n));
        load.awaitMore(4);
        for (int round = 0; round < 60; round++) {
            Memory memory = bench.memory(process, 3, "memory to be unmapped");
            memory.writeBy(device, "by the device");
            bench.step("round %d: munmap while devices ask for pages", round);
            bench.bounded("munmap", () -> process.munmap(memory.address(), memory.length()));
        }
        load.stop();
        bench.check(load.failed() == 0, "no page request to be lost", load.failed() + " failed");
    }

    @Test
    @Covers(FAULT_25)
    void aFaultBesideTheRemovalOfItsDeviceHarmsNothing(TestBench bench) {
        bench.spend();
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices =
                List.of(bench.device(process), bench.device(process), bench.device(process));
        int pages = 4096;
        Memory absent = new Mapping(bench, process).untouched(pages);
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        devices,
                        n -> Job.fill(absent.page((int) (n % pages)), Long.BYTES, n));
        load.awaitMore(6);
        bench.step("the device is removed while it faults pages in");
        bench.bounded("removal", bench.accelerator(0)::remove);
        load.stop();
        bench.step("the process goes on without the device");
        absent.store(pages - 1, "stored by the process");
        absent.mustHold(pages - 1, "the process's memory");
        bench.bounded("munmap", () -> process.munmap(absent.address(), absent.length()));
        bench.bounded("exit", () -> process.exit(0));
    }

    @Test
    @Covers(FAULT_13)
    void successLetsTheAccessGoOnAndInvalidEndsIt(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory absent = new Mapping(bench, process).untouched(1);
        bench.step("an access that is answered with Success");
        EventLog served =
                new EventLog(
                        bench, () -> absent.writeBy(device, "by the device to an absent page"));
        answeredOnce(bench, served);
        absent.mustHold("the page that was faulted in");
        Memory gone = new Mapping(bench, process).untouched(1);
        process.munmap(gone.address(), gone.length());
        bench.step("an access that is answered with Invalid");
        EventLog refused =
                new EventLog(bench, () -> device.mustNotWrite(gone.page(0), "no mapping"));
        answeredOnce(bench, refused);
    }

    private static void answeredOnce(TestBench bench, EventLog log) {
        int asked = log.mustHave(Kind.PAGE_REQUEST, "the access");
        log.mustPrecede(asked, log.first(Kind.PAGE_RESPONSE), "a request and then its answer");
        bench.check(
                log.count(Kind.PAGE_REQUEST) == log.count(Kind.PAGE_RESPONSE),
                "an answer for every request",
                log.summary());
    }

    @Test
    @Covers(FAULT_14)
    void everyAnswerGoesToTheOneThatAsked(TestBench bench) {
        int count = bench.claims(Capability.TWO_DEVICES) ? 2 : 1;
        List<BoundDevice> devices = new ArrayList<>();
        List<Memory> memories = new ArrayList<>();
        int pages = 64;
        for (int i = 0; i < 4; i++) {
            SvaProcess process = bench.process("owner" + i);
            devices.add(bench.device(process, i % count));
            memories.add(new Mapping(bench, process).untouched(pages));
        }
        bench.step("several processes and devices fault pages in at once");
        EventLog log =
                new EventLog(
                        bench,
                        () -> {
                            List<Concurrent<Boolean>> running = new ArrayList<>();
                            for (int i = 0; i < devices.size(); i++) {
                                BoundDevice device = devices.get(i);
                                Memory memory = memories.get(i);
                                running.add(
                                        bench.beside(() -> {
                                            memory.writeBy(device, "by its own device");
                                            return true;
                                        }));
                            }
                            running.forEach(thread -> bench.join("the faulting jobs", thread));
                        });
        Map<String, Integer> open = new TreeMap<>();
        log.events()
                .forEach(event -> {
                    String who = event.requester() + "/" + event.pasid();
                    if (event.kind() == Kind.PAGE_REQUEST) {
                        open.merge(who, 1, Integer::sum);
                    } else if (event.kind() == Kind.PAGE_RESPONSE) {
                        bench.check(
                                open.merge(who, -1, Integer::sum) >= 0,
                                "an answer only to who has asked",
                                "an answer to requester/PASID " + who + ", who had not");
                    }
                });
        bench.check(
                open.values().stream().allMatch(left -> left == 0) && !open.isEmpty(),
                "every request answered",
                "unanswered by requester/PASID: " + open);
    }
}
