package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_03;
import static org.opensva.conformance.rules.RuleId.ATS_20;
import static org.opensva.conformance.rules.RuleId.ATS_21;
import static org.opensva.conformance.rules.RuleId.FAULT_01;
import static org.opensva.conformance.rules.RuleId.FAULT_02;
import static org.opensva.conformance.rules.RuleId.FAULT_03;
import static org.opensva.conformance.rules.RuleId.FAULT_05;
import static org.opensva.conformance.rules.RuleId.FAULT_15;
import static org.opensva.conformance.rules.RuleId.FAULT_22;
import static org.opensva.conformance.rules.RuleId.FAULT_23;
import static org.opensva.conformance.rules.RuleId.FAULT_24;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.backend.Capability;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.EventLog;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.List;

/** Device accesses to pages that are absent, forbidden, or nobody's. */
@RuleTests
class FaultTests {

    @Test
    @Covers(FAULT_01)
    void anAbsentPageIsFaultedInWithTheContentTheProcessWouldFind(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        bench.step("anonymous memory that nobody has touched");
        Memory memory = new Mapping(bench, process).untouched(5);
        device.mustRead(memory.page(0), 0, "never-written memory");
        memory.writeBy(device, 1, "by the device");
        memory.mustHold("the memory");
        bench.step("one job over many absent pages");
        Memory many = new Mapping(bench, process).untouched(50);
        JobResult result = device.run(Job.fill(many.address(), many.length(), 0x5151));
        bench.check(result.succeeded(), "the job to succeed", result.toString());
        for (int i = 0; i < many.count(); i++) {
            bench.mustBe(0x5151, process.loadLong(many.page(i)), "page " + i);
        }
        if (bench.claims(Capability.SHARED_MEMORY)) {
            bench.step("file data that only another view has touched");
            Alias alias = bench.alias(process, 3);
            alias.first().store("file data");
            for (int i = 0; i < 3; i++) {
                device.mustRead(alias.second().page(i), alias.first().token(i), "file data");
            }
        }
        if (bench.claims(Capability.PAGEOUT)) {
            bench.step("data that was paged out");
            memory.store("stored before the page-out");
            process.madvise(memory.address(), memory.length(), Advice.PAGEOUT);
            for (int i = 0; i < memory.count(); i++) {
                device.mustRead(memory.page(i), memory.token(i), "paged-out data");
            }
        }
    }

    @Test
    @Covers(FAULT_02)
    void anAccessToNoMappingIsAnErrorOfTheJobAlone(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 4, "memory");
        long hole = memory.page(2);
        process.munmap(hole, bench.pages(1));
        memory.writeBy(device, 0, "before");
        memory.writeBy(device, 3, "before");
        bench.step("single accesses to the hole");
        for (Job job :
                List.of(
                        Job.fill(hole, Long.BYTES, 1),
                        Job.crc32c(hole, Long.BYTES),
                        Job.copy(hole, memory.page(0), Long.BYTES),
                        Job.copy(memory.page(0), hole, Long.BYTES))) {
            if (device.handle().accelerator().info().operations().contains(job.operation())) {
                JobResult result = device.run(job);
                bench.check(
                        result.status() == JobStatus.PAGE_FAULT && result.faultAddress() == hole,
                        "the %s job to end with PAGE_FAULT at 0x%x"
                                .formatted(job.operation().id(), hole),
                        "%s at 0x%x".formatted(result.status(), result.faultAddress()));
            }
        }
        bench.step("a long job that runs into the hole");
        JobResult over = device.run(Job.fill(memory.page(0), bench.pages(4), 9));
        bench.check(
                over.status() == JobStatus.PAGE_FAULT && over.faultAddress() == hole,
                "PAGE_FAULT at 0x%x, the first byte of the hole".formatted(hole),
                "%s at 0x%x".formatted(over.status(), over.faultAddress()));
        bench.mustBe(9, process.loadLong(memory.page(1)), "the page before the hole");
        memory.mustHold(3, "the page behind the hole");
        bench.step("the process and the queue go on");
        bench.check(process.isAlive(), "the process to live", "it is dead");
        memory.writeBy(device, 0, "by the next job");
        memory.mustHold(0, "the process's memory");
    }

    @Test
    @Covers(FAULT_03)
    void aForbiddenAccessChangesNothing(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (boolean touched : new boolean[] {false, true}) {
            long zeros =
                    process.mmap(
                            MapRequest.anonymous(bench.pages(1)).withProtection(Protection.READ));
            if (touched) {
                bench.mustBe(0, process.loadLong(zeros), "read-only memory");
            }
            bench.step("a write to read-only memory that is %s", touched ? "present" : "absent");
            JobResult result = device.write(zeros, 1);
            bench.check(
                    result.status() == JobStatus.PAGE_FAULT && result.faultAddress() == zeros,
                    "PAGE_FAULT at 0x%x".formatted(zeros),
                    "%s at 0x%x".formatted(result.status(), result.faultAddress()));
            bench.mustBe(0, process.loadLong(zeros), "read-only memory");
            bench.step("an access to memory without permissions, %s", touched ? "2" : "1");
            long none =
                    process.mmap(
                            MapRequest.anonymous(bench.pages(1)).withProtection(Protection.NONE));
            device.mustNotReach(none, "memory without permissions");
        }
        bench.check(process.isAlive(), "the process to live", "it is dead");
    }

    @Test
    @Covers(FAULT_05)
    @Needs(Capability.SHARED_MEMORY)
    void anAccessBeyondTheEndOfAFileIsInvalid(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        int fd = process.createSharedMemory(bench.pages(2));
        long view = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(4)));
        Memory inside = bench.fill(process, view, 2, "file data");
        inside.writeBy(device, "by the device");
        for (int i = 2; i < 4; i++) {
            long beyond = view + bench.pages(i);
            bench.mustFault("a load beyond the end", () -> process.loadLong(beyond));
            device.mustNotReach(beyond, "page " + i + " of a file of two pages");
        }
        inside.mustHold("the file");
        inside.writeBy(device, "by the next job");
        inside.mustHold("the file");
    }

    @Test
    @Covers(FAULT_15)
    void everyFaultIsAnsweredOnce(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices =
                List.of(bench.device(process), bench.device(process), bench.device(process));
        int pages = 300;
        Memory absent = new Mapping(bench, process).untouched(pages);
        Memory gone = new Mapping(bench, process).untouched(pages);
        process.munmap(gone.address(), gone.length());
        bench.step("one fault that can be served, and one that cannot");
        answeredOnce(
                bench,
                () -> {
                    absent.writeBy(devices.getFirst(), 0, "by the device to an absent page");
                    devices.getFirst().mustNotWrite(gone.page(0), "an address without a mapping");
                });
        Runnable faults =
                () -> {
                    DeviceLoad load =
                            DeviceLoad.start(
                                    bench,
                                    devices,
                                    n ->
                                            Job.fill(
                                                    (n % 2 == 0 ? absent : gone)
                                                            .page((int) (n / 2 % pages)),
                                                    Long.BYTES,
                                                    n));
                    load.awaitMore(2L * pages);
                    load.stop();
                    bench.check(
                            load.succeeded() > 0 && load.failed() > 0,
                            "accesses to absent pages to succeed and those to none to fail",
                            load.succeeded() + " succeeded, " + load.failed() + " failed");
                };
        bench.step("many faults at once, half of them invalid");
        answeredOnce(bench, faults);
    }

    private static void answeredOnce(TestBench bench, Runnable faults) {
        if (!bench.claims(Capability.INTROSPECTION)) {
            faults.run();
            return;
        }
        EventLog log = new EventLog(bench, faults);
        bench.step("all jobs have ended");
        bench.check(
                log.count(Kind.PAGE_REQUEST) == log.count(Kind.PAGE_RESPONSE)
                        && log.count(Kind.PAGE_REQUEST) > 0,
                "as many answers as groups of page requests",
                log.count(Kind.PAGE_REQUEST)
                        + " requests and "
                        + log.count(Kind.PAGE_RESPONSE)
                        + " answers");
    }

    @Test
    @Covers({FAULT_22, ATS_20})
    @Needs(Capability.DISCARD)
    void theDeviceProgressesWhilePagesVanishAgain(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 4, "memory");
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        List.of(device),
                        n -> Job.fill(memory.address(), memory.length(), n));
        load.awaitSuccesses(1);
        bench.step("pages are taken away again and again while the device writes");
        for (int i = 0; i < 300; i++) {
            process.madvise(memory.page(i % 4), bench.pages(1), Advice.DONTNEED);
        }
        load.awaitSuccesses(2);
        load.stop();
        bench.check(load.failed() == 0, "every job to succeed", load.failed() + " failed");
        for (int i = 0; i < 4; i++) {
            bench.mustBe(load.submitted(), process.loadLong(memory.page(i)), "page " + i);
        }
    }

    @Test
    @Covers(FAULT_23)
    void whatADeviceWroteSurvivesReclaimAndReachesTheFile(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = new Mapping(bench, process).untouched(6);
        memory.writeBy(device, "by the device to anonymous memory");
        process.madvise(memory.address(), memory.length(), Advice.PAGEOUT);
        memory.mustHold("anonymous memory after reclaim");
        if (bench.claims(Capability.SHARED_MEMORY)) {
            bench.step("a memory object that only the device has written");
            Alias alias = bench.alias(process, 6);
            alias.first().writeBy(device, "by the device to a file");
            process.madvise(alias.first().address(), alias.first().length(), Advice.PAGEOUT);
            for (int i = 0; i < 6; i++) {
                bench.mustBe(
                        alias.first().token(i),
                        process.loadLong(alias.second().page(i)),
                        "the file, page " + i);
                device.mustRead(alias.first().page(i), alias.first().token(i), "the file");
            }
        }
    }

    @Test
    @Covers(FAULT_24)
    void aWriteToNeverWrittenMemoryIsPrivate(TestBench bench) {
        SvaProcess one = bench.process("one");
        SvaProcess two = bench.process("two");
        BoundDevice first = bench.device(one);
        BoundDevice second = bench.device(two);
        Memory ones = new Mapping(bench, one).untouched(4);
        Memory twos = new Mapping(bench, two).untouched(4);
        bench.step("both devices read zeros");
        for (int i = 0; i < 4; i++) {
            first.mustRead(ones.page(i), 0, "never-written memory");
            second.mustRead(twos.page(i), 0, "never-written memory");
        }
        bench.step("one device writes");
        ones.writeBy(first, "by the first device");
        ones.mustHold("the memory of the writer");
        for (int i = 0; i < 4; i++) {
            second.mustRead(twos.page(i), 0, "never-written memory of another process");
        }
        twos.mustHold("never-written memory of another process");
        Memory later = new Mapping(bench, bench.process("later")).untouched(4);
        later.mustHold("never-written memory of a later process");
    }

    @Test
    @Covers(ATS_03)
    void aRefusalIsNotRemembered(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < 3; round++) {
            Memory place = bench.memory(process, 2, "soon gone");
            process.munmap(place.address(), place.length());
            bench.step("round %d: the device is refused at an address without a mapping", round);
            device.mustNotReach(place.page(0), "an address without a mapping");
            device.mustNotReach(place.page(1), "an address without a mapping");
            bench.step("round %d: the address is mapped", round);
            Memory fresh = Mapping.at(bench, process, place.address(), 2, "mapped by now");
            device.mustRead(fresh.page(0), fresh.token(0), "the address, mapped by now");
            fresh.writeBy(device, "by the device");
            fresh.mustHold("the memory, mapped by now");
        }
        bench.step("the device is first, the process never touches the memory");
        Memory place = bench.memory(process, 1, "soon gone");
        process.munmap(place.address(), place.length());
        device.mustNotReach(place.page(0), "an address without a mapping");
        process.mmap(MapRequest.anonymous(place.length()).at(place.address()));
        device.mustRead(place.page(0), 0, "the address, mapped by now");
    }

    @Test
    @Covers(ATS_21)
    void anInvalidAnswerEndsTheAccess(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 1, "soon gone");
        process.munmap(memory.address(), memory.length());
        Runnable access = () -> device.mustNotRead(memory.page(0), "an address without a mapping");
        if (bench.claims(Capability.INTROSPECTION)) {
            EventLog log = new EventLog(bench, access);
            long requests =
                    log.events().stream()
                            .filter(event -> event.kind() == Kind.PAGE_REQUEST)
                            .filter(event -> event.address() == memory.page(0))
                            .count();
            // A read may be tried as a checksum and as a copy; each may ask once.
            bench.check(
                    requests <= 2, "one page request for one access", requests + " page requests");
        } else {
            access.run();
        }
        Memory next = bench.memory(process, 1, "memory");
        next.writeBy(device, "by the next job");
        next.mustHold("the memory");
    }
}
