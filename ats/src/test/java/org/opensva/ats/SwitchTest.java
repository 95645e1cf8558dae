package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** What it means to switch something off: accesses that run are waited for, or released. */
@Timeout(60)
class SwitchTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    /** Long enough for whoever does not wait to have gone on; nothing is lost if it is not. */
    private static final Duration A_WHILE = Duration.ofMillis(20);

    private final FakeAgent agent = new FakeAgent();

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private final CountDownLatch inside = new CountDownLatch(1);
    private final Semaphore goOn = new Semaphore(0);

    private AtsEndpoint endpoint(Duration timeout) {
        return agent.plugEnabled(EndpointQuirks.NONE, timeout);
    }

    private AtsEndpoint endpoint() {
        return endpoint(Duration.ofSeconds(30));
    }

    private static DmaStatus read(AtsEndpoint endpoint, int pasid) {
        return DmaResult.status(endpoint.read(pasid, Access.READ, 0x7000, new byte[1], 0, 1));
    }

    private void stop() {
        inside.countDown();
        goOn.acquireUninterruptibly();
    }

    @Test
    void whatIsOnAlreadyIsLeftAlone() {
        AtsEndpoint endpoint = endpoint();
        endpoint.setPriEnabled(true, 4);
        agent.map(3, 0x7000, 0x2000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
        endpoint.setPriEnabled(true, 0);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        assertEquals(1, agent.translations.get(), "its translations too");
        assertEquals(1, endpoint.cachedTranslations());
        endpoint.setPriEnabled(false, 0);
        endpoint.setPriEnabled(false, 4);
        endpoint.setAtsEnabled(false);
        endpoint.setAtsEnabled(false);
        endpoint.setPasidEnabled(false);
        endpoint.setPasidEnabled(false);
        assertFalse(endpoint.isAtsEnabled());
        assertEquals(DmaStatus.STOPPED, read(endpoint, 3));
    }

    @Test
    void anEndpointIsWhatItWasMadeAs() {
        for (int kind = 0; kind < 8; kind++) {
            boolean ats = (kind & 1) != 0;
            boolean pri = ats && (kind & 2) != 0;
            boolean stall = !pri && (kind & 4) != 0;
            EndpointConfig config =
                    new EndpointConfig(
                            "nic-" + kind, RequesterId.of(2, 1, kind), 5, ats, pri, stall, 4, 1, 1);
            Endpoint made = new AtsEndpointFactory().create(config, agent);
            assertEquals("nic-" + kind, made.name());
            assertEquals(RequesterId.of(2, 1, kind), made.requester());
            assertEquals(5, made.pasidBits());
            assertEquals(ats, made.supportsAts());
            assertEquals(pri, made.supportsPri());
            assertEquals(stall, made.supportsStall());
        }
    }

    @Test
    void oneOutstandingPageRequestIsEnough() {
        AtsEndpoint endpoint = endpoint();
        endpoint.setPriEnabled(true, 1);
        agent.host =
                (to, request) -> {
                    to.map(3, request.address(), 0x2000, RW);
                    to.answer(request, PageResponse.SUCCESS);
                };
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
    }

    @Test
    void aPageRequestSaysWhatTheAccessDoesAndNoMore() {
        AtsEndpoint endpoint = endpoint();
        endpoint.setPriEnabled(true, 4);
        agent.host = (to, request) -> to.answer(request, PageResponse.INVALID_REQUEST);
        endpoint.write(3, Access.WRITE, 0x7000, new byte[1], 0, 1);
        endpoint.read(3, Access.READ, 0x7000, new byte[1], 0, 1);
        assertEquals(
                List.of(Access.WRITE, Access.READ),
                agent.pageRequests.stream().map(PageRequest::access).toList());
    }

    @Test
    void untranslatedAccessesThatHaveEndedHoldNoStopUp() {
        AtsEndpoint endpoint = agent.plug(EndpointQuirks.NONE, Duration.ofDays(1));
        endpoint.setPasidEnabled(true);
        agent.map(3, 0x7000, 0x2000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        endpoint.stopPasid(new Pasid(3));
        assertEquals(1, endpoint.stops(3));
    }

    @Test
    void aPrefetchThatIsNotSupportedTakesTheAtcOutOfUse() {
        AtsEndpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, RW);
        agent.translateStatus = AgentPort.UNSUPPORTED_REQUEST;
        assertFalse(endpoint.prefetch(3, Access.READ, 0x7000, 1));
        agent.translateStatus = 0;
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        assertEquals(List.of("r- 3 0x7000+1"), agent.untranslated);
        assertEquals(1, agent.translations.get());
    }

    @Test
    void switchingTranslationOffWaitsForAccessesThatUseOne() throws Exception {
        AtsEndpoint endpoint = endpoint();
        waitsForTheAccess(endpoint, () -> endpoint.setAtsEnabled(false));
    }

    @Test
    void unpluggingWaitsForAccessesThatUseATranslation() throws Exception {
        AtsEndpoint endpoint = endpoint();
        waitsForTheAccess(endpoint, endpoint::close);
        assertEquals(0, endpoint.cachedTranslations());
    }

    @Test
    void stoppingAPasidWaitsForItsAccessesOnly() throws Exception {
        AtsEndpoint endpoint = endpoint();
        waitsForTheAccess(
                endpoint,
                () -> {
                    endpoint.stopPasid(new Pasid(4));
                    assertEquals(1, endpoint.cachedTranslations(), "another one's");
                    endpoint.stopPasid(new Pasid(3));
                });
        assertEquals(0, endpoint.cachedTranslations());
    }

    private void waitsForTheAccess(AtsEndpoint endpoint, Runnable switching) throws Exception {
        agent.map(3, 0x7000, 0x2000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        agent.beforeMove = address -> stop();
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3));
        inside.await();
        Thread switcher = Thread.ofPlatform().start(switching);
        assertFalse(switcher.join(A_WHILE));
        goOn.release();
        switcher.join();
        access.get();
    }

    @Test
    void whatAnUnpluggedDeviceLosesIsNotTheHostsDoing() throws Exception {
        for (int length : new int[] {1, 8192}) {
            AtsEndpoint endpoint = endpoint();
            agent.map(3, 0x7000, 0x2000, RW);
            agent.map(3, 0x8000, 0x3000, RW);
            byte[] target = new byte[length];
            endpoint.read(3, Access.READ, 0x7000, target, 0, length);
            CountDownLatch moving = new CountDownLatch(1);
            agent.beforeMove =
                    address -> {
                        moving.countDown();
                        while (endpoint.isPresent()) {
                            Thread.onSpinWait();
                        }
                        agent.brokenFrom = 0;
                    };
            Future<Long> access =
                    threads.submit(() -> endpoint.read(3, Access.READ, 0x7000, target, 0, length));
            moving.await();
            endpoint.close();
            assertEquals(DmaStatus.STOPPED, DmaResult.status(access.get()));
            agent.beforeMove = address -> {};
            agent.brokenFrom = Long.MAX_VALUE;
        }
    }

    @Test
    void aStopGivesUpOnATranslationThatDoesNotComeBackAndSaysSo() throws Exception {
        AtsEndpoint endpoint = endpoint(Duration.ofMillis(20));
        stopWhileATranslationIsLost(endpoint);
        assertEquals(List.of(), agent.pageRequests, "no queue has anything of this device");
    }

    @Test
    void whereThereArePageRequestsAStopMarkerSaysThatAStopGaveUp() throws Exception {
        AtsEndpoint endpoint = endpoint(Duration.ofMillis(20));
        endpoint.setPriEnabled(true, 8);
        stopWhileATranslationIsLost(endpoint);
        assertEquals(List.of(PageRequest.stopMarker(3)), agent.pageRequests);
    }

    private void stopWhileATranslationIsLost(AtsEndpoint endpoint) throws Exception {
        agent.map(3, 0x7000, 0x2000, RW);
        agent.beforeAnswer = this::stop;
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3));
        inside.await();
        endpoint.stopPasid(new Pasid(3));
        goOn.release(100);
        assertEquals(DmaStatus.STOPPED, access.get());
        assertEquals(0, endpoint.cachedTranslations());
    }

    @Test
    void nobodyWaitsForTheRequestsOfAnUnpluggedDevice() throws Exception {
        AtsEndpoint endpoint = endpoint(Duration.ofDays(1));
        agent.map(3, 0x7000, 0x2000, RW);
        agent.beforeAnswer = this::stop;
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3));
        inside.await();
        Thread stopping = Thread.ofPlatform().start(() -> endpoint.stopPasid(new Pasid(3)));
        while (endpoint.stops(3) == 0) {
            Thread.onSpinWait();
        }
        assertFalse(stopping.join(A_WHILE));
        endpoint.close();
        stopping.join();
        goOn.release(100);
        assertEquals(DmaStatus.STOPPED, access.get());
    }

    @Test
    void stoppingWhatIsNotThereDoesNothing() {
        AtsEndpoint endpoint = endpoint();
        endpoint.stopPasid(new Pasid(256));
        endpoint.close();
        endpoint.stopPasid(new Pasid(3));
        assertEquals(0, endpoint.stops(3));
        assertEquals(List.of(), agent.pageRequests);
    }

    @Test
    void theTranslationsOfAPasidAreSeenFromOutside() {
        AtsEndpoint endpoint = endpoint();
        agent.map(3, 0x7000, 0x2000, TranslationEntry.R);
        agent.map(Pasid.NONE, 0x7000, 0x3000, RW);
        read(endpoint, 3);
        read(endpoint, Pasid.NONE);
        StringBuilder seen = new StringBuilder();
        endpoint.visitTranslations((owner, address, sizeShift, physical, access) ->
                seen.append(
                        "%d 0x%x 2^%d 0x%x %s"
                                .formatted(
                                        owner,
                                        address,
                                        sizeShift,
                                        physical,
                                        Access.describe(access))));
        assertEquals("3 0x7000 2^12 0x2000 r-", seen.toString());
        assertEquals(2, endpoint.cachedTranslations());
    }

    @Test
    void stoppingAPasidWaitsForItsPageRequestsAndEndsItsAccesses() throws Exception {
        AtsEndpoint endpoint = endpoint();
        endpoint.setPriEnabled(true, 8);
        agent.host = (to, request) -> inside.countDown();
        Future<DmaStatus> access = threads.submit(() -> read(endpoint, 3));
        inside.await();
        Thread stopping = Thread.ofPlatform().start(() -> endpoint.stopPasid(new Pasid(3)));
        while (endpoint.stops(3) == 0) {
            Thread.onSpinWait();
        }
        assertFalse(stopping.join(A_WHILE), "a page request is open");
        agent.answer(agent.pageRequests.getFirst(), PageResponse.SUCCESS);
        stopping.join();
        assertEquals(DmaStatus.STOPPED, access.get());
        agent.map(3, 0x7000, 0x2000, RW);
        assertEquals(DmaStatus.COMPLETE, read(endpoint, 3));
        assertEquals(1, agent.pageRequests.size(), "no Stop Marker is needed");
    }
}
