package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.ats.link.FaultInjectingLink;
import org.opensva.ats.link.LinkFaults;
import org.opensva.ats.link.LinkMessage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * An endpoint on a link that loses, repeats, delays and damages: it may fail, but it neither lies
 * nor hangs.
 */
@Timeout(120)
class FaultyLinkTest {

    private static final int PAGES = 24;
    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    @Test
    void accessesEndAndSayTheTruth() throws Exception {
        for (long seed = 1; seed <= 4; seed++) {
            run(seed);
        }
    }

    private void run(long seed) throws Exception {
        LinkFaults.Rates bad = new LinkFaults.Rates(20, 100, 200, 50, 10);
        LinkFaults faults =
                new LinkFaults(
                        Map.of(
                                LinkMessage.TRANSLATION,
                                new LinkFaults.Rates(20, 0, 50),
                                LinkMessage.PAGE_REQUEST,
                                bad,
                                LinkMessage.PAGE_GROUP_RESPONSE,
                                bad,
                                LinkMessage.INVALIDATE_REQUEST,
                                new LinkFaults.Rates(0, 100, 0, 50, 0),
                                LinkMessage.INVALIDATE_COMPLETION,
                                bad),
                        Duration.ofMillis(1));
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 8, true, true, false, 16, 32, 64);
        for (int frame = 0; frame < 1024; frame++) {
            agent.memory[frame * 4096] = (byte) (frame * 7);
        }
        agent.table.clear();
        agent.recording = false;
        agent.host =
                (to, request) -> {
                    if (!request.isStopMarker()) {
                        int frame = frame(request.pasid(), request.address());
                        to.map(request.pasid(), request.address(), frame * 4096L, RW);
                    }
                    if (request.last() && !request.isStopMarker() && to.device != null) {
                        to.answer(request, PageResponse.SUCCESS);
                    }
                };
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (FaultInjectingLink link = new FaultInjectingLink(agent, faults, seed)) {
            Endpoint endpoint =
                    FakeAgent.enabled(
                            new AtsEndpointFactory(EndpointQuirks.NONE, Duration.ofMillis(20))
                                    .create(config, link));
            endpoint.setPriEnabled(true, 64);
            List<Future<int[]>> users = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                Random random = new Random(seed * 10 + thread);
                users.add(threads.submit(() -> use(endpoint, random)));
            }
            Random random = new Random(seed);
            while (!users.stream().allMatch(Future::isDone)) {
                int pasid = 1 + random.nextInt(3);
                long page = random.nextInt(PAGES) * 4096L;
                agent.unmap(pasid, page);
                agent.invalidate(random.nextInt(32), pasid, page, 12);
                Thread.sleep(0, 200_000);
            }
            int complete = 0;
            for (Future<int[]> user : users) {
                complete += user.get()[0];
            }
            assertTrue(complete > 200, complete + " accesses of 600 succeeded");
            assertTrue(endpoint.count(HardwareCounter.PAGE_REQUESTS) > 0);
            endpoint.stopPasid(new Pasid(1));
            endpoint.close();
            byte[] target = new byte[1];
            long result = endpoint.read(1, Access.READ, 0, target, 0, 1);
            assertEquals(DmaStatus.STOPPED, DmaResult.status(result));
        } finally {
            threads.shutdownNow();
        }
    }

    /** Each page has its own frame for good, so that every byte read is known. */
    private static int frame(int pasid, long address) {
        return pasid * PAGES + (int) (address >>> 12);
    }

    private static int[] use(Endpoint endpoint, Random random) {
        int complete = 0;
        byte[] target = new byte[1];
        for (int i = 0; i < 200; i++) {
            int pasid = 1 + random.nextInt(3);
            long address = random.nextInt(PAGES) * 4096L;
            long result = endpoint.read(pasid, Access.READ, address, target, 0, 1);
            DmaStatus status = DmaResult.status(result);
            if (status == DmaStatus.COMPLETE) {
                complete++;
                assertEquals((byte) (frame(pasid, address) * 7), target[0]);
            } else {
                assertTrue(
                        status == DmaStatus.ABORTED || status == DmaStatus.PAGE_REQUEST_FAILED,
                        status::name);
            }
        }
        return new int[] {complete};
    }
}
