package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
class PageRequestTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Endpoint endpoint(Duration timeout) {
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 20, true, true, false, 64, 32, 16);
        Endpoint made =
                FakeAgent.enabled(
                        new AtsEndpointFactory(EndpointQuirks.NONE, timeout).create(config, agent));
        made.setPriEnabled(true, 8);
        return made;
    }

    private Endpoint endpoint() {
        return endpoint(Duration.ofSeconds(30));
    }

    private static DmaStatus read(Endpoint endpoint, int pasid, long address, int length) {
        byte[] target = new byte[length];
        return DmaResult.status(endpoint.read(pasid, Access.READ, address, target, 0, length));
    }

    /** A host that maps what is asked for, or does not, and answers each group once. */
    private void host(PageResponse response, boolean maps) {
        agent.host =
                (to, request) -> {
                    if (maps) {
                        to.map(request.pasid(), request.address(), request.address() & 0xff000, RW);
                    }
                    if (request.last() && !request.isStopMarker()) {
                        to.answer(request, response);
                    }
                };
    }

    @Test
    void aMissingPageIsRequestedAndTheAccessGoesOn() {
        Endpoint endpoint = endpoint();
        host(PageResponse.SUCCESS, true);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7123, 1));
        PageRequest request = agent.pageRequests.get(0);
        assertEquals(new PageRequest(3, 0x7000, Access.READ, request.groupIndex(), true), request);
        assertEquals(1, endpoint.count(HardwareCounter.PAGE_REQUESTS));
        assertEquals(1, endpoint.count(HardwareCounter.PAGE_RESPONSES));
    }

    @Test
    void anAccessThatSpansMissingPagesAsksForThemInOneGroup() {
        Endpoint endpoint = endpoint();
        host(PageResponse.SUCCESS, true);
        agent.map(3, 0xa000, 0x1000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7800, 0x4000));
        assertEquals(List.of(0x7000L, 0x8000L, 0x9000L, 0xb000L), agent.requestedPages());
        assertEquals(
                List.of(false, false, true, true),
                agent.pageRequests.stream().map(PageRequest::last).toList());
        assertEquals(
                1,
                agent.pageRequests.stream()
                        .limit(3)
                        .map(PageRequest::groupIndex)
                        .distinct()
                        .count());
    }

    @Test
    void anExecuteRequestIsNoStopMarker() {
        Endpoint endpoint = endpoint();
        agent.host =
                (to, request) -> {
                    assertFalse(request.isStopMarker());
                    long executable = TranslationEntry.R | TranslationEntry.EXE;
                    to.map(request.pasid(), request.address(), 0, executable);
                    to.answer(request, PageResponse.SUCCESS);
                };
        byte[] target = new byte[1];
        long result = endpoint.read(3, Access.EXECUTE, 0x7000, target, 0, 1);
        assertEquals(DmaStatus.COMPLETE, DmaResult.status(result));
        assertEquals(Access.EXECUTE | Access.READ, agent.pageRequests.get(0).access());
    }

    @Test
    void anInvalidRequestIsNotRepeated() {
        Endpoint endpoint = endpoint();
        host(PageResponse.INVALID_REQUEST, false);
        assertEquals(DmaStatus.NOT_PERMITTED, read(endpoint, 3, 0x7000, 1));
        assertEquals(1, agent.pageRequests.size());
    }

    @Test
    void successIsNoLease() {
        Endpoint endpoint = endpoint();
        AtomicInteger stolen = new AtomicInteger();
        agent.host =
                (to, request) -> {
                    if (stolen.incrementAndGet() > 10) {
                        to.map(request.pasid(), request.address(), 0x1000, RW);
                    }
                    to.answer(request, PageResponse.SUCCESS);
                };
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
        assertEquals(11, agent.pageRequests.size());
    }

    @Test
    void successThatNeverHelpsEndsTheAccess() {
        Endpoint endpoint = endpoint();
        host(PageResponse.SUCCESS, false);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(endpoint, 3, 0x7000, 1));
        assertEquals(64, agent.pageRequests.size());
    }

    @Test
    void responseFailureStopsTheInterfaceUntilItIsEnabledAgain() {
        Endpoint endpoint = endpoint();
        host(PageResponse.RESPONSE_FAILURE, false);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(endpoint, 3, 0x7000, 1));
        host(PageResponse.SUCCESS, true);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(endpoint, 3, 0x7000, 1));
        assertEquals(1, agent.pageRequests.size());
        endpoint.setPriEnabled(false, 0);
        endpoint.setPriEnabled(true, 8);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
    }

    @Test
    void aLostResponseEndsTheAccessAndALateOneMeetsNobodyElse() {
        Endpoint endpoint = endpoint(Duration.ofMillis(30));
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(endpoint, 3, 0x7000, 1));
        PageRequest lost = agent.pageRequests.get(0);
        agent.host =
                (to, request) -> {
                    if (request.groupIndex() == lost.groupIndex()) {
                        throw new AssertionError("the index of a lost group was used again");
                    }
                    // The late answer comes first, and is Invalid: it must not end this access.
                    to.answer(lost, PageResponse.INVALID_REQUEST);
                    to.map(request.pasid(), request.address(), 0x1000, RW);
                    to.answer(request, PageResponse.SUCCESS);
                };
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
    }

    @Test
    void aResponseOfAnotherPasidOrASecondOneChangesNothing() {
        Endpoint endpoint = endpoint();
        agent.host =
                (to, request) -> {
                    int index = request.groupIndex();
                    to.device()
                            .respond(new PageGroupResponse(4, index, PageResponse.INVALID_REQUEST));
                    to.map(request.pasid(), request.address(), 0x1000, RW);
                    to.answer(request, PageResponse.SUCCESS);
                    to.answer(request, PageResponse.INVALID_REQUEST);
                    to.device()
                            .respond(new PageGroupResponse(3, 511, PageResponse.RESPONSE_FAILURE));
                };
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
        assertEquals(1, endpoint.count(HardwareCounter.PAGE_RESPONSES));
    }

    @Test
    void groupsAreServedAtTheSameTimeAndAnsweredInAnyOrder() throws Exception {
        Endpoint endpoint = endpoint();
        CountDownLatch both = new CountDownLatch(2);
        agent.host = (to, request) -> both.countDown();
        Future<DmaStatus> one = threads.submit(() -> read(endpoint, 1, 0x7000, 1));
        Future<DmaStatus> two = threads.submit(() -> read(endpoint, 2, 0x8000, 1));
        both.await();
        agent.map(1, 0x7000, 0x1000, RW);
        agent.map(2, 0x8000, 0x1000, RW);
        PageRequest first = agent.pageRequests.get(0);
        PageRequest second = agent.pageRequests.get(1);
        agent.answer(second, PageResponse.SUCCESS);
        agent.answer(first, PageResponse.SUCCESS);
        assertEquals(DmaStatus.COMPLETE, one.get());
        assertEquals(DmaStatus.COMPLETE, two.get());
    }

    @Test
    void nobodyAsksForMoreThanTheCreditsAllow() throws Exception {
        Endpoint endpoint = endpoint();
        AtomicInteger outstanding = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        agent.host =
                (to, request) -> {
                    most.accumulateAndGet(outstanding.incrementAndGet(), Math::max);
                    to.map(request.pasid(), request.address(), 0x1000, RW);
                    if (request.last()) {
                        threads.execute(() -> {
                            Thread.yield();
                            int pages =
                                    (int)
                                            agent.pageRequests.stream()
                                                    .filter(r -> sameGroup(r, request))
                                                    .count();
                            outstanding.addAndGet(-pages);
                            to.answer(request, PageResponse.SUCCESS);
                        });
                    }
                };
        List<CompletableFuture<DmaStatus>> accesses =
                java.util.stream.IntStream.range(1, 33)
                        .mapToObj(pasid ->
                                CompletableFuture.supplyAsync(
                                        () -> read(endpoint, pasid, 0x7000, 0x3000), threads))
                        .toList();
        for (CompletableFuture<DmaStatus> access : accesses) {
            assertEquals(DmaStatus.COMPLETE, access.get());
        }
        assertTrue(most.get() <= 8, () -> most + " messages were outstanding, 8 are allowed");
    }

    /** Each PASID asks for one group in that test, so that the PASID names it. */
    private static boolean sameGroup(PageRequest one, PageRequest two) {
        return one.pasid() == two.pasid();
    }

    @Test
    void aStoppedPasidCanBeUsedAgainAndHasForgottenItsTranslations() {
        Endpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x1000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
        endpoint.stopPasid(new Pasid(3));
        agent.map(3, 0x7000, 0x2000, RW);
        agent.memory[0x2000] = 2;
        byte[] target = new byte[1];
        endpoint.read(3, Access.READ, 0x7000, target, 0, 1);
        assertEquals(2, target[0]);
    }

    @Test
    void aPasidWhoseRequestsAreLostIsStoppedWithAStopMarker() throws Exception {
        Endpoint endpoint = endpoint(Duration.ofMillis(30));
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(endpoint, 3, 0x7000, 1));
        endpoint.stopPasid(new Pasid(3));
        assertTrue(agent.pageRequests.get(1).isStopMarker());
        assertEquals(3, agent.pageRequests.get(1).pasid());
    }

    @Test
    void hotRemovalReleasesWhoWaitsForAPage() throws Exception {
        Endpoint endpoint = endpoint();
        CountDownLatch asked = new CountDownLatch(1);
        agent.host = (to, request) -> asked.countDown();
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3, 0x7000, 1));
        asked.await();
        endpoint.close();
        assertEquals(DmaStatus.STOPPED, access.get(30, TimeUnit.SECONDS));
    }

    @Test
    void disablingPageRequestsReleasesWhoWaits() throws Exception {
        Endpoint endpoint = endpoint();
        CountDownLatch asked = new CountDownLatch(1);
        agent.host = (to, request) -> asked.countDown();
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3, 0x7000, 1));
        asked.await();
        endpoint.setPriEnabled(false, 0);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, access.get(30, TimeUnit.SECONDS));
    }

    @Test
    void anInvalidationIsAnsweredWhileAnAccessWaitsForItsPage() throws Exception {
        Endpoint endpoint = endpoint();
        CountDownLatch asked = new CountDownLatch(1);
        agent.host = (to, request) -> asked.countDown();
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3, 0x7000, 1));
        asked.await();
        agent.invalidate(9, 3, 0x7000, 12);
        assertEquals(1, agent.completions.size());
        assertFalse(access.isDone());
        endpoint.close();
        access.get();
    }

    @Test
    void aDeviceThatStallsFallsBackToUntranslatedRequests() {
        EndpointConfig config =
                new EndpointConfig(
                        "nic-0", RequesterId.of(2, 0, 0), 20, true, false, true, 64, 32, 16);
        Endpoint endpoint = FakeAgent.enabled(new AtsEndpointFactory().create(config, agent));
        agent.beforeMove = address -> agent.map(3, 0x7000, 0x1000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3, 0x7000, 1));
        assertEquals(List.of("r- 3 0x7000+1"), agent.untranslated);
    }
}
