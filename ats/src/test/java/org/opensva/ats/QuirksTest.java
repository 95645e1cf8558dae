package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.ats.FakeAgent.readByte;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** Devices that deviate from the specification, each in its own way and in no other. */
@Timeout(60)
class QuirksTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private AtsEndpoint endpoint(EndpointQuirks quirks) {
        return agent.plugEnabled(quirks, AtsEndpointFactory.PAGE_RESPONSE_TIMEOUT);
    }

    @Test
    void aLazyDeviceNeedsTheSameInvalidationTwice() {
        AtsEndpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.LAZY_ATC));
        agent.map(3, 0x7000, 0x2000, RW);
        agent.memory[0x2000] = 42;
        readByte(endpoint, 3, 0x7000);
        agent.unmap(3, 0x7000);
        agent.invalidate(0, 3, 0x7000, 12);
        assertEquals(42, readByte(endpoint, 3, 0x7000));
        agent.invalidate(1, 3, 0x7000, 12);
        assertEquals(-1, readByte(endpoint, 3, 0x7000));
        assertEquals(2, agent.completions.size());
    }

    @Test
    void aSilentDeviceDoesNotAnswer() {
        Endpoint ignoring = endpoint(EndpointQuirks.of(EndpointQuirk.IGNORES_INVALIDATIONS));
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(ignoring, 3, 0x7000);
        agent.unmap(3, 0x7000);
        agent.invalidate(0, 3, 0x7000, 12);
        assertEquals(0, readByte(ignoring, 3, 0x7000));
        ignoring.close();

        Endpoint silent = endpoint(EndpointQuirks.of(EndpointQuirk.NO_COMPLETION));
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(silent, 3, 0x7000);
        agent.unmap(3, 0x7000);
        agent.invalidate(0, 3, 0x7000, 12);
        assertEquals(-1, readByte(silent, 3, 0x7000));
        assertEquals(List.of(), agent.completions);
    }

    @Test
    void anEarlyDeviceCompletesWhileTheAccessStillRuns() throws Exception {
        AtsEndpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.EARLY_COMPLETION));
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(endpoint, 3, 0x7000);
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeMove =
                address -> {
                    inside.countDown();
                    goOn.acquireUninterruptibly();
                };
        Future<Byte> access = threads.submit(() -> readByte(endpoint, 3, 0x7000));
        inside.await();
        agent.unmap(3, 0x7000);
        agent.invalidate(5, 3, 0x7000, 12);
        assertEquals(List.of(InvalidateCompletion.of(5)), agent.completions);
        agent.memory[0x2000] = 77; // The frame's next owner.
        goOn.release();
        assertEquals((byte) 77, access.get());
        assertEquals(-1, readByte(endpoint, 3, 0x7000)); // Only early: the entry is dead.
    }

    @Test
    void aDeviceThatIgnoresStopGoesOn() throws Exception {
        assertEquals(DmaStatus.STOPPED, statusAcrossStop(EndpointQuirks.NONE));
        assertEquals(
                DmaStatus.COMPLETE,
                statusAcrossStop(EndpointQuirks.of(EndpointQuirk.IGNORES_STOP)));
    }

    /** An access to two pages is in its first one when its PASID is stopped. */
    private DmaStatus statusAcrossStop(EndpointQuirks quirks) throws Exception {
        AtsEndpoint endpoint = endpoint(quirks);
        agent.map(3, 0x7000, 0x2000, RW);
        agent.map(3, 0x8000, 0x3000, RW);
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeAnswer =
                () -> {
                    agent.beforeAnswer = () -> {};
                    inside.countDown();
                    goOn.acquireUninterruptibly();
                };
        byte[] target = new byte[8192];
        Future<Long> access =
                threads.submit(() -> endpoint.read(3, Access.READ, 0x7000, target, 0, 8192));
        inside.await();
        CountDownLatch stopped = new CountDownLatch(1);
        Future<?> stop =
                threads.submit(() -> {
                    endpoint.stopPasid(new Pasid(3));
                    stopped.countDown();
                });
        if (quirks.has(EndpointQuirk.IGNORES_STOP)) {
            stopped.await(); // Although an access is under way.
        } else {
            // A new epoch is what ends the access; the stop itself waits for the answer.
            while (endpoint.stops(3) == 0) {
                Thread.onSpinWait();
            }
            assertEquals(1, stopped.getCount());
        }
        goOn.release();
        long result = access.get();
        stop.get();
        endpoint.close();
        return DmaResult.status(result);
    }

    @Test
    void aDeviceThatFillsStaleAnswersIsFound() {
        AtsEndpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.STALE_FILL));
        agent.map(3, 0x7000, 0x2000, RW);
        agent.beforeAnswer =
                () -> {
                    agent.beforeAnswer = () -> {};
                    agent.unmap(3, 0x7000);
                    agent.invalidate(0, 3, 0x7000, 12);
                };
        assertEquals(0, readByte(endpoint, 3, 0x7000));
    }

    @Test
    void aNarrowDeviceConfusesAddressSpaces() {
        AtsEndpoint endpoint = endpoint(EndpointQuirks.narrowPasid(4));
        agent.map(1, 0x7000, 0x2000, RW);
        agent.memory[0x2000] = 42;
        assertEquals(42, readByte(endpoint, 17, 0x7000));
        assertEquals(
                DmaStatus.STOPPED,
                DmaResult.status(
                        endpoint(EndpointQuirks.NONE)
                                .read(300, Access.READ, 0, new byte[1], 0, 1)));
    }

    @Test
    void aLazyDeviceTakesNoOtherRequestForTheSame() {
        InvalidateRequest request = new InvalidateRequest(0, 3, 0x7000, 12, false);
        for (InvalidateRequest other :
                List.of(
                        new InvalidateRequest(1, 4, 0x7000, 12, false),
                        new InvalidateRequest(1, 3, 0x8000, 12, false),
                        new InvalidateRequest(1, 3, 0x7000, 64, false),
                        new InvalidateRequest(1, 3, 0x7000, 12, true))) {
            AtsEndpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.LAZY_ATC));
            for (int[] page : new int[][] {{3, 0x7000}, {3, 0x8000}, {4, 0x7000}}) {
                agent.map(page[0], page[1], 0x2000, RW);
                readByte(endpoint, page[0], page[1]);
            }
            agent.device().invalidate(request);
            agent.device().invalidate(other);
            agent.device().invalidate(request);
            assertEquals(3, endpoint.cachedTranslations(), other::toString);
            agent.device().invalidate(new InvalidateRequest(2, 3, 0x7000, 12, false));
            assertEquals(2, endpoint.cachedTranslations(), "whatever its tag");
            readByte(endpoint, 3, 0x7000);
            agent.device().invalidate(request);
            assertEquals(3, endpoint.cachedTranslations(), "two for each");
        }
    }
}
