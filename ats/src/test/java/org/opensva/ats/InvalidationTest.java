package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.ats.FakeAgent.readByte;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToLongFunction;

@Timeout(120)
class InvalidationTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Endpoint endpoint(EndpointQuirks quirks) {
        return endpoint(quirks, 32);
    }

    private Endpoint endpoint(EndpointQuirks quirks, int depth) {
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 8, true, true, false, 32, depth, 16);
        return FakeAgent.enabled(new AtsEndpointFactory(quirks).create(config, agent));
    }

    @Test
    void theCompletionLeavesAfterTheLastAccessThatUsedTheEntry() throws Exception {
        completeDuring(endpoint -> readByte(endpoint, 3, 0x7000));
        completeDuring(endpoint -> endpoint.write(3, Access.WRITE, 0x7000, new byte[] {9}, 0, 1));
        assertEquals(9, agent.memory[0x2000], "the write was pushed before its completion");
    }

    private void completeDuring(ToLongFunction<Endpoint> use) throws Exception {
        agent.completions.clear();
        agent.beforeMove = address -> {};
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(endpoint, 3, 0x7000);
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeMove =
                address -> {
                    inside.countDown();
                    goOn.acquireUninterruptibly();
                };
        Future<Long> access = threads.submit(() -> use.applyAsLong(endpoint));
        inside.await();
        AtomicInteger atCompletion = new AtomicInteger();
        CountDownLatch completed = new CountDownLatch(1);
        agent.onCompletion =
                completion -> {
                    atCompletion.set(agent.memory[0x2000]);
                    completed.countDown();
                };
        agent.invalidate(5, 3, 0x7000, 12); // Comes back although the access is stuck.
        assertEquals(List.of(), agent.completions);
        assertFalse(access.isDone());
        goOn.release();
        completed.await();
        assertEquals(List.of(InvalidateCompletion.of(5)), agent.completions);
        access.get();
        assertEquals(agent.memory[0x2000], atCompletion.get());
        endpoint.close();
    }

    @Test
    void aLongAccessLeavesTheGuardAgainAndAgain() {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        for (int page = 0; page < 24; page++) {
            agent.map(3, page * 4096L, 0x10000 + page * 4096L, RW);
        }
        byte[] buffer = new byte[24 * 4096];
        endpoint.read(3, Access.READ, 0, buffer, 0, buffer.length);
        CountDownLatch completed = new CountDownLatch(1);
        agent.onCompletion = completion -> completed.countDown();
        AtomicBoolean inTime = new AtomicBoolean();
        agent.beforeMove =
                address -> {
                    if (address == 0x10000) {
                        agent.invalidate(1, 3, 0x100000, 12); // Of a page that is not used here.
                    } else if (address == 0x10000 + 16 * 4096) {
                        inTime.set(awaitOneMinute(completed));
                    }
                };
        long result = endpoint.read(3, Access.READ, 0, buffer, 0, buffer.length);
        assertTrue(DmaResult.isComplete(result));
        assertTrue(inTime.get(), "an invalidation waits for 64 KiB at most");
    }

    private static boolean awaitOneMinute(CountDownLatch latch) {
        try {
            return latch.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void anotherPasidsAccessIsNotWaitedFor() throws Exception {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        agent.map(3, 0x7000, 0x2000, RW);
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeMove =
                address -> {
                    inside.countDown();
                    goOn.acquireUninterruptibly();
                };
        Future<Byte> access = threads.submit(() -> readByte(endpoint, 3, 0x7000));
        inside.await();
        agent.invalidate(6, 4, 0x7000, 12);
        assertEquals(List.of(InvalidateCompletion.of(6)), agent.completions);
        goOn.release();
        access.get();
    }

    @Test
    void allThirtyTwoTagsCanBeOutstanding() throws Exception {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        agent.map(3, 0x7000, 0x2000, RW);
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeMove =
                address -> {
                    inside.countDown();
                    goOn.acquireUninterruptibly();
                };
        Future<Byte> access = threads.submit(() -> readByte(endpoint, 3, 0x7000));
        inside.await();
        CountDownLatch completed = new CountDownLatch(32);
        agent.onCompletion = completion -> completed.countDown();
        for (int itag = 0; itag < 32; itag++) {
            agent.invalidate(itag, 3, 0x7000, 12);
        }
        assertEquals(List.of(), agent.completions);
        goOn.release();
        completed.await();
        int tags = agent.completions.stream().mapToInt(InvalidateCompletion::itagVector).sum();
        assertEquals(-1, tags);
        access.get();
    }

    @Test
    void requestsBeyondTheDepthWaitTheirTurnAndNoneIsLost() throws Exception {
        int depth = 2;
        AtsEndpoint endpoint = (AtsEndpoint) endpoint(EndpointQuirks.NONE, depth);
        for (int page = 0; page < 8; page++) {
            agent.map(3, page * 4096L, 0x2000 + page * 4096L, RW);
            agent.memory[0x2000 + page * 4096] = (byte) (10 + page);
            readByte(endpoint, 3, page * 4096L);
        }
        CountDownLatch inside = new CountDownLatch(1);
        Semaphore goOn = new Semaphore(0);
        agent.beforeMove =
                address -> {
                    if (address == 0x2000) {
                        inside.countDown();
                        goOn.acquireUninterruptibly();
                    }
                };
        Future<Byte> access = threads.submit(() -> readByte(endpoint, 3, 0));
        inside.await();
        CountDownLatch completed = new CountDownLatch(8);
        agent.onCompletion = completion -> completed.countDown();
        for (int page = 0; page < 8; page++) {
            agent.unmap(3, page * 4096L);
            agent.invalidate(page, 3, page * 4096L, 12);
        }
        assertEquals(6, endpoint.throttledInvalidations());
        assertEquals(8, endpoint.count(HardwareCounter.ATC_INVALIDATIONS));
        // Two were accepted. What still waits on the link has no effect yet.
        assertEquals(-1, readByte(endpoint, 3, 1 * 4096L));
        assertEquals(12, readByte(endpoint, 3, 2 * 4096L));
        assertEquals(List.of(), agent.completions);
        goOn.release();
        completed.await();
        int tags = agent.completions.stream().mapToInt(InvalidateCompletion::itagVector).sum();
        assertEquals(0xff, tags);
        for (int page = 0; page < 8; page++) {
            assertEquals(-1, readByte(endpoint, 3, page * 4096L));
        }
        access.get();
    }

    @Test
    void anAgentThatHeedsTheDepthIsNeverThrottled() {
        AtsEndpoint endpoint = (AtsEndpoint) endpoint(EndpointQuirks.NONE, 1);
        // The next request leaves from within the receipt of the completion.
        agent.onCompletion =
                completion -> {
                    if (agent.completions.size() < 100) {
                        agent.invalidate(agent.completions.size() & 31, 3, 0x7000, 12);
                    }
                };
        agent.invalidate(0, 3, 0x7000, 12);
        assertEquals(100, agent.completions.size());
        assertEquals(0, endpoint.throttledInvalidations());
    }

    @Test
    void requestsFromManyThreadsAreAllCompleted() throws Exception {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE, 1);
        agent.recording = false;
        agent.map(3, 0x7000, 0x2000, RW);
        AtomicBoolean end = new AtomicBoolean();
        Future<?> user =
                threads.submit(() -> {
                    while (!end.get()) {
                        readByte(endpoint, 3, 0x7000);
                    }
                });
        int each = 500;
        CountDownLatch completed = new CountDownLatch(3 * each);
        agent.onCompletion = completion -> completed.countDown();
        for (int thread = 0; thread < 3; thread++) {
            threads.submit(() -> {
                for (int i = 0; i < each; i++) {
                    agent.invalidate(i & 31, 3, 0x7000, 12);
                }
            });
        }
        completed.await(); // Ends by the test's timeout if one is lost.
        end.set(true);
        user.get();
        assertEquals(3 * each, agent.completions.size());
    }

    /**
     * The rule that everything is for: after a completion was sent, no access with a dead entry
     * begins, and none is running. A page that is unmapped is marked dead after its completion;
     * moving bytes there is the error. Sizes, PASIDs and scopes are random.
     */
    @Test
    void noAccessUsesADeadEntryAfterItsCompletion() throws Exception {
        assertEquals("", deadUses(EndpointQuirks.NONE, 1));
        assertEquals("", deadUses(EndpointQuirks.NONE, 2));
    }

    /** The same programme must find devices that break the rule, or it proves nothing. */
    @Test
    void devicesThatBreakTheRuleAreFound() throws Exception {
        assertTrue(deadUses(EndpointQuirks.of(EndpointQuirk.KEEPS_ENTRIES), 1).startsWith("dead"));
        assertTrue(deadUses(EndpointQuirks.of(EndpointQuirk.LAZY_ATC), 1).startsWith("dead"));
    }

    private static final int PAGES = 16;
    private static final int PASIDS = 3;

    private String deadUses(EndpointQuirks quirks, long seed) throws Exception {
        // Frames are used once each, so that a dead one stays dead: 512 of them.
        AtomicIntegerArray dead = new AtomicIntegerArray(512);
        AtomicReference<String> found = new AtomicReference<>("");
        agent.recording = false;
        agent.table.clear();
        agent.beforeMove =
                address -> {
                    int frame = (int) (address >>> 12);
                    if (dead.get(frame) != 0) {
                        found.compareAndSet("", "dead frame " + frame + " was used");
                    }
                    for (int i = 0; i < 20; i++) {
                        Thread.onSpinWait();
                    }
                    if (dead.get(frame) != 0) {
                        found.compareAndSet("", "dead frame " + frame + " was still in use");
                    }
                };
        Endpoint endpoint = endpoint(quirks);
        AtomicBoolean end = new AtomicBoolean();
        List<Future<?>> users = new ArrayList<>();
        for (int thread = 0; thread < 3; thread++) {
            long mySeed = seed * 100 + thread;
            users.add(
                    threads.submit(() -> {
                        Random random = new Random(mySeed);
                        byte[] buffer = new byte[8192];
                        while (!end.get()) {
                            int pasid = 1 + random.nextInt(PASIDS);
                            long address = random.nextInt(PAGES * 4096);
                            int length = 1 + random.nextInt(5000);
                            endpoint.read(pasid, Access.READ, address, buffer, 0, length);
                        }
                    }));
        }
        Random random = new Random(seed);
        int[][] frameOf = new int[PASIDS + 1][PAGES];
        int nextFrame = 1;
        try {
            while (nextFrame < 512 && found.get().isEmpty()) {
                for (int mapped = 0; mapped < 4 && nextFrame < 512; mapped++) {
                    int pasid = 1 + random.nextInt(PASIDS);
                    int page = random.nextInt(PAGES);
                    if (frameOf[pasid][page] == 0) {
                        frameOf[pasid][page] = nextFrame;
                        agent.map(pasid, page * 4096L, nextFrame * 4096L, RW);
                        nextFrame++;
                    }
                }
                Thread.yield();
                int shift = random.nextInt(5) == 0 ? 64 : 12 + random.nextInt(5);
                long size = shift == 64 ? -1 : 1L << shift;
                long start = shift == 64 ? 0 : random.nextInt(PAGES) * 4096L & -size;
                int pasid = random.nextInt(6) == 0 ? Pasid.NONE : 1 + random.nextInt(PASIDS);
                boolean global = pasid != Pasid.NONE && random.nextInt(8) == 0;
                InvalidateRequest request =
                        new InvalidateRequest(random.nextInt(32), pasid, start, shift, global);
                for (int p = 1; p <= PASIDS; p++) {
                    for (int page = 0; page < PAGES; page++) {
                        if (covers(request, p, page)) {
                            agent.unmap(p, page * 4096L);
                        }
                    }
                }
                CountDownLatch completed = new CountDownLatch(1);
                agent.onCompletion = completion -> completed.countDown();
                agent.device().invalidate(request);
                completed.await();
                for (int p = 1; p <= PASIDS; p++) {
                    for (int page = 0; page < PAGES; page++) {
                        if (covers(request, p, page) && frameOf[p][page] != 0) {
                            dead.set(frameOf[p][page], 1);
                            frameOf[p][page] = 0;
                        }
                    }
                }
            }
        } finally {
            end.set(true);
            for (Future<?> user : users) {
                user.get();
            }
            endpoint.close();
        }
        return found.get();
    }

    private static boolean covers(InvalidateRequest request, int pasid, int page) {
        boolean everyone = request.pasid() == Pasid.NONE || request.global();
        return (everyone || request.pasid() == pasid) && request.covers(page * 4096L);
    }

    @Test
    void theRangeOfARequestIsAlignedToItsSize() {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        for (int page = 3; page <= 8; page++) {
            agent.map(3, page * 4096L, page * 4096L, RW);
            readByte(endpoint, 3, page * 4096L);
        }
        agent.table.clear();
        agent.invalidate(0, 3, 0x7abc, 14);
        for (int page = 3; page <= 8; page++) {
            boolean covered = page >= 4 && page < 8;
            assertEquals(covered ? -1 : 0, readByte(endpoint, 3, page * 4096L), "page " + page);
        }
    }

    @Test
    void aRequestForAPasidThatCannotBeIsCompletedAndDropsNothing() {
        Endpoint endpoint = endpoint(EndpointQuirks.NONE);
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(endpoint, 3, 0x7000);
        agent.invalidate(1, 256, 0x7000, 12);
        agent.invalidate(2, 256 + 3, 0, 64);
        assertEquals(
                List.of(InvalidateCompletion.of(1), InvalidateCompletion.of(2)), agent.completions);
        assertEquals(1, endpoint.cachedTranslations());
        assertEquals(2, endpoint.count(HardwareCounter.ATC_INVALIDATIONS));
    }
}
