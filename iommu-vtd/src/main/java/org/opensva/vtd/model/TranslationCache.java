package org.opensva.vtd.model;

import org.opensva.vtd.layout.PagingLevel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A set-associative cache of translations in one flat array: the IOTLB, or the paging-structure
 * cache (sections 6.2.4 and 6.2.5).
 *
 * <p>An entry is four words: a sequence word (the stamp of its tag, and a version whose lowest bit
 * is set while the entry is being written), the input address with the level, the tag, and what
 * {@link CachedTranslation} packs, with the age in the bits it leaves. Look-ups take no lock: they
 * read the sequence word before and after. Entries of all levels live side by side; the levels that
 * ever occurred are remembered, so that a look-up probes no others.
 *
 * <p>A byte of each entry's hash is kept beside: an invalidation of what is not there need not
 * fetch the set, which in a large cache is far away. A fill marks its entry as one that may hold
 * anything, and looks then whether an invalidation has been announced; an invalidation is
 * announced, and looks then at the bytes. One of the two sees the other.
 */
final class TranslationCache {

    private static final int WAYS = 4;
    private static final int WORDS = 4;
    private static final int KEY = 1;
    private static final int TAG = 2;
    private static final int DATA = 3;
    private static final int VERSION_BITS = 64 - Generations.BITS;
    private static final long VERSION_MASK = (1L << VERSION_BITS) - 1;
    private static final int AGE_SHIFT = CachedTranslation.USED_BITS;
    private static final long AGE_MASK = (1L << 64 - AGE_SHIFT) - 1;
    private static final long DATA_MASK = (1L << AGE_SHIFT) - 1;

    /** Ranges of more entries than this are noted instead of being looked up. */
    private static final long PROBES = 64;

    private static final int SWEEP = RangeLog.GREATEST_AGE / 2;

    // An array begins 16 bytes into its first cache line; from here on sets do not straddle lines.
    private static final int ORIGIN = 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle HINT = MethodHandles.arrayElementVarHandle(byte[].class);

    /** The hint of an entry that is being written: it may hold anything. */
    private static final byte ANYTHING = 1;

    private final Generations generations;
    private final RangeLog log = new RangeLog();
    private final long[] words;

    /** For each entry what it may hold: a byte of a hash, or nothing, or anything. */
    private final byte[] hints;

    private final int setShift;
    private volatile int levels;
    private int victim; // races only make the choice less fair

    TranslationCache(int entries, Generations generations) {
        this.generations = generations;
        words = new long[ORIGIN + entries * WORDS];
        hints = new byte[entries];
        setShift = 64 - Integer.numberOfTrailingZeros(entries / WAYS);
    }

    /**
     * Looks an address up.
     *
     * @return what {@link CachedTranslation} packs, or 0
     */
    long find(long tag, long address) {
        return findStamped(tag, generations.of(tag), address);
    }

    /**
     * Looks an address up.
     *
     * @param stamp the current stamp of the tag. The caller is in a lane, and took it there: who
     *     makes it obsolete afterwards waits for the lane
     * @return what {@link CachedTranslation} packs, or 0
     */
    long findStamped(long tag, long stamp, long address) {
        return find(tag, stamp, address, levels);
    }

    /** The same, at all levels but one, where it has been looked for. */
    long findOther(long tag, long stamp, long address, int level) {
        return find(tag, stamp, address, levels & ~(1 << level));
    }

    private long find(long tag, long stamp, long address, int among) {
        for (int rest = among; rest != 0; rest &= rest - 1) {
            long found = probe(tag, stamp, address, Integer.numberOfTrailingZeros(rest));
            if (found != 0) {
                return found;
            }
        }
        return 0;
    }

    /**
     * Looks an address up at one level.
     *
     * @return what {@link CachedTranslation} packs, or 0
     */
    long probe(long tag, long address, int level) {
        return probe(tag, generations.of(tag), address, level);
    }

    /** The same, with a stamp as for {@link #findStamped}. */
    long probe(long tag, long stamp, long address, int level) {
        long key = key(address, level);
        int at = set(key, tag);
        long[] held = words; // once: what follows is ordered, so that a field would be read again
        // Without a loop, which would have its bounds looked at before each.
        long found = peek(held, at, key, tag, stamp);
        if (found == 0) {
            found = peek(held, at + WORDS, key, tag, stamp);
        }
        if (found == 0) {
            found = peek(held, at + 2 * WORDS, key, tag, stamp);
        }
        return found != 0 ? found : peek(held, at + 3 * WORDS, key, tag, stamp);
    }

    private long peek(long[] held, int at, long key, long tag, long stamp) {
        long sequence = (long) ELEMENT.getAcquire(held, at);
        if (held[at + KEY] != key || held[at + TAG] != tag) {
            return 0;
        }
        long data = held[at + DATA];
        VarHandle.loadLoadFence();
        // Neither being written nor of another stamp, and not written meanwhile.
        if (((sequence ^ stamp << VERSION_BITS) & (~VERSION_MASK | 1)) != 0
                || (long) ELEMENT.getOpaque(held, at) != sequence) {
            return 0;
        }
        return data >>> AGE_SHIFT == (log.count() & AGE_MASK) || spared(key, tag, data)
                ? data & DATA_MASK
                : 0;
    }

    /** Sees entries. */
    interface Visitor {
        /** An entry that a look-up would find, with what {@link CachedTranslation} packs. */
        void entry(long tag, long address, long data);
    }

    /** Visits the entries that look-ups would find, as far as they do not change meanwhile. */
    void visit(Visitor visitor) {
        for (int at = ORIGIN; at < words.length; at += WORDS) {
            long key = (long) ELEMENT.getAcquire(words, at + KEY);
            long tag = (long) ELEMENT.getAcquire(words, at + TAG);
            if (key != 0) {
                int level = (int) key & 7;
                long address = key & -1L << PagingLevel.shift(level);
                long data = probe(tag, address, level);
                if (data != 0) {
                    visitor.entry(tag, address, data);
                }
            }
        }
    }

    private boolean spared(long key, long tag, long data) {
        long now = log.count();
        long since = now - (now - (data >>> AGE_SHIFT) & AGE_MASK);
        long start = key & -1L << 12;
        long end = start + PagingLevel.bytes(CachedTranslation.level(data)) - 1;
        return log.spares(since, tag, start, end);
    }

    /**
     * Keeps a translation, in the place of an older one if its set is full.
     *
     * @param token what was remembered before the walk
     * @return true if a living entry has made room
     */
    boolean insert(FillToken token, long address, long data) {
        int level = CachedTranslation.level(data);
        if ((levels & 1 << level) == 0) {
            remember(level);
        }
        long tag = token.tag;
        long key = key(address, level);
        int place = place(key, tag, token.stamp);
        int at = place < 0 ? ~place : place;
        long sequence = (long) ELEMENT.getVolatile(words, at);
        if ((sequence & 1) != 0 || !ELEMENT.compareAndSet(words, at, sequence, sequence | 1)) {
            return false; // someone else fills this entry; the next miss is ours
        }
        int entry = (at - ORIGIN) / WORDS;
        byte hintBefore = hints[entry];
        HINT.setVolatile(hints, entry, ANYTHING);
        // In this order: a note that is counted has been announced before.
        long logged = log.count();
        if (generations.ranges(tag) != token.ranges) {
            HINT.setRelease(hints, entry, hintBefore);
            ELEMENT.setRelease(words, at, sequence);
            return false;
        }
        ELEMENT.setOpaque(words, at + KEY, key);
        ELEMENT.setOpaque(words, at + TAG, tag);
        ELEMENT.setOpaque(words, at + DATA, data | logged << AGE_SHIFT);
        HINT.setRelease(hints, entry, hint(key, tag));
        ELEMENT.setRelease(words, at, token.stamp << VERSION_BITS | sequence + 2 & VERSION_MASK);
        return place < 0;
    }

    private synchronized void remember(int level) {
        levels |= 1 << level;
    }

    /** Where an entry goes; the complement if a living one has to make room. */
    private int place(long key, long tag, long stamp) {
        int first = set(key, tag);
        int free = -1;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long other = words[at + KEY];
            long otherTag = words[at + TAG];
            if (other == key && otherTag == tag) {
                return at;
            }
            if (free < 0) {
                long current = otherTag == tag ? stamp : generations.of(otherTag);
                if (other == 0 || words[at] >>> VERSION_BITS != current) {
                    free = at;
                }
            }
        }
        if (free >= 0) {
            return free;
        }
        return ~(first + (victim++ & WAYS - 1) * WORDS);
    }

    /**
     * Drops the entries of one tag that touch a range. The cost is that of the pages of the range,
     * or of a note in the log if those are many.
     *
     * @param first first address
     * @param last last address, unsigned, not below {@code first}
     */
    void invalidate(long tag, long first, long last) {
        generations.beginRange(tag);
        long probes = 0;
        for (int rest = levels; rest != 0 && probes <= PROBES; rest &= rest - 1) {
            int shift = PagingLevel.shift(Integer.numberOfTrailingZeros(rest));
            probes += (last >>> shift) - (first >>> shift) + 1;
        }
        if (probes > PROBES) {
            note(tag, first, last);
            return;
        }
        for (int rest = levels; rest != 0; rest &= rest - 1) {
            int level = Integer.numberOfTrailingZeros(rest);
            int shift = PagingLevel.shift(level);
            long steps = (last >>> shift) - (first >>> shift);
            for (long step = 0; step <= steps; step++) {
                drop(tag, (first >>> shift) + step << shift, level);
            }
        }
    }

    private void drop(long tag, long address, int level) {
        long key = key(address, level);
        int first = set(key, tag);
        byte wanted = hint(key, tag);
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            byte held = (byte) HINT.getVolatile(hints, (at - ORIGIN) / WORDS);
            if (held != wanted && held != ANYTHING) {
                continue;
            }
            // A fill that is being written either sees the invalidation, or is seen by it.
            while (((long) ELEMENT.getVolatile(words, at) & 1) != 0) {
                Thread.onSpinWait();
            }
            if (words[at + KEY] == key && words[at + TAG] == tag) {
                long sequence = lock(at);
                if (words[at + KEY] == key && words[at + TAG] == tag) {
                    ELEMENT.setOpaque(words, at + KEY, 0L);
                }
                unlock(at, sequence);
            }
        }
    }

    private synchronized void note(long tag, long first, long last) {
        log.add(tag, first, last);
        if (log.count() % SWEEP == 0) {
            sweep();
        }
    }

    /** Makes every entry young again, or drops it: one look at all of them for many notes. */
    private void sweep() {
        long now = log.count();
        for (int at = ORIGIN; at < words.length; at += WORDS) {
            if (words[at + KEY] == 0 && ((long) ELEMENT.getVolatile(words, at) & 1) == 0) {
                continue; // what is filled from now on is young
            }
            long sequence = lock(at);
            long key = words[at + KEY];
            long data = words[at + DATA];
            if (key != 0) {
                if (spared(key, words[at + TAG], data)) {
                    ELEMENT.setOpaque(words, at + DATA, data & DATA_MASK | now << AGE_SHIFT);
                } else {
                    ELEMENT.setOpaque(words, at + KEY, 0L);
                }
            }
            unlock(at, sequence);
        }
    }

    private long lock(int at) {
        while (true) {
            long sequence = (long) ELEMENT.getVolatile(words, at);
            if ((sequence & 1) == 0 && ELEMENT.compareAndSet(words, at, sequence, sequence | 1)) {
                return sequence;
            }
            Thread.onSpinWait();
        }
    }

    private void unlock(int at, long sequence) {
        ELEMENT.setRelease(words, at, sequence & ~VERSION_MASK | sequence + 2 & VERSION_MASK);
    }

    /** Never that of nothing or of anything; other bits of a product than those of the set. */
    private static byte hint(long key, long tag) {
        long hash = (key ^ tag * 0xc2b2ae3d27d4eb4fL) * 0x9e3779b97f4a7c15L;
        return (byte) (hash >>> 24 | 0x80);
    }

    private static long key(long address, int level) {
        return address & -1L << PagingLevel.shift(level) | level;
    }

    private int set(long key, long tag) {
        // Fibonacci hashing: neighbours come out far apart in the top bits, which are taken.
        long mixed = (key ^ key >>> 19) * 0x9e3779b97f4a7c15L ^ tag * 0xc2b2ae3d27d4eb4fL;
        // In two steps: a shift by 64, for a cache of one set, Java would take as one by 0.
        return ORIGIN + (int) (mixed >>> 1 >>> setShift - 1) * (WAYS * WORDS);
    }
}
