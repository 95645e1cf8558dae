package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.ats.link.FaultInjectingLink;
import org.opensva.ats.link.LinkFaults;
import org.opensva.ats.link.LinkMessage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The invalidation and page request protocols of a device that several threads use, beside a
 * specification model, on a link that loses, repeats, delays and damages messages.
 */
@Timeout(120)
class ProtocolTest {

    private static final int PASIDS = 3;
    private static final int PAGES = 12;
    private static final int FRAMES = 1024;
    private static final int ALLOCATION = 6;
    private static final int THREADS = 3;
    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    /** One run: a host, a link, a model, a device and its users. */
    private static final class Run {

        private final FakeAgent host = new FakeAgent();
        private final Random random;
        private final ReadWriteLock use = new ReentrantReadWriteLock(true);
        private final FaultInjectingLink link;
        private final ProtocolModel model;
        private final Endpoint endpoint;
        private int nextFrame = 1;

        Run(EndpointQuirks quirks, LinkFaults faults, long seed) {
            random = new Random(seed);
            host.recording = false;
            host.host = (to, request) -> handle(request);
            link = new FaultInjectingLink(host, faults, seed);
            model = new ProtocolModel(link, ALLOCATION, THREADS);
            EndpointConfig config =
                    new EndpointConfig(
                            "zip-0", RequesterId.of(1, 0, 0), 8, true, true, false, 16, 4, 64);
            endpoint =
                    FakeAgent.enabled(
                            new AtsEndpointFactory(quirks, Duration.ofMillis(10))
                                    .create(config, model));
            endpoint.setPriEnabled(true, ALLOCATION);
        }

        /** Frames are used once, so that a dead one stays dead. */
        private synchronized void handle(PageRequest request) {
            if (request.isStopMarker()) {
                return;
            }
            FakeAgent.Page page = new FakeAgent.Page(request.pasid(), request.address() >>> 12);
            if (!host.table.containsKey(page) && nextFrame < FRAMES) {
                host.map(request.pasid(), request.address(), nextFrame++ * 4096L, RW);
            }
            if (request.last() && host.device != null) {
                int dice = random.nextInt(400);
                host.answer(
                        request,
                        dice == 0
                                ? PageResponse.RESPONSE_FAILURE
                                : dice < 20 ? PageResponse.INVALID_REQUEST : PageResponse.SUCCESS);
            }
        }

        private synchronized boolean hasFrames() {
            return nextFrame < FRAMES;
        }

        private void invalidateSomething(int itag) {
            int shift = random.nextInt(8) == 0 ? 64 : 12 + random.nextInt(4);
            long start = shift == 64 ? 0 : random.nextInt(PAGES) * 4096L & -(1L << shift);
            int pasid = random.nextInt(6) == 0 ? Pasid.NONE : 1 + random.nextInt(PASIDS);
            boolean global = pasid != Pasid.NONE && random.nextInt(8) == 0;
            InvalidateRequest request = new InvalidateRequest(itag, pasid, start, shift, global);
            Set<Integer> frames = new HashSet<>();
            synchronized (this) {
                for (FakeAgent.Page page : Set.copyOf(host.table.keySet())) {
                    boolean everyone = pasid == Pasid.NONE || global;
                    if ((everyone || page.pasid() == pasid)
                            && request.covers(page.number() << 12)) {
                        Long entry = host.table.remove(page);
                        if (entry != null) {
                            frames.add((int) (TranslationEntry.address(entry) >>> 12));
                        }
                    }
                }
                model.retire(request, frames);
            }
            host.device().invalidate(request);
        }

        private void resetPageRequests() {
            use.writeLock().lock();
            try {
                endpoint.setPriEnabled(false, 0);
                model.reset();
                endpoint.setPriEnabled(true, ALLOCATION);
            } finally {
                use.writeLock().unlock();
            }
        }

        private void useDevice(Random mine) {
            byte[] buffer = new byte[3 * 4096];
            for (int i = 0; i < 150; i++) {
                int pasid = 1 + mine.nextInt(PASIDS);
                long address = mine.nextInt(PAGES * 4096);
                int length = 1 + mine.nextInt(2 * 4096);
                use.readLock().lock();
                try {
                    switch (mine.nextInt(8)) {
                        case 0 -> endpoint.prefetch(pasid, Access.READ, address, length);
                        case 1, 2, 3 ->
                                endpoint.write(pasid, Access.WRITE, address, buffer, 0, length);
                        default -> endpoint.read(pasid, Access.READ, address, buffer, 0, length);
                    }
                } finally {
                    use.readLock().unlock();
                }
            }
        }

        String go() throws Exception {
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            try (link) {
                List<Future<?>> users = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    Random mine = new Random(random.nextLong());
                    users.add(threads.submit(() -> useDevice(mine)));
                }
                int itag = 0;
                while (!users.stream().allMatch(Future::isDone) && hasFrames()) {
                    invalidateSomething(itag++ & 31);
                    if (model.hasFailed() ? itag % 16 == 0 : itag % 256 == 0) {
                        resetPageRequests();
                    }
                    Thread.yield();
                }
                for (Future<?> user : users) {
                    user.get();
                }
                for (int pasid = 1; pasid <= PASIDS; pasid++) {
                    endpoint.stopPasid(new Pasid(pasid));
                    model.checkStopped(pasid);
                }
                return model.violations();
            } finally {
                endpoint.close();
                threads.shutdownNow();
            }
        }
    }

    private static final LinkFaults FAULTS =
            new LinkFaults(
                    Map.of(
                            LinkMessage.TRANSLATION,
                            new LinkFaults.Rates(5, 0, 50),
                            LinkMessage.PAGE_REQUEST,
                            new LinkFaults.Rates(5, 50, 50, 50, 2),
                            LinkMessage.PAGE_GROUP_RESPONSE,
                            new LinkFaults.Rates(5, 50, 100, 50, 2),
                            LinkMessage.INVALIDATE_REQUEST,
                            new LinkFaults.Rates(20, 100, 100, 50, 20),
                            LinkMessage.INVALIDATE_COMPLETION,
                            new LinkFaults.Rates(20, 100, 100, 50, 20)),
                    Duration.ofMillis(1));

    @Test
    void aDeviceObeysTheModelOnAFaultyLink() throws Exception {
        int groups = 0;
        int completions = 0;
        for (long seed = 1; seed <= 6; seed++) {
            Run run = new Run(EndpointQuirks.NONE, FAULTS, seed);
            assertEquals("", run.go(), "seed " + seed);
            groups += run.model.groups();
            completions += run.model.completions();
        }
        assertTrue(groups > 60, groups + " groups");
        assertTrue(completions > 60, completions + " completions");
    }

    @Test
    void everyInvalidationThatArrivesIsCompleted() throws Exception {
        for (long seed = 1; seed <= 3; seed++) {
            Run run = new Run(EndpointQuirks.NONE, LinkFaults.NONE, seed);
            assertEquals("", run.go(), "seed " + seed);
            while (run.model.owedCompletions() > 0) {
                Thread.onSpinWait(); // Ends by the test's timeout if one is never sent.
            }
        }
    }

    /** The same programme must find devices that break the rules, or it proves nothing. */
    @Test
    void devicesThatBreakTheRulesAreFound() throws Exception {
        for (EndpointQuirk quirk : List.of(EndpointQuirk.KEEPS_ENTRIES, EndpointQuirk.LAZY_ATC)) {
            assertFalse(new Run(EndpointQuirks.of(quirk), FAULTS, 1).go().isEmpty(), quirk::name);
        }
        Run silent = new Run(EndpointQuirks.of(EndpointQuirk.NO_COMPLETION), FAULTS, 1);
        assertEquals("", silent.go());
        assertTrue(silent.model.owedCompletions() > 0);
    }
}
