package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_24;
import static org.opensva.conformance.rules.RuleId.EXIT_13;
import static org.opensva.conformance.rules.RuleId.FAULT_08;
import static org.opensva.conformance.rules.RuleId.FAULT_10;
import static org.opensva.conformance.rules.RuleId.FAULT_11;
import static org.opensva.conformance.rules.RuleId.FAULT_12;
import static org.opensva.conformance.rules.RuleId.FAULT_16;
import static org.opensva.conformance.rules.RuleId.FAULT_17;
import static org.opensva.conformance.rules.RuleId.FAULT_18;
import static org.opensva.conformance.rules.RuleId.FAULT_19;
import static org.opensva.conformance.rules.RuleId.FAULT_21;
import static org.opensva.conformance.rules.RuleId.FAULT_26;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.backend.Capability;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.AttachedProbe;
import org.opensva.conformance.suite.parts.ProbeDevice;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** How page requests are taken and answered, with a device of the suite behind the IOMMU. */
@RuleTests
class IommuPageRequestTests {

    /** How often memory pressure may take a page away that has just been served. */
    private static final int ATTEMPTS = 20;

    private static final int READ = Access.READ;
    private static final int WRITE = Access.READ | Access.WRITE;

    /** A device that is bound to a process with some absent pages. */
    private record Scene(TestBench bench, ProbeDevice probe, SvaProcess process, int pasid) {

        static Scene of(TestBench bench) {
            ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.PRI);
            SvaProcess process = bench.process("owner");
            SvaBond bond = probe.bind(process);
            return new Scene(bench, probe, process, bond.pasid().value());
        }

        long absent(int pages) {
            return bench.map(process, pages);
        }

        /** A group of one, answered as it must be: after that, everything before was seen. */
        void roundTrip(int group) {
            long page = absent(1);
            int before = probe.responses(group).size();
            probe.ask(pasid, page, WRITE, group, true);
            PageResponse response = probe.awaitResponse(group, before + 1);
            bench.check(
                    response == PageResponse.SUCCESS,
                    "Success for a page of the process",
                    response.toString());
        }

        void mustAnswer(int group, PageResponse expected, String what) {
            PageResponse response = probe.awaitResponse(group, 1);
            bench.check(
                    response == expected,
                    what + " to be answered " + expected,
                    "it was answered " + response);
            roundTrip(500);
            once(group, what);
        }

        void once(int group, String what) {
            bench.check(
                    probe.responses(group).size() == 1,
                    "one answer for " + what,
                    probe.responses(group).size() + " answers");
        }

        boolean writable(long page) {
            return (TranslationEntry.access(probe.translate(pasid, WRITE, page)) & Access.WRITE)
                    != 0;
        }
    }

    @Test
    @Covers(FAULT_08)
    void aRequestWithoutPasidReachesNoAddressSpace(TestBench bench) {
        Scene scene = Scene.of(bench);
        long page = scene.absent(1);
        bench.step("a page request without PASID for an address of the bound process");
        scene.probe().ask(Pasid.NONE, page, WRITE, 7, true);
        scene.mustAnswer(7, PageResponse.INVALID_REQUEST, "a request without PASID");
        bench.check(
                !scene.writable(page),
                "no page to be made present for a request without PASID",
                "the page of the bound process is there");
    }

    @Test
    @Covers(FAULT_10)
    void aGroupIsAnsweredOnceAfterItsLastRequest(TestBench bench) {
        Scene scene = Scene.of(bench);
        for (int size : new int[] {2, 3, 17}) {
            int missing = missing(scene, size, 20 + size);
            // Success is no lease: the system may have taken the page away again.
            for (int again = 1; again < ATTEMPTS && missing >= 0; again++) {
                missing = missing(scene, size, 20 + size + 20 * again);
            }
            bench.check(
                    missing < 0,
                    "every page of the group to be there",
                    "page " + missing + " is not");
        }
    }

    /** Has a group answered; the first of its pages that is not there then, or -1. */
    private static int missing(Scene scene, int size, int group) {
        TestBench bench = scene.bench();
        long pages = scene.absent(size);
        for (int i = 0; i < size - 1; i++) {
            bench.step("request %d of %d of a group, not the last", i + 1, size);
            scene.probe().ask(scene.pasid(), pages + bench.pages(i), WRITE, group, false);
        }
        scene.roundTrip(3);
        bench.check(
                scene.probe().responses(group).isEmpty(),
                "no answer before the last request of the group",
                scene.probe().responses(group).toString());
        bench.step("the last request of a group of %d", size);
        scene.probe().ask(scene.pasid(), pages + bench.pages(size - 1), WRITE, group, true);
        scene.mustAnswer(group, PageResponse.SUCCESS, "a group of " + size + " pages");
        for (int i = 0; i < size; i++) {
            if (!scene.writable(pages + bench.pages(i))) {
                return i;
            }
        }
        return -1;
    }

    @Test
    @Covers(FAULT_11)
    void oneBadPageMakesTheGroupInvalid(TestBench bench) {
        Scene scene = Scene.of(bench);
        int size = 4;
        for (int bad = 0; bad < size; bad++) {
            long pages = scene.absent(size);
            scene.process().munmap(pages + bench.pages(bad), bench.pageSize());
            bench.step("a group of %d pages, of which page %d is not mapped", size, bad);
            for (int i = 0; i < size; i++) {
                scene.probe()
                        .ask(scene.pasid(), pages + bench.pages(i), WRITE, 40 + bad, i == size - 1);
            }
            scene.mustAnswer(
                    40 + bad,
                    PageResponse.INVALID_REQUEST,
                    "a group with a page that is not mapped");
        }
    }

    @Test
    @Covers(FAULT_12)
    @Needs(Capability.PRI)
    void anOpenGroupHoldsNoOtherUp(TestBench bench) {
        Scene scene = Scene.of(bench);
        long pages = scene.absent(8);
        bench.step("the first requests of eight groups");
        for (int i = 0; i < 8; i++) {
            scene.probe().ask(scene.pasid(), pages + bench.pages(i), WRITE, 60 + i, false);
        }
        bench.step("other groups come and are complete, while eight are open");
        for (int i = 0; i < 50; i++) {
            scene.roundTrip(100 + i);
        }
        bench.step("the open groups are completed in another order");
        for (int i = 7; i >= 0; i--) {
            scene.probe().ask(scene.pasid(), pages + bench.pages(i), WRITE, 60 + i, true);
        }
        for (int i = 0; i < 8; i++) {
            scene.mustAnswer(60 + i, PageResponse.SUCCESS, "a group that was open for long");
        }
    }

    @Test
    @Covers(FAULT_16)
    void moreRequestsThanAnybodyKeepsAreOneGroupWithOneAnswer(TestBench bench) {
        Scene scene = Scene.of(bench);
        long page = scene.absent(1);
        bench.step("3000 requests of one group, none the last");
        for (int i = 0; i < 3000; i++) {
            scene.probe().ask(scene.pasid(), page, WRITE, 9, false);
            if (i % 100 == 99) {
                scene.roundTrip(10);
            }
        }
        bench.check(
                scene.probe().responses(9).isEmpty(),
                "no answer to requests that are not the last of their group",
                scene.probe().responses(9).size() + " answers");
        bench.step("the last request of a group of 3001");
        scene.probe().ask(scene.pasid(), page, WRITE, 9, true);
        scene.probe().awaitResponse(9, 1);
        scene.roundTrip(10);
        scene.once(9, "a group of 3001 requests");
    }

    @Test
    @Covers(FAULT_17)
    void aStopMarkerIsNotAnswered(TestBench bench) {
        Scene scene = Scene.of(bench);
        for (int i = 0; i < 10; i++) {
            int before = scene.probe().responses().size();
            bench.step("a stop marker");
            scene.probe().port().request(PageRequest.stopMarker(scene.pasid()));
            scene.roundTrip(11);
            bench.check(
                    scene.probe().responses().size() == before + 1,
                    "no answer to a stop marker",
                    scene.probe().responses().getLast().toString());
        }
    }

    @Test
    @Covers(FAULT_18)
    void impossibleRequestsAreAnsweredInvalidAndTouchNothing(TestBench bench) {
        Scene scene = Scene.of(bench);
        long page = scene.absent(4);
        bench.step("a page request in privileged mode");
        scene.probe().ask(scene.pasid(), page, WRITE | Access.PRIVILEGED, 12, true);
        scene.mustAnswer(12, PageResponse.INVALID_REQUEST, "a privileged request");
        bench.check(!scene.writable(page), "no page to be made present", "the page is there");
        bench.step("a page request of a group, one of them in privileged mode");
        scene.probe()
                .ask(scene.pasid(), page + bench.pages(1), READ | Access.PRIVILEGED, 13, false);
        scene.probe().ask(scene.pasid(), page + bench.pages(2), READ, 13, true);
        scene.mustAnswer(
                13, PageResponse.INVALID_REQUEST, "a group with a privileged request in it");
        bench.step("a page request for an address that no process can have");
        scene.probe().ask(scene.pasid(), 0x0800_dead_beef_0000L, WRITE, 14, true);
        scene.mustAnswer(14, PageResponse.INVALID_REQUEST, "a request for a non-canonical address");
    }

    @Test
    @Covers(FAULT_26)
    @Needs(Capability.PRI)
    void aRequestUnderAPasidThatNobodyHasReachesNobody(TestBench bench) {
        Scene scene = Scene.of(bench);
        long page = scene.absent(1);
        int unused = scene.pasid() == 77 ? 78 : 77;
        bench.step("a page request under PASID %d, which is not bound", unused);
        scene.probe().ask(unused, page, WRITE, 15, true);
        scene.mustAnswer(15, PageResponse.INVALID_REQUEST, "a request of a PASID nobody has");
        bench.check(
                !scene.writable(page),
                "no page of another PASID's address space to be made present",
                "the page of PASID " + scene.pasid() + " is there");
    }

    @Test
    @Covers(FAULT_21)
    void aRequestThatIsNotServedIsDenied(TestBench bench) {
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.PRI);
        SvaProcess process = bench.process("owner");
        int pasid = probe.bind(process).pasid().value();
        long page = bench.map(process, 2);
        bench.check(
                !probe.isPriEnabled(),
                "page requests to stay off in a device where they are not served",
                "the driver enabled them");
        bench.step("a page request comes all the same");
        probe.ask(pasid, page, WRITE, 16, false);
        probe.ask(pasid, page + bench.pageSize(), WRITE, 16, true);
        PageResponse response = probe.awaitResponse(16, 1);
        bench.check(
                response != PageResponse.SUCCESS,
                "an answer that makes the device stop asking",
                "it was answered " + response);
    }

    /** A fault handler that nobody gets past until it is opened; then each group succeeds. */
    private static final class Gate {
        private final CountDownLatch open = new CountDownLatch(1);
        private final Queue<PageFaultGroup> seen = new ConcurrentLinkedQueue<>();

        void pass(TestBench bench) {
            try {
                if (!open.await(bench.limits().bounded().toNanos(), TimeUnit.NANOSECONDS)) {
                    open.countDown();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    @Covers({FAULT_19, ATS_24})
    void aLastRequestIsAnsweredAlsoWhenTheQueueIsFull(TestBench bench) {
        Gate gate = new Gate();
        AttachedProbe attached =
                AttachedProbe.of(
                        bench,
                        ProbeTraits.PRI,
                        (device, group) -> {
                            gate.pass(bench);
                            gate.seen.add(group);
                            device.respond(group, PageResponse.SUCCESS);
                        });
        SvaProcess process = bench.process("owner");
        SvaDomain domain = attached.domain(process);
        int pasids = 16;
        for (int pasid = 1; pasid <= pasids; pasid++) {
            attached.bind(pasid, domain);
        }
        ProbeDevice probe = attached.probe();
        bench.step("page requests fill the queue while nobody takes them out");
        long page = bench.map(process, 1);
        AtomicInteger sent = new AtomicInteger();
        Concurrent<Boolean> flood =
                bench.beside(() -> {
                    for (int i = 0; i < pasids * 512 && probe.responses().isEmpty(); i++) {
                        sent.incrementAndGet();
                        probe.ask(1 + i / 512, page, WRITE, i % 512, true);
                    }
                    return true;
                });
        // Where requests are handed on from within the device's own call, no queue fills up.
        boolean queued = flood.await(bench.limits().settle()).isPresent();
        boolean full = queued && !probe.responses().isEmpty();
        bench.step("the queue is emptied");
        gate.open.countDown();
        bench.join("the device's requests", flood);
        int owed = sent.get();
        bench.until(
                "an answer to each of %d last requests, %d of which the queue had no room for"
                        .formatted(owed, probe.responses().size()),
                bench.limits().bounded(),
                () -> probe.responses().size() >= owed);
        bench.step("the device goes on after the queue was full");
        probe.ask(1, page, WRITE, 1, false);
        probe.ask(1, page, WRITE, 1, true);
        bench.until(
                "an answer to a group that came after the overflow",
                bench.limits().job(),
                () -> probe.responses().size() >= owed + 1);
        bench.check(
                probe.responses().size() == owed + 1,
                (owed + 1) + " answers, one for each last request",
                probe.responses().size() + " answers");
        attached.device().close();
        domain.close();
        if (!full) {
            throw new NotObservable("a queue that took %d requests was never full".formatted(owed));
        }
    }

    @Test
    @Covers(EXIT_13)
    @Needs(Capability.PRI)
    void everyGroupIsAnsweredWhateverTheUnbindOvertakes(TestBench bench) {
        for (int round = 0; round < 8; round++) {
            everyGroupIsAnswered(bench, round);
        }
    }

    private static void everyGroupIsAnswered(TestBench bench, int round) {
        Queue<PageFaultGroup> held = new ConcurrentLinkedQueue<>();
        List<String> late = new ArrayList<>();
        boolean[] unbound = new boolean[1];
        AttachedProbe attached =
                AttachedProbe.of(
                        bench,
                        ProbeTraits.PRI,
                        (device, group) -> {
                            synchronized (late) {
                                if (unbound[0] && group.pasid() == 1) {
                                    late.add("group " + group.tag());
                                }
                            }
                            held.add(group);
                        });
        SvaProcess process = bench.process("owner" + round);
        SvaDomain domain = attached.domain(process);
        attached.bind(1, domain);
        attached.bind(2, domain);
        long page = bench.map(process, 1);
        int groups = 40;
        Concurrent<Boolean> asking =
                bench.beside(() -> {
                    for (int group = 0; group < groups; group++) {
                        attached.probe().ask(1, page, WRITE, group, true);
                    }
                    return true;
                });
        if (round % 2 == 0) {
            bench.join("the device's requests", asking);
        }
        bench.step("a PASID is unbound while its page requests are in the queue, round %d", round);
        bench.bounded("unbind with page requests in the queue", () -> attached.unbind(1));
        if (round % 2 == 0) {
            synchronized (late) {
                unbound[0] = true;
            }
        }
        bench.join("the device's requests", asking);
        bench.step("what was handed to the handler is answered, then the device is detached");
        boolean some = false;
        for (PageFaultGroup group = held.poll(); group != null; group = held.poll()) {
            // Some are left for the driver to answer.
            if (some) {
                attached.device().respond(group, PageResponse.SUCCESS);
            }
            some = !some;
        }
        bench.bounded("the detaching of the device", () -> attached.device().close());
        bench.until(
                "an answer to each of %d groups of a PASID that was unbound".formatted(groups),
                bench.limits().job(),
                () -> attached.probe().responses().size() >= groups);
        bench.check(
                attached.probe().responses().size() == groups,
                groups + " answers",
                attached.probe().responses().size() + " answers");
        synchronized (late) {
            bench.check(
                    late.isEmpty(),
                    "no fault of the PASID to be handed on after its unbind returned",
                    late.toString());
        }
        domain.close();
        attached.probe().close();
    }
}
