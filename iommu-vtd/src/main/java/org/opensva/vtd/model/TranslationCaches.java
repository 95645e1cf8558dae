package org.opensva.vtd.model;

import org.opensva.api.telemetry.HardwareCounter;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The IOTLB and the paging-structure cache, each separate, and what invalidations do to them
 * (sections 6.2.4, 6.2.5, 6.5.2.3 and 6.5.2.4).
 *
 * <p>First-stage and nested entries belong to a PASID of a domain, second-stage entries to the
 * domain. An invalidation by page within a domain names second-stage input addresses, from which
 * nobody can tell the first-stage entries that depend on them: all of those of the domain go. An
 * invalidation of a PASID concerns its own entries only.
 */
final class TranslationCaches {

    private final Generations generations;
    private final TranslationCache iotlb;
    private final TranslationCache tables;
    private final ConfigurationChanges configuration;

    TranslationCaches(VtdProfile profile, ConfigurationChanges configuration, AtomicLong changes) {
        generations = new Generations(changes);
        this.configuration = configuration;
        iotlb = new TranslationCache(profile.iotlbEntries(), generations);
        tables = new TranslationCache(profile.walkCacheEntries(), generations);
    }

    Generations generations() {
        return generations;
    }

    TranslationCache iotlb() {
        return iotlb;
    }

    TranslationCache tables() {
        return tables;
    }

    /** Remembers what is needed to keep what a walk finds; before its first read. */
    void begin(FillToken token, long tag, Translation request) {
        token.tag = tag;
        token.stamp = generations.of(tag);
        token.ranges = generations.ranges(tag);
        token.lasting = configuration.none(request);
    }

    /** Keeps a page. */
    void keepPage(FillToken token, long address, long data) {
        if (token.lasting && iotlb.insert(token, address, data)) {
            token.counters.add(HardwareCounter.IOTLB_EVICTIONS, 1);
        }
    }

    /** Keeps a table. */
    void keepTable(FillToken token, long address, long data) {
        if (token.lasting && tables.insert(token, address, data)) {
            token.counters.add(HardwareCounter.WALK_CACHE_EVICTIONS, 1);
        }
    }

    /** IOTLB invalidation, global. */
    void invalidateAll() {
        generations.expireAll();
    }

    /** IOTLB invalidation, domain-selective. */
    void invalidateDomain(int domain) {
        generations.expireDomain(domain);
    }

    /** IOTLB invalidation, page-selective within a domain. */
    void invalidateDomainPages(int domain, long address, int addressMask, boolean leafOnly) {
        generations.expireFirstStages(domain);
        invalidate(CacheTag.ofSecondStage(domain), address, addressMask, leafOnly);
    }

    /** PASID-based IOTLB invalidation, PASID-selective. */
    void invalidateSpace(int domain, int pasid) {
        generations.expireSpace(CacheTag.ofFirstStage(domain, pasid));
    }

    /** PASID-based IOTLB invalidation, page-selective within a PASID. */
    void invalidateSpacePages(
            int domain, int pasid, long address, int addressMask, boolean leafOnly) {
        invalidate(CacheTag.ofFirstStage(domain, pasid), address, addressMask, leafOnly);
    }

    private void invalidate(long tag, long address, int addressMask, boolean leafOnly) {
        int shift = 12 + addressMask;
        long first = shift >= 64 ? 0 : address & -1L << shift;
        long last = shift >= 64 ? -1L : first + (1L << shift) - 1;
        iotlb.invalidate(tag, first, last);
        if (!leafOnly) {
            tables.invalidate(tag, first, last);
        }
    }
}
