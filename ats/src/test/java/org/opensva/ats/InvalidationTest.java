package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
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
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private Endpoint endpoint(EndpointQuirks quirks) {
        return endpoint(quirks, 32);
    }

    private Endpoint endpoint(EndpointQuirks quirks, int depth) {
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 8, true, true, false, 32, depth, 16);
        Endpoint made = new AtsEndpointFactory(quirks).create(config, agent);
        made.setPasidEnabled(true);
        made.setAtsEnabled(true);
        return made;
    }

    private static byte readByte(Endpoint endpoint, int pasid, long address) {
        byte[] target = new byte[1];
        long result = endpoint.read(pasid, Access.READ, address, target, 0, 1);
        return DmaResult.isComplete(result) ? target[0] : -1;
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
    void aLazyDeviceNeedsTheSameInvalidationTwice() {
        Endpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.LAZY_ATC));
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
        Endpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.EARLY_COMPLETION));
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
        Endpoint endpoint = endpoint(quirks);
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
            while (((AtsEndpoint) endpoint).stops(3) == 0) {
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
    void stoppingAPasidWaitsForTheBytesThatAreMoving() throws Exception {
        AtsEndpoint endpoint = (AtsEndpoint) endpoint(EndpointQuirks.NONE);
        agent.map(3, 0x7000, 0x2000, RW);
        readByte(endpoint, 3, 0x7000);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        AtomicBoolean tooEarly = new AtomicBoolean();
        agent.beforeMove =
                address -> {
                    inside.countDown();
                    while (endpoint.stops(3) == 0) {
                        Thread.onSpinWait();
                    }
                    try {
                        // A stop that does not wait returns now; one that does cannot.
                        tooEarly.set(stopped.await(200, TimeUnit.MILLISECONDS));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                };
        Future<Byte> access = threads.submit(() -> readByte(endpoint, 3, 0x7000));
        inside.await();
        endpoint.stopPasid(new Pasid(3));
        stopped.countDown();
        access.get();
        assertFalse(tooEarly.get());
    }

    @Test
    void aDeviceThatFillsStaleAnswersIsFound() {
        Endpoint endpoint = endpoint(EndpointQuirks.of(EndpointQuirk.STALE_FILL));
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
        Endpoint endpoint = endpoint(EndpointQuirks.narrowPasid(4));
        agent.map(1, 0x7000, 0x2000, RW);
        agent.memory[0x2000] = 42;
        assertEquals(42, readByte(endpoint, 17, 0x7000));
        assertEquals(
                DmaStatus.STOPPED,
                DmaResult.status(
                        endpoint(EndpointQuirks.NONE)
                                .read(300, Access.READ, 0, new byte[1], 0, 1)));
    }
}
