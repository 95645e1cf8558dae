package org.opensva.vtd.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A cache of table entries: the context cache, found by source id, and the PASID cache, found by
 * source id and PASID (sections 6.2.1 and 6.2.3). Only entries that are present and pass every
 * check are kept; a caching-mode unit may keep others, but need not (section 6.1).
 *
 * <p>An entry is a cache line in one flat array: a sequence word as in {@link TranslationCache},
 * key, tag, and three words of the table entry; and, for the PASID cache, the stamp that its
 * translations had when a request found everything about it in order, and the number that has not
 * moved as long as all of that still holds. The array grows as entries come.
 *
 * <p>Look-ups take no lock. Fills and invalidations do: they belong to configuration, not to the
 * data path. A fill is refused if any invalidation has begun since its tables were read. Whoever
 * looks up is in a lane, so that an array that has been outgrown serves nobody for whom an
 * invalidation does not wait.
 */
final class ConfigurationCache {

    private static final int WAYS = 4;
    private static final int WORDS = 8;
    private static final int KEY = 1;
    private static final int TAG = 2;
    private static final int W0 = 3;
    private static final int W1 = 4;
    private static final int W2 = 5;
    private static final int CONFIRMED = 6;
    private static final int STAMP = 7;
    private static final int VERSION_BITS = 64 - Generations.BITS;
    private static final long VERSION_MASK = (1L << VERSION_BITS) - 1;

    /** Nothing is found by 0. */
    private static final long PRESENT = 1L << 62;

    private static final long NEVER = -1;
    private static final int FIRST_CAPACITY = 64;

    // An array begins 16 bytes into its first cache line; from here on entries are lines.
    private static final int ORIGIN = 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final Generations generations = new Generations();
    private final int most;
    private final AtomicLong everyChange;
    private volatile long[] words;
    private volatile long changes;
    private int victim;

    /**
     * Makes a cache.
     *
     * @param most how many entries it may come to have, a power of two
     * @param everyChange moves, too, when anything has been invalidated
     */
    ConfigurationCache(int most, AtomicLong everyChange) {
        this.most = most;
        this.everyChange = everyChange;
        words = new long[ORIGIN + Math.min(most, FIRST_CAPACITY) * WORDS];
    }

    /**
     * Looks an entry up.
     *
     * @param into takes its words
     * @return false if it is not there; what has been taken means nothing then
     */
    boolean find(long key, ConfigurationEntry into) {
        long[] held = words;
        int at = locate(held, key);
        if (at < 0) {
            return false;
        }
        long sequence = (long) ELEMENT.getAcquire(held, at);
        boolean same = held[at + KEY] == (key | PRESENT);
        into.tag = held[at + TAG];
        into.w0 = held[at + W0];
        into.w1 = held[at + W1];
        into.w2 = held[at + W2];
        into.held = held;
        into.at = at;
        into.sequence = sequence;
        return same
                && isWhole(held, at, sequence)
                && sequence >>> VERSION_BITS == generations.of(into.tag);
    }

    /**
     * Looks up whether everything about a PASID is known to be in order, and tells a lane.
     *
     * @param now how often anything has changed, from before the look-up
     */
    boolean recall(long key, int pasid, long now, RecentRegime into) {
        long[] held = words;
        int at = locate(held, key);
        if (at < 0) {
            return false;
        }
        long sequence = (long) ELEMENT.getAcquire(held, at);
        boolean same = held[at + KEY] == (key | PRESENT) && held[at + CONFIRMED] == now;
        long tag = held[at + TAG];
        long stamp = held[at + STAMP];
        long w2 = held[at + W2];
        if (!same || !isWhole(held, at, sequence)) {
            return false;
        }
        into.keepFirstStage(tag, stamp, Regime.lowerHalfBits(w2), pasid, now);
        return true;
    }

    /**
     * Remembers that everything about an entry was in order.
     *
     * @param entry as it was found
     * @param stamp the stamp of its translations
     * @param now how often anything had changed, from before it was found
     */
    void confirm(ConfigurationEntry entry, long stamp, long now) {
        long[] held = entry.held;
        int at = entry.at;
        long sequence = entry.sequence;
        if (ELEMENT.compareAndSet(held, at, sequence, sequence | 1)) {
            ELEMENT.setOpaque(held, at + CONFIRMED, now);
            ELEMENT.setOpaque(held, at + STAMP, stamp);
            unlock(held, at, sequence);
        }
    }

    private static int locate(long[] held, long key) {
        int mask = mask(held);
        int first = first(key, mask);
        for (int way = 0; way < WAYS; way++) {
            int at = place((first ^ way) & mask);
            if (held[at + KEY] == (key | PRESENT)) {
                return at;
            }
        }
        return -1;
    }

    private static boolean isWhole(long[] held, int at, long sequence) {
        VarHandle.loadLoadFence();
        return (sequence & 1) == 0 && (long) ELEMENT.getOpaque(held, at) == sequence;
    }

    /**
     * The number to give to {@link #keep}; to be asked for before tables are read. It moves when
     * the entries are gone, not before: whoever saw the new number finds none of them.
     */
    long changes() {
        return changes;
    }

    /** Keeps an entry, in the place of an older one if there is no other. */
    synchronized void keep(long key, ConfigurationEntry entry, long begun) {
        if (begun != changes) {
            return; // the tables may have been read before an invalidation
        }
        int at = choose(words, key);
        while (at < 0 && mask(words) < most - 1) {
            grow();
            at = choose(words, key);
        }
        long[] held = words;
        if (at < 0) {
            at = place(first(key, mask(held)) & -WAYS | victim++ & Math.min(WAYS, most) - 1);
        }
        lock(held, at);
        ELEMENT.setOpaque(held, at + KEY, key | PRESENT);
        ELEMENT.setOpaque(held, at + TAG, entry.tag);
        ELEMENT.setOpaque(held, at + W0, entry.w0);
        ELEMENT.setOpaque(held, at + W1, entry.w1);
        ELEMENT.setOpaque(held, at + W2, entry.w2);
        ELEMENT.setOpaque(held, at + CONFIRMED, NEVER);
        unlock(held, at, generations.of(entry.tag) << VERSION_BITS | held[at] & VERSION_MASK);
    }

    /** Where an entry goes, or -1 if its places are taken by others that live. */
    private int choose(long[] held, long key) {
        int free = locate(held, key);
        int mask = mask(held);
        int first = first(key, mask);
        for (int way = 0; way < WAYS && free < 0; way++) {
            int at = place((first ^ way) & mask);
            if (held[at + KEY] == 0 || !isLive(held, at)) {
                free = at;
            }
        }
        return free;
    }

    private boolean isLive(long[] held, int at) {
        return held[at] >>> VERSION_BITS == generations.of(held[at + TAG]);
    }

    /** Twice as many entries: those of a set go to two, so that there is a place for each. */
    private void grow() {
        long[] before = words;
        long[] after = new long[2 * before.length - ORIGIN];
        for (int from = ORIGIN; from < before.length; from += WORDS) {
            if (before[from + KEY] != 0 && isLive(before, from)) {
                int to = choose(after, before[from + KEY] & ~PRESENT);
                System.arraycopy(before, from, after, to, CONFIRMED);
                after[to] &= ~1L; // whoever has locked it confirms it where nobody looks any more
                after[to + CONFIRMED] = NEVER;
            }
        }
        words = after;
    }

    /** Drops everything. */
    synchronized void invalidateAll() {
        generations.expireAll();
        changed();
    }

    /** Drops what belongs to a domain, or to nobody knows which. */
    synchronized void invalidateDomain(int domain) {
        generations.expireDomain(domain);
        generations.expireDomainless();
        changed();
    }

    /** Drops what belongs to one PASID of a domain. */
    synchronized void invalidateSpace(long tag) {
        generations.expireSpace(tag);
        changed();
    }

    /** Drops one entry. */
    synchronized void invalidate(long key) {
        long[] held = words;
        int at = locate(held, key);
        if (at >= 0) {
            lock(held, at);
            ELEMENT.setOpaque(held, at + KEY, 0L);
            unlock(held, at, held[at]);
        }
        changed();
    }

    private synchronized void changed() {
        changes++;
        everyChange.getAndIncrement();
    }

    private static void lock(long[] held, int at) {
        while (true) {
            long sequence = (long) ELEMENT.getVolatile(held, at);
            if ((sequence & 1) == 0 && ELEMENT.compareAndSet(held, at, sequence, sequence | 1)) {
                return;
            }
            Thread.onSpinWait();
        }
    }

    private static void unlock(long[] held, int at, long sequence) {
        long version = (sequence & ~1L) + 2 & VERSION_MASK;
        ELEMENT.setRelease(held, at, sequence & ~VERSION_MASK | version);
    }

    private static int mask(long[] held) {
        return (held.length - ORIGIN) / WORDS - 1;
    }

    private static int place(int entry) {
        return ORIGIN + entry * WORDS;
    }

    /** What is looked at first: PASIDs in a row lie in a row, those of another device elsewhere. */
    private static int first(long key, int mask) {
        return (int) (key + (key >>> Regime.PASID_BITS) * 0x9e3779b1L) & mask;
    }
}
