package org.opensva.ats;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.ats.cache.AccessGuards;
import org.opensva.ats.cache.AddressTranslationCache;
import org.opensva.ats.cache.PasidStates;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Serves Invalidate Requests (PCI Express Base 6.x section 10.3): first the entries go, then the
 * accesses that run are waited for, then the completion leaves.
 *
 * <p>The wait happens in the caller's thread as long as accesses finish quickly, which they do
 * unless their thread lost its processor. Then a thread of the endpoint takes over, because the
 * caller holds locks of the IOMMU that the access may need to finish.
 *
 * <p>The endpoint serves as many requests at a time as its Invalidate Queue Depth says. More are no
 * error and none is lost: a real device stops returning flow control credits, so that the agent's
 * next request waits on the link (section 10.3.5). Here they wait in their order, unseen by the
 * cache, until a completion has made room; how often that happened is counted, because an agent
 * that heeds the capability register never lets it happen.
 */
final class InvalidationUnit {

    private final AddressTranslationCache cache;
    private final AccessGuards guards;
    private final PasidStates pasids;
    private final AgentPort agent;
    private final EndpointQuirks quirks;
    private final AtomicLong requests = new AtomicLong();
    private final ThreadPoolExecutor completer;

    private final int depth;

    /** How many requests are being served, and in the upper half how many wait on the link. */
    private final AtomicLong load = new AtomicLong();

    private static final long WAITING = 1L << 32;

    /** Requests that wait on the link, and the lock for them. */
    private final ArrayDeque<InvalidateRequest> onTheLink = new ArrayDeque<>();

    private final AtomicLong throttled = new AtomicLong();

    private final boolean ignores;
    private final boolean completesNothing;
    private final boolean completesEarly;
    private final boolean keepsEntries;
    private final boolean lazy;

    /** One for each ITag: completions are values. */
    private final InvalidateCompletion[] completions = new InvalidateCompletion[32];

    /** For {@link EndpointQuirk#LAZY_ATC}: what was asked for last and not done. */
    private final AtomicReference<@Nullable InvalidateRequest> postponed = new AtomicReference<>();

    InvalidationUnit(
            String name,
            int depth,
            AddressTranslationCache cache,
            AccessGuards guards,
            PasidStates pasids,
            AgentPort agent,
            EndpointQuirks quirks) {
        this.depth = depth;
        this.cache = cache;
        this.guards = guards;
        this.pasids = pasids;
        this.agent = agent;
        this.quirks = quirks;
        ignores = quirks.has(EndpointQuirk.IGNORES_INVALIDATIONS);
        completesNothing = quirks.has(EndpointQuirk.NO_COMPLETION);
        completesEarly = completesNothing || quirks.has(EndpointQuirk.EARLY_COMPLETION);
        keepsEntries = quirks.has(EndpointQuirk.KEEPS_ENTRIES);
        lazy = quirks.has(EndpointQuirk.LAZY_ATC);
        Arrays.setAll(completions, InvalidateCompletion::of);
        completer =
                new ThreadPoolExecutor(
                        1,
                        1,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> thread(name).unstarted(task));
        // Virtual threads cost nothing, and shall not end when a clock says so.
        completer.allowCoreThreadTimeOut(!Thread.currentThread().isVirtual());
    }

    /** Who is started by a virtual thread belongs to its scheduler too. */
    private static Thread.Builder thread(String device) {
        Thread.Builder builder =
                Thread.currentThread().isVirtual()
                        ? Thread.ofVirtual()
                        : Thread.ofPlatform().daemon();
        return builder.name(device + "-invalidate");
    }

    void invalidate(InvalidateRequest request) {
        requests.getAndIncrement();
        if (ignores) {
            return;
        }
        if (beginServing(0)) {
            serve(request);
            serveWaiting();
            return;
        }
        throttled.getAndIncrement();
        synchronized (onTheLink) {
            onTheLink.add(request);
            load.getAndAdd(WAITING);
        }
        // Whoever freed a place before it was seen that somebody waits has not looked here.
        serveWaiting();
    }

    /** Takes a place, unless there is none, or more wait than the caller knows of. */
    private boolean beginServing(long waiting) {
        while (true) {
            long now = load.get();
            if ((int) now == depth || now >>> 32 > waiting) {
                return false;
            }
            if (load.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    private void serveWaiting() {
        while (load.get() >= WAITING) {
            InvalidateRequest next;
            synchronized (onTheLink) {
                if (onTheLink.isEmpty() || !beginServing(Long.MAX_VALUE)) {
                    return;
                }
                next = onTheLink.remove();
                load.getAndAdd(-WAITING);
            }
            serve(next);
        }
    }

    private void serve(InvalidateRequest request) {
        if (isDoneNow(request)) {
            remove(request);
        }
        if (completesEarly || guards.drained()) {
            finish(request);
            return;
        }
        boolean everyone = request.pasid() == Pasid.NONE || request.global();
        AccessGuards.Drain drain =
                everyone ? guards.drain() : guards.drain(quirks.wired(request.pasid()));
        if (drain.awaitBriefly()) {
            finish(request);
            return;
        }
        try {
            completer.execute(() -> {
                drain.await();
                finish(request);
                serveWaiting();
            });
        } catch (RejectedExecutionException e) {
            // The device is gone, and nobody waits for its completions.
        }
    }

    /** The place is free before the completion leaves: its receiver may send the next request. */
    private void finish(InvalidateRequest request) {
        load.getAndDecrement();
        if (!completesNothing) {
            agent.complete(completions[request.itag()]);
        }
    }

    private boolean isDoneNow(InvalidateRequest request) {
        if (keepsEntries) {
            return false;
        }
        if (!lazy) {
            return true;
        }
        InvalidateRequest before = postponed.getAndSet(request);
        boolean again =
                before != null
                        && before.pasid() == request.pasid()
                        && before.address() == request.address()
                        && before.sizeShift() == request.sizeShift()
                        && before.global() == request.global();
        if (again) {
            postponed.set(null);
        }
        return again;
    }

    /**
     * A request without PASID covers translations of all PASIDs in its range: there is no way to
     * mean only those without (Linux {@code arm_smmu_atc_inv_to_cmd}). So does Global Invalidate.
     * For a PASID that does not fit the endpoint there is nothing to drop.
     */
    private void remove(InvalidateRequest request) {
        int size = request.sizeShift();
        long address = size == 64 ? 0 : request.address() & -(1L << size);
        if (request.pasid() == Pasid.NONE || request.global()) {
            if (size == 64) {
                cache.removeAll();
            } else {
                cache.removeEverywhere(address, size);
            }
            return;
        }
        int pasid = quirks.wired(request.pasid());
        if (!pasids.has(pasid)) {
            return;
        }
        if (size == 64) {
            cache.removeAll(pasid);
        } else {
            cache.remove(pasid, address, size);
        }
    }

    long requests() {
        return requests.get();
    }

    /** How many requests came beyond the advertised depth. */
    long throttled() {
        return throttled.get();
    }

    void close() {
        completer.shutdown();
    }
}
