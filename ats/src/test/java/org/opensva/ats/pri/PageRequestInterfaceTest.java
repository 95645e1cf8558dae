package org.opensva.ats.pri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

@Timeout(60)
class PageRequestInterfaceTest {

    private final List<PageRequest> sent =
            java.util.Collections.synchronizedList(new ArrayList<>());
    private Consumer<PageRequest> host = request -> {};
    private PageRequestInterface pri = interfaceWith(TimeUnit.SECONDS.toNanos(30));

    private PageRequestInterface interfaceWith(long timeoutNanos) {
        return new PageRequestInterface(
                8,
                timeoutNanos,
                request -> {
                    sent.add(request);
                    host.accept(request);
                });
    }

    private void answer(PageRequest request, PageResponse response) {
        pri.respond(new PageGroupResponse(request.pasid(), request.groupIndex(), response));
    }

    @Test
    void nothingIsSentWhileItIsDisabled() {
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(List.of(), sent);
        assertEquals(PageRequestInterface.STOPPED, pri.status());
    }

    @Test
    void anIndexIsReusedAsLateAsPossible() {
        pri.enable(8);
        host = request -> answer(request, PageResponse.SUCCESS);
        Set<Integer> indexes = new HashSet<>();
        int all = PageRequestInterface.MAX_GROUPS;
        for (int i = 0; i < 2 * all; i++) {
            assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
            indexes.add(sent.get(i).groupIndex());
            assertEquals(Math.min(i + 1, all), indexes.size());
            assertEquals(sent.get(i % all).groupIndex(), sent.get(i).groupIndex());
        }
        assertEquals(0, pri.outstanding());
        assertEquals(2 * all, pri.requests());
        assertEquals(2 * all, pri.responses());
    }

    @Test
    void aGroupIsNoLargerThanTheAllocation() {
        pri.enable(3);
        host =
                request -> {
                    if (request.last()) {
                        answer(request, PageResponse.SUCCESS);
                    }
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1abc, 8));
        assertEquals(3, sent.size());
        assertEquals(0x3000, sent.get(2).address());
        assertTrue(sent.get(2).last());
    }

    @Test
    void anAnswerBeforeTheLastMessageIsUnexpected() {
        pri.enable(8);
        host =
                request -> {
                    PageResponse early = PageResponse.INVALID_REQUEST;
                    answer(request, request.last() ? PageResponse.SUCCESS : early);
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 2));
        assertEquals(1, pri.unexpected());
        assertEquals(PageRequestInterface.UNEXPECTED_INDEX, pri.status());
        pri.clearStatus(PageRequestInterface.UNEXPECTED_INDEX);
        assertEquals(0, pri.status());
    }

    @Test
    void hostileResponsesAreCountedAndIgnored() {
        pri.enable(8);
        pri.respond(new PageGroupResponse(1, -1, PageResponse.SUCCESS));
        pri.respond(new PageGroupResponse(1, 512, PageResponse.SUCCESS));
        pri.respond(new PageGroupResponse(1, 7, PageResponse.RESPONSE_FAILURE));
        assertEquals(3, pri.unexpected());
        assertTrue(pri.isActive());
    }

    @Test
    void responseFailureShowsInTheStatus() {
        pri.enable(8);
        host = request -> answer(request, PageResponse.RESPONSE_FAILURE);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertFalse(pri.isActive());
        assertEquals(
                PageRequestInterface.RESPONSE_FAILURE | PageRequestInterface.STOPPED, pri.status());
    }

    @Test
    void lostGroupsKeepTheirCreditsUntilReset() {
        pri = interfaceWith(TimeUnit.MILLISECONDS.toNanos(5));
        pri.enable(2);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1), "no credit is left");
        assertEquals(2, sent.size());
        assertEquals(2, pri.outstanding());
        assertFalse(pri.drain(1, 0));
        assertTrue(pri.drain(2, 0));
        pri.disable();
        assertEquals(0, pri.status(), "disabled, but two answers are owed");
        pri.reset();
        assertEquals(PageRequestInterface.STOPPED, pri.status());
        pri.enable(2);
        host = request -> answer(request, PageResponse.SUCCESS);
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
    }

    @Test
    void disablingEndsTheAskingAndNotTheAnswers() {
        pri.enable(4);
        host =
                request -> {
                    pri.disable();
                    assertEquals(0, pri.status(), "an answer is owed, so that it is not stopped");
                    assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x9000, 1));
                    if (request.last()) {
                        answer(request, PageResponse.SUCCESS);
                    }
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 2), "the group is completed");
        assertEquals(2, sent.size());
        assertEquals(PageRequestInterface.STOPPED, pri.status());
    }

    @Test
    void creditsThatAreStillHeldAreNotGivenOutAgain() {
        pri = interfaceWith(TimeUnit.MILLISECONDS.toNanos(5));
        pri.enable(4);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 3));
        pri.disable();
        pri.enable(2);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(3, sent.size());
        answer(sent.get(2), PageResponse.SUCCESS);
        assertEquals(0, pri.outstanding());
        assertEquals(0, pri.unexpected());
        host = request -> answer(request, PageResponse.SUCCESS);
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
    }

    @Test
    void aResponseAfterResetMeetsNobody() {
        pri.enable(4);
        host =
                request -> {
                    pri.disable();
                    pri.reset();
                    answer(request, PageResponse.SUCCESS);
                };
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(1, pri.unexpected());
        assertEquals(0, pri.responses());
    }

    @Test
    void responseFailureFailsEverybodyWhoWaitsAndLaterResponsesAreIgnored() throws Exception {
        pri.enable(4);
        java.util.concurrent.CountDownLatch both = new java.util.concurrent.CountDownLatch(2);
        host = request -> both.countDown();
        List<Thread> users = new ArrayList<>();
        List<PageOutcome> outcomes = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int pasid = 1; pasid <= 2; pasid++) {
            int mine = pasid;
            users.add(
                    Thread.ofPlatform().start(() -> outcomes.add(pri.request(mine, 1, 0x1000, 1))));
        }
        both.await();
        answer(sent.get(0), PageResponse.RESPONSE_FAILURE);
        for (Thread user : users) {
            user.join();
        }
        assertEquals(List.of(PageOutcome.FAILED, PageOutcome.FAILED), outcomes);
        answer(sent.get(1), PageResponse.SUCCESS);
        pri.respond(new PageGroupResponse(1, 77, PageResponse.SUCCESS));
        assertEquals(
                PageRequestInterface.RESPONSE_FAILURE | PageRequestInterface.STOPPED,
                pri.status(),
                "nothing that comes now is unexpected");
        assertEquals(1, pri.responses());
        pri.clearStatus(PageRequestInterface.RESPONSE_FAILURE);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1), "clearing is not enabling");
    }

    @Test
    void aLateResponseFailureIsAFailureToo() {
        pri = interfaceWith(TimeUnit.MILLISECONDS.toNanos(5));
        pri.enable(2);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        answer(sent.get(0), PageResponse.RESPONSE_FAILURE);
        assertFalse(pri.isActive());
    }

    @Test
    void anAnswerWithoutPasidIsForTheGroupOfItsIndex() {
        pri.enable(2);
        host =
                request ->
                        pri.respond(
                                new PageGroupResponse(
                                        org.opensva.api.iommu.Pasid.NONE,
                                        request.groupIndex(),
                                        PageResponse.INVALID_REQUEST));
        assertEquals(PageOutcome.INVALID, pri.request(1, 1, 0x1000, 1));
    }

    @Test
    void whatCouldNotBeSentIsNotOutstanding() {
        pri.enable(2);
        host =
                request -> {
                    throw new IllegalStateException("no link");
                };
        assertThrows(IllegalStateException.class, () -> pri.request(1, 1, 0x1000, 1));
        assertEquals(0, pri.outstanding());
        assertTrue(pri.drain(1, 0));
    }

    @Test
    void anInterruptDoesNotLoseTheAnswer() {
        pri.enable(2);
        host =
                request -> {
                    Thread waiter = Thread.currentThread();
                    Thread.ofVirtual()
                            .start(() -> {
                                waiter.interrupt();
                                answer(request, PageResponse.SUCCESS);
                            });
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
        assertTrue(Thread.interrupted());
    }

    @Test
    void thereAreNoMoreCreditsThanTheDeviceCanUse() {
        assertThrows(IllegalArgumentException.class, () -> of(0));
        assertThrows(IllegalArgumentException.class, () -> of(513));
        host = request -> {};
        for (int capacity : new int[] {1, 512}) {
            sent.clear();
            pri = of(capacity);
            pri.enable(1 << 20);
            assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1 << 20), "no answer");
            assertEquals(capacity, sent.size());
            assertEquals(capacity, pri.outstanding());
            assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1), "no credit");
            assertEquals(capacity, sent.size());
        }
    }

    private PageRequestInterface of(int capacity) {
        return new PageRequestInterface(capacity, 1_000_000, sent::add);
    }

    @Test
    void enablingWhatIsEnabledOrGoneChangesNothing() {
        pri.enable(2);
        pri.enable(8);
        host =
                request -> {
                    if (request.last()) {
                        answer(request, PageResponse.SUCCESS);
                    }
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 8));
        assertEquals(2, sent.size());
        pri.close();
        pri.enable(8);
        assertFalse(pri.isActive());
        assertEquals(PageOutcome.GONE, pri.request(1, 1, 0x1000, 1));
        assertEquals(2, sent.size());
    }

    /** Starts a request, and returns when it waits for an answer or for a credit. */
    private Thread waiting(int pasid, List<PageOutcome> outcomes) {
        return waiting(() -> outcomes.add(pri.request(pasid, 1, 0x1000, 1)));
    }

    private static Thread waiting(Runnable call) {
        Thread thread = Thread.ofPlatform().start(call);
        while (thread.getState() != Thread.State.TIMED_WAITING && thread.isAlive()) {
            Thread.onSpinWait();
        }
        return thread;
    }

    /** Somebody has the only credit; what ends the wait of the next, and how? */
    private List<PageOutcome> afterWaiting(Runnable event) throws InterruptedException {
        sent.clear();
        pri = interfaceWith(TimeUnit.HOURS.toNanos(1));
        pri.enable(1);
        List<PageOutcome> outcomes = java.util.Collections.synchronizedList(new ArrayList<>());
        Thread first = waiting(1, outcomes);
        Thread second = waiting(2, outcomes);
        assertEquals(1, sent.size(), "there is one credit");
        event.run();
        second.join();
        if (pri.outstanding() > 0) {
            answer(sent.getFirst(), PageResponse.SUCCESS);
        }
        first.join();
        return outcomes;
    }

    @Test
    void whoWaitsForACreditGoesOnWhenThereIsOneAndEndsWhenThereWillBeNone() throws Exception {
        host =
                request -> {
                    if (request.pasid() == 2) {
                        answer(request, PageResponse.INVALID_REQUEST);
                    }
                };
        PageOutcome failed = PageOutcome.FAILED;
        assertEquals(
                Set.of(PageOutcome.SUCCESS, PageOutcome.INVALID),
                Set.copyOf(afterWaiting(() -> answer(sent.getFirst(), PageResponse.SUCCESS))));
        assertEquals(List.of(failed, PageOutcome.SUCCESS), afterWaiting(() -> pri.disable()));
        assertEquals(
                List.of(failed, failed),
                afterWaiting(() -> answer(sent.getFirst(), PageResponse.RESPONSE_FAILURE)));
        assertEquals(List.of(PageOutcome.GONE, PageOutcome.GONE), afterWaiting(() -> pri.close()));
        assertEquals(
                Set.of(failed, PageOutcome.INVALID), Set.copyOf(afterWaiting(() -> pri.reset())));
    }

    @Test
    void aDrainWaitsForTheAnswersOfItsPasidAndNoOther() throws Exception {
        pri.enable(8);
        List<PageOutcome> outcomes = java.util.Collections.synchronizedList(new ArrayList<>());
        Thread one = waiting(1, outcomes);
        Thread two = waiting(1, outcomes);
        assertTrue(pri.drain(2, 0));
        assertFalse(pri.drain(1, 0));
        assertFalse(pri.drain(1, 1_000_000));
        boolean[] drained = new boolean[2];
        Thread draining =
                waiting(() -> {
                    drained[0] = pri.drain(1, TimeUnit.HOURS.toNanos(1));
                    drained[1] = Thread.interrupted();
                });
        answer(sent.get(0), PageResponse.SUCCESS);
        assertFalse(draining.join(java.time.Duration.ofMillis(5)));
        draining.interrupt();
        assertFalse(draining.join(java.time.Duration.ofMillis(5)));
        answer(sent.get(1), PageResponse.SUCCESS);
        draining.join();
        assertTrue(drained[0]);
        assertTrue(drained[1], "the interrupt is kept");
        one.join();
        two.join();
        assertFalse(Thread.interrupted());
    }

    @Test
    void aDrainIsOverWhenTheInterfaceIsResetOrGoneAndFailsWhenAnAnswerIsGivenUp() throws Exception {
        for (Runnable end : List.<Runnable>of(() -> pri.reset(), () -> pri.close())) {
            pri = interfaceWith(TimeUnit.HOURS.toNanos(1));
            pri.enable(8);
            Thread user = waiting(1, new ArrayList<>());
            boolean[] drained = new boolean[1];
            Thread draining = waiting(() -> drained[0] = pri.drain(1, Long.MAX_VALUE / 2));
            end.run();
            draining.join();
            user.join();
            assertTrue(drained[0]);
        }
        pri = interfaceWith(TimeUnit.MILLISECONDS.toNanos(20));
        pri.enable(8);
        boolean[] drained = {true};
        Thread user = Thread.ofPlatform().start(() -> pri.request(1, 1, 0x1000, 1));
        while (pri.outstanding() == 0) {
            Thread.onSpinWait();
        }
        drained[0] = pri.drain(1, Long.MAX_VALUE / 2);
        assertFalse(drained[0], "nobody waits for the answer any more, but it is owed");
        user.join();
    }

    /** Interrupts a thread that waits, lets it go on by an answer, and tells what it says then. */
    private static String interrupted(Supplier<Object> wait, Runnable answer)
            throws InterruptedException {
        List<String> said = java.util.Collections.synchronizedList(new ArrayList<>());
        Thread thread = waiting(() -> said.add(wait.get() + " " + Thread.interrupted()));
        thread.interrupt();
        assertFalse(thread.join(java.time.Duration.ofMillis(5)), "an interrupt is no answer");
        answer.run();
        thread.join();
        return said.getFirst();
    }

    @Test
    void anInterruptEndsNoWaitAndIsNotLost() throws Exception {
        pri.enable(1);
        assertEquals(
                "SUCCESS true",
                interrupted(
                        () -> pri.request(1, 1, 0x1000, 1),
                        () -> answer(sent.getLast(), PageResponse.SUCCESS)));
        Thread holder = waiting(1, new ArrayList<>());
        host = request -> answer(request, PageResponse.INVALID_REQUEST);
        assertEquals(
                "INVALID true",
                interrupted(
                        () -> pri.request(2, 1, 0x1000, 1),
                        () -> answer(sent.getLast(), PageResponse.SUCCESS)));
        holder.join();
        host = request -> {};
        holder = waiting(1, new ArrayList<>());
        assertEquals(
                "true true",
                interrupted(
                        () -> pri.drain(1, TimeUnit.HOURS.toNanos(1)),
                        () -> answer(sent.getLast(), PageResponse.SUCCESS)));
        holder.join();
        assertFalse(Thread.interrupted());
    }

    @Test
    void whoHasAskedSomethingIsInNobodysWay() throws InterruptedException {
        pri.enable(8);
        List<Runnable> calls =
                List.of(
                        () -> pri.isActive(),
                        () -> pri.status(),
                        () -> pri.clearStatus(0),
                        () -> pri.outstanding(),
                        () -> pri.requests(),
                        () -> pri.responses(),
                        () -> pri.unexpected(),
                        () -> pri.enable(8),
                        () -> pri.drain(1, 0),
                        () -> pri.reset(),
                        () -> pri.disable(),
                        () -> pri.close());
        for (Runnable call : calls) {
            call.run();
            Thread other = Thread.ofPlatform().start(() -> pri.status());
            other.join();
        }
    }

    @Test
    void theIndexOfAnOpenGroupIsNotGivenOutHoweverManyWereGivenUp() throws InterruptedException {
        pri.enable(8);
        host = request -> pri.reset();
        for (int i = 0; i < 2 * PageRequestInterface.MAX_GROUPS; i++) {
            assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        }
        host = request -> {};
        Thread holder = waiting(1, new ArrayList<>());
        PageRequest open = sent.getLast();
        host = request -> answer(request, PageResponse.SUCCESS);
        for (int i = 0; i < 2 * PageRequestInterface.MAX_GROUPS; i++) {
            assertEquals(PageOutcome.SUCCESS, pri.request(2, 1, 0x1000, 1));
            assertTrue(open.groupIndex() != sent.getLast().groupIndex());
        }
        answer(open, PageResponse.SUCCESS);
        holder.join();
    }
}
