package org.opensva.vtd.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Generations of domains and of PASIDs within them, by which whole groups of cached entries die in
 * constant time: an entry carries the stamp of its {@link CacheTag} and is dead once the tag has
 * another one (section 6.5.2 defines the groups).
 *
 * <p>A stamp is a sum of counters that only grow, so that it changes when any of them does.
 * Counters are made in blocks when their first invalidation comes, because few of the 2^16 domains
 * and 2^20 PASIDs ever have one.
 */
final class Generations {

    /** Number of bits that are kept of a stamp. */
    static final int BITS = 40;

    private static final long MASK = (1L << BITS) - 1;
    private static final int BLOCK_SHIFT = 12;
    private static final int BLOCK_MASK = (1 << BLOCK_SHIFT) - 1;
    private static final int SPACES = 1 << 20;
    private static final int RANGE_COUNTERS = 64;
    private static final int CACHE_LINE = 8;
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final AtomicReferenceArray<long[]> domains =
            new AtomicReferenceArray<>(1 << 16 - BLOCK_SHIFT);
    private final AtomicReferenceArray<long[]> firstStages =
            new AtomicReferenceArray<>(1 << 16 - BLOCK_SHIFT);
    private final AtomicReferenceArray<long[]> spaces =
            new AtomicReferenceArray<>(SPACES >>> BLOCK_SHIFT);
    private final long[] ranges = new long[RANGE_COUNTERS * CACHE_LINE];
    private final AtomicLong changes;
    private volatile long all;
    private volatile long domainless;

    /** Makes generations that nobody remembers anything about. */
    Generations() {
        this(new AtomicLong());
    }

    /**
     * Makes generations.
     *
     * @param changes moves whenever anything has expired, after the counters
     */
    Generations(AtomicLong changes) {
        this.changes = changes;
    }

    /** The current stamp of a tag. */
    long of(long tag) {
        if (tag == CacheTag.NONE) {
            return all + domainless & MASK;
        }
        int domain = CacheTag.domain(tag);
        long stamp = all + get(domains, domain);
        if (CacheTag.isFirstStage(tag)) {
            stamp += get(firstStages, domain) + get(spaces, space(tag));
        }
        return stamp & MASK;
    }

    // Two domains with many PASIDs may share a counter, which only means that more dies than asked.
    private static int space(long tag) {
        return (CacheTag.pasid(tag) ^ CacheTag.domain(tag) * 0x9e3b1) & SPACES - 1;
    }

    private static long get(AtomicReferenceArray<long[]> blocks, int index) {
        long[] block = blocks.get(index >>> BLOCK_SHIFT);
        return block == null ? 0 : (long) ELEMENT.getAcquire(block, index & BLOCK_MASK);
    }

    private void advance(AtomicReferenceArray<long[]> blocks, int index) {
        int at = index >>> BLOCK_SHIFT;
        long[] block = blocks.get(at);
        if (block == null) {
            blocks.compareAndSet(at, null, new long[1 << BLOCK_SHIFT]);
            block = blocks.get(at);
        }
        ELEMENT.getAndAdd(block, index & BLOCK_MASK, 1L);
        changes.getAndIncrement();
    }

    /** Kills every entry. */
    synchronized void expireAll() {
        all++;
        changes.getAndIncrement();
    }

    /** Kills every entry that belongs to no domain. */
    synchronized void expireDomainless() {
        domainless++;
        changes.getAndIncrement();
    }

    /** Kills every entry of a domain. */
    void expireDomain(int domain) {
        advance(domains, domain);
    }

    /** Kills the entries of every PASID of a domain, and leaves those of the domain itself. */
    void expireFirstStages(int domain) {
        advance(firstStages, domain);
    }

    /** Kills the entries of one PASID of a domain. */
    void expireSpace(long tag) {
        advance(spaces, space(tag));
    }

    /**
     * How many invalidations by address have begun that may concern a tag; a walk that saw one
     * begin keeps nothing.
     */
    long ranges(long tag) {
        return (long) ELEMENT.getVolatile(ranges, rangeIndex(tag));
    }

    /** Announces an invalidation by address; it must precede the search for entries. */
    void beginRange(long tag) {
        ELEMENT.getAndAdd(ranges, rangeIndex(tag), 1L);
    }

    private static int rangeIndex(long tag) {
        long hash = tag * 0x9e3779b97f4a7c15L;
        return (int) (hash >>> 58) * CACHE_LINE;
    }
}
