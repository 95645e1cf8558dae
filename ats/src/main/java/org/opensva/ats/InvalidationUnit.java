package org.opensva.ats;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.ats.cache.AccessGuards;
import org.opensva.ats.cache.AddressTranslationCache;
import org.opensva.ats.cache.PasidStates;

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
 */
final class InvalidationUnit {

    private final AddressTranslationCache cache;
    private final AccessGuards guards;
    private final PasidStates pasids;
    private final AgentPort agent;
    private final EndpointQuirks quirks;
    private final AtomicLong requests = new AtomicLong();
    private final ThreadPoolExecutor completer;

    /** For {@link EndpointQuirk#LAZY_ATC}: what was asked for last and not done. */
    private final AtomicReference<@Nullable InvalidateRequest> postponed = new AtomicReference<>();

    InvalidationUnit(
            String name,
            AddressTranslationCache cache,
            AccessGuards guards,
            PasidStates pasids,
            AgentPort agent,
            EndpointQuirks quirks) {
        this.cache = cache;
        this.guards = guards;
        this.pasids = pasids;
        this.agent = agent;
        this.quirks = quirks;
        completer =
                new ThreadPoolExecutor(
                        1,
                        1,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name(name + "-invalidate").factory());
        completer.allowCoreThreadTimeOut(true);
    }

    void invalidate(InvalidateRequest request) {
        requests.getAndIncrement();
        if (quirks.has(EndpointQuirk.IGNORES_INVALIDATIONS)) {
            return;
        }
        if (isDoneNow(request)) {
            remove(request);
        }
        if (quirks.has(EndpointQuirk.NO_COMPLETION)) {
            return;
        }
        if (quirks.has(EndpointQuirk.EARLY_COMPLETION) || guards.drained()) {
            complete(request);
            return;
        }
        boolean everyone = request.pasid() == Pasid.NONE || request.global();
        AccessGuards.Drain drain =
                everyone ? guards.drain() : guards.drain(quirks.wired(request.pasid()));
        if (drain.awaitBriefly()) {
            complete(request);
            return;
        }
        try {
            completer.execute(() -> {
                drain.await();
                complete(request);
            });
        } catch (RejectedExecutionException e) {
            // The device is gone, and nobody waits for its completions.
        }
    }

    private boolean isDoneNow(InvalidateRequest request) {
        if (quirks.has(EndpointQuirk.KEEPS_ENTRIES)) {
            return false;
        }
        if (!quirks.has(EndpointQuirk.LAZY_ATC)) {
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

    private void complete(InvalidateRequest request) {
        agent.complete(InvalidateCompletion.of(request.itag()));
    }

    long requests() {
        return requests.get();
    }

    void close() {
        completer.shutdown();
    }
}
