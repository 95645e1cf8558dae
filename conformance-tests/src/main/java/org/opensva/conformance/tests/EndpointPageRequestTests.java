package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_17;
import static org.opensva.conformance.rules.RuleId.ATS_18;
import static org.opensva.conformance.rules.RuleId.ATS_19;
import static org.opensva.conformance.rules.RuleId.ATS_22;
import static org.opensva.conformance.rules.RuleId.ATS_23;
import static org.opensva.conformance.rules.RuleId.ATS_25;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.LinkMessage.Page;
import org.opensva.conformance.suite.parts.WiredEndpoint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;

/** How an endpoint asks for pages, with the suite in the place of its IOMMU. */
@RuleTests
class EndpointPageRequestTests {

    private static final long BASE = 1L << 40;
    private static final long PAGE = 4096;
    private static final int THREADS = 8;

    /** Requests that were not answered yet, as the IOMMU sees them. */
    private static final class Book {
        private final Map<Integer, List<PageRequest>> open = new HashMap<>();
        private final ConcurrentLinkedQueue<PageRequest> complete = new ConcurrentLinkedQueue<>();
        private final AtomicReference<String> wrong = new AtomicReference<>("");
        private final int allowed;
        private int outstanding;

        Book(int allowed) {
            this.allowed = allowed;
        }

        synchronized void enter(PageRequest request) {
            if (request.isStopMarker()) {
                return;
            }
            if (++outstanding > allowed) {
                wrong.compareAndSet(
                        "", "%d requests were outstanding at once".formatted(outstanding));
            }
            List<PageRequest> group =
                    open.computeIfAbsent(request.groupIndex(), index -> new ArrayList<>());
            if (!group.isEmpty() && group.getLast().last()) {
                wrong.compareAndSet(
                        "",
                        "group %d got another request before it was answered"
                                .formatted(request.groupIndex()));
            }
            if (!group.isEmpty() && group.getFirst().pasid() != request.pasid()) {
                wrong.compareAndSet(
                        "",
                        "group %d has requests of PASIDs %d and %d"
                                .formatted(
                                        request.groupIndex(),
                                        group.getFirst().pasid(),
                                        request.pasid()));
            }
            group.add(request);
            if (request.last()) {
                complete.add(request);
            }
        }

        synchronized void answered(PageRequest request) {
            List<PageRequest> group = open.remove(request.groupIndex());
            outstanding -= group == null ? 0 : group.size();
        }
    }

    /** Absent pages that several threads of the device want, which come with Success. */
    private static Book rush(TestBench bench, int allowed) {
        WiredEndpoint device = WiredEndpoint.of(bench).pri(allowed);
        Book book = new Book(allowed);
        device.agent().onPageRequest(book::enter);
        bench.step(
                "%d threads of the device want absent pages, %d requests are allowed",
                THREADS, allowed);
        List<Concurrent<Boolean>> wishes = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            long first = BASE + thread * (64 * PAGE);
            wishes.add(
                    bench.beside(() -> {
                        for (int i = 0; i < 12; i++) {
                            device.write(first + i * (4 * PAGE), i % 3 == 0 ? 3 * 4096 : 8);
                        }
                        return true;
                    }));
        }
        bench.until(
                "the device's accesses to end",
                bench.limits().bounded(),
                () -> {
                    PageRequest request = book.complete.poll();
                    if (request != null) {
                        for (PageRequest asked : List.copyOf(group(book, request))) {
                            device.agent().map(asked.address(), 12);
                        }
                        book.answered(request);
                        device.respond(request, PageResponse.SUCCESS);
                    }
                    return wishes.stream().allMatch(Concurrent::isDone);
                });
        return book;
    }

    private static List<PageRequest> group(Book book, PageRequest request) {
        synchronized (book) {
            return List.copyOf(book.open.getOrDefault(request.groupIndex(), List.of()));
        }
    }

    @Test
    @Covers(ATS_17)
    void noMorePageRequestsAreOutstandingThanWereAllocated(TestBench bench) {
        for (int allowed : new int[] {1, 2, 5}) {
            String wrong = rush(bench, allowed).wrong.get();
            bench.check(
                    !wrong.contains("outstanding"),
                    "at most " + allowed + " outstanding page requests",
                    wrong);
        }
    }

    @Test
    @Covers(ATS_17)
    void noPageIsRequestedWhileTheInterfaceIsOff(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        bench.step("the device wants an absent page before page requests were enabled");
        device.read(BASE);
        device.endpoint().setPriEnabled(true, 4);
        device.endpoint().setPriEnabled(false, 0);
        bench.step("the device wants an absent page after page requests were disabled");
        device.read(BASE + PAGE);
        List<Page> sent = device.agent().messages(0, Page.class);
        bench.check(sent.isEmpty(), "no page request while the interface is off", sent.toString());
    }

    @Test
    @Covers(ATS_18)
    void aGroupKeepsItsIndexUntilItIsAnswered(TestBench bench) {
        String wrong = rush(bench, 6).wrong.get();
        bench.check(
                !wrong.contains("group"),
                "an index for one group of one PASID until it is answered",
                wrong);
    }

    @Test
    @Covers(ATS_19)
    void aPageRequestAsksForTheAccessThatIsWanted(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).pri(4);
        device.agent()
                .onPageRequest(request -> {
                    boolean write = (request.access() & Access.WRITE) != 0;
                    device.agent()
                            .map(
                                    request.address(),
                                    12,
                                    TranslationEntry.R | (write ? TranslationEntry.W : 0));
                    if (request.last()) {
                        device.respond(request, PageResponse.SUCCESS);
                    }
                });
        bench.step("the device reads an absent page");
        device.read(BASE);
        for (Page page : device.agent().messages(0, Page.class)) {
            bench.check(
                    (page.message().access() & Access.WRITE) == 0,
                    "a request to read, for an access that reads",
                    page.toString());
        }
        int mark = device.agent().mark();
        bench.step("the device writes an absent page");
        bench.check(
                DmaResult.isComplete(device.write(BASE + PAGE, 8)),
                "the write to succeed once the page is there for writing",
                "it failed");
        int mark2 = device.agent().mark();
        bench.step("the device writes a page that is there for reading");
        bench.check(
                DmaResult.isComplete(device.write(BASE, 8)),
                "the write to succeed once the page is there for writing",
                "it failed");
        for (int from : new int[] {mark, mark2}) {
            bench.check(
                    device.agent().messages(from, Page.class).stream()
                            .anyMatch(page -> (page.message().access() & Access.WRITE) != 0),
                    "a request to write, for an access that writes",
                    device.agent().messages(from, Page.class).toString());
        }
    }

    @Test
    @Covers(ATS_22)
    void responseFailureEndsThePageRequestsUntilTheyAreEnabledAgain(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).pri(4);
        device.agent()
                .onPageRequest(request -> {
                    if (request.last()) {
                        device.respond(request, PageResponse.RESPONSE_FAILURE);
                    }
                });
        bench.step("a page request is answered Response Failure");
        bench.check(
                !DmaResult.isComplete(device.read(BASE)),
                "the access that waited for the page to fail",
                "it succeeded");
        int mark = device.agent().mark();
        bench.step("the device wants another absent page after Response Failure");
        device.read(BASE + PAGE);
        List<Page> sent = device.agent().messages(mark, Page.class);
        bench.check(sent.isEmpty(), "no page request after Response Failure", sent.toString());
        bench.step("page requests are disabled and enabled again");
        device.endpoint().setPriEnabled(false, 0);
        device.endpoint().setPriEnabled(true, 4);
        serve(device);
        bench.check(
                DmaResult.isComplete(device.read(BASE)),
                "page requests to work again after they were enabled again",
                "the access failed");
    }

    private static void serve(WiredEndpoint device) {
        device.agent()
                .onPageRequest(request -> {
                    device.agent().map(request.address(), 12);
                    if (request.last()) {
                        device.respond(request, PageResponse.SUCCESS);
                    }
                });
    }

    @Test
    @Covers(ATS_23)
    void anAnswerToNoOpenGroupCompletesNothing(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).pri(4);
        AtomicReference<PageRequest> asked = new AtomicReference<>();
        device.agent()
                .onPageRequest(request -> {
                    if (request.last()) {
                        asked.set(request);
                    }
                });
        bench.step("the device waits for the answer to a page request");
        Concurrent<Long> access = bench.beside(() -> device.read(BASE));
        bench.until("a page request", bench.limits().job(), () -> asked.get() != null);
        PageRequest request = asked.get();
        bench.step("answers come that name another index");
        for (int other : new int[] {1, 2, 64, 256}) {
            answer(device, request.pasid(), request.groupIndex() ^ other);
        }
        bench.step("an answer comes that names another PASID");
        answer(device, request.pasid() + 1, request.groupIndex());
        // A device that took one of them for its answer asks for the translation again, or fails.
        int mark = device.agent().mark();
        device.agent().onPageRequest(again -> {});
        bench.check(
                !access.isDone() && device.agent().messages(mark, Page.class).isEmpty(),
                "the device to go on waiting for its own answer",
                "it took one for its own that was not");
        serve(device);
        device.agent().map(BASE, 12);
        bench.step("the answer comes");
        device.respond(request, PageResponse.SUCCESS);
        long result = bench.join("the access that waited", access);
        bench.check(
                DmaResult.isComplete(result),
                "the access to succeed with its own answer",
                DmaResult.describe(result));
        bench.step("the same answer comes twice");
        device.agent().unmapAll();
        device.invalidate(1, BASE);
        device.respond(request, PageResponse.INVALID_REQUEST);
        serve(device);
        bench.check(
                DmaResult.isComplete(device.read(BASE + PAGE)),
                "an answer that came twice to leave the next group alone",
                "the next access failed");
    }

    private static void answer(WiredEndpoint device, int pasid, int index) {
        device.agent()
                .device()
                .respond(new PageGroupResponse(pasid, index, PageResponse.INVALID_REQUEST));
    }

    @Test
    @Covers(ATS_25)
    void noPageIsRequestedAfterTheStopMarker(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).pri(WiredEndpoint.CAPACITY);
        for (int round = 0; round < 20; round++) {
            int mark = device.agent().mark();
            Book book = new Book(WiredEndpoint.CAPACITY);
            device.agent().onPageRequest(book::enter);
            bench.step("a PASID is stopped while the device waits for pages under it");
            long first = BASE + round * (64 * PAGE);
            List<Concurrent<Long>> wishes = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                long at = first + i * PAGE;
                wishes.add(bench.beside(() -> device.write(at, 8)));
            }
            // What begins after the PASID was stopped is its next use, so all of them have begun.
            bench.until(
                    "a page request of every access",
                    bench.limits().job(),
                    () -> book.complete.size() >= wishes.size());
            Concurrent<Boolean> stop =
                    bench.beside(() -> {
                        device.endpoint().stopPasid(new Pasid(WiredEndpoint.PASID));
                        return true;
                    });
            bench.until(
                    "the PASID to be stopped",
                    bench.limits().bounded(),
                    () -> {
                        PageRequest request = book.complete.poll();
                        if (request != null) {
                            book.answered(request);
                            device.respond(request, PageResponse.SUCCESS);
                        }
                        return stop.isDone() && wishes.stream().allMatch(Concurrent::isDone);
                    });
            bench.check(
                    book.wrong.get().isEmpty(), "a marker that takes no credit", book.wrong.get());
            List<Page> sent = device.agent().messages(mark, Page.class);
            for (int i = 0; i < sent.size() - 1; i++) {
                bench.check(
                        !sent.get(i).message().isStopMarker(),
                        "nothing of the PASID's old use after its stop marker",
                        sent.get(i + 1).toString());
            }
        }
    }
}
