package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A set-associative cache of translations in one flat array: the IOTLB, the stage 2 TLB, and the
 * walk caches.
 *
 * <p>An entry is four words: a sequence word (stamp of its group, and a version whose lowest bit is
 * set while the entry is being written), the input address with the size, the tag, and what {@link
 * Cached} packs. Look-ups take no lock: they read the sequence word before and after. Entries of
 * different sizes live side by side; the sizes that ever occurred are remembered, so that a look-up
 * probes no others.
 *
 * <p>Fills race with invalidations. A fill carries the stamp and the number of range invalidations
 * of before the walk; if either has moved, the entry is dead on arrival or not written.
 */
final class TaggedCache {

    private static final int WAYS = 4;
    private static final int WORDS = 4;
    private static final int KEY = 1;
    private static final int TAG = 2;
    private static final int DATA = 3;
    private static final int VERSION_BITS = 64 - Stamps.BITS;
    private static final long VERSION_MASK = (1L << VERSION_BITS) - 1;
    private static final long OCCUPIED = 1 << 6;

    // An array begins 16 bytes into its first cache line; from here on sets do not straddle lines.
    private static final int ORIGIN = 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final Stamps stamps;
    private final long[] words;
    private final int sets;
    private final int setShift;
    private volatile long sizes;
    private volatile boolean globals;

    TaggedCache(int entries, Stamps stamps) {
        this.stamps = stamps;
        words = new long[ORIGIN + entries * WORDS];
        sets = entries / WAYS;
        setShift = 64 - Integer.numberOfTrailingZeros(entries / WAYS);
    }

    /**
     * Looks a translation up, first under the tag and then among global entries.
     *
     * @return what {@link Cached} packs, or 0
     */
    long find(long tag, long globalTag, long address) {
        long found = find(tag, address);
        return found == 0 && globals ? find(globalTag, address) : found;
    }

    /**
     * Looks a translation up.
     *
     * @return what {@link Cached} packs, or 0
     */
    long find(long tag, long address) {
        for (long rest = sizes; rest != 0; rest &= rest - 1) {
            long found = probe(tag, address, Long.numberOfTrailingZeros(rest));
            if (found != 0) {
                return found;
            }
        }
        return 0;
    }

    /**
     * Looks a translation of one size up.
     *
     * @return what {@link Cached} packs, or 0
     */
    long probe(long tag, long address, int shift) {
        long key = key(address, shift);
        int first = set(key, tag);
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long sequence = (long) ELEMENT.getAcquire(words, at);
            if (words[at + KEY] == key && words[at + TAG] == tag && (sequence & 1) == 0) {
                long data = words[at + DATA];
                VarHandle.loadLoadFence();
                if ((long) ELEMENT.getOpaque(words, at) == sequence
                        && sequence >>> VERSION_BITS == stamps.of(tag)) {
                    return data;
                }
            }
        }
        return 0;
    }

    /**
     * Keeps a translation, in the place of an older one if the set is full.
     *
     * @param stamp the stamp of the tag before the walk
     * @param ranges {@link Stamps#ranges()} before the walk
     * @param random any number, to choose what makes room
     */
    void insert(long tag, long address, long data, long stamp, long ranges, int random) {
        int shift = Cached.sizeShift(data);
        if ((sizes & 1L << shift) == 0) {
            remember(shift);
        }
        if (Tag.isGlobal(tag) && !globals) {
            globals = true;
        }
        long key = key(address, shift);
        int at = place(key, tag, random);
        long sequence = (long) ELEMENT.getVolatile(words, at);
        if ((sequence & 1) != 0 || !ELEMENT.compareAndSet(words, at, sequence, sequence | 1)) {
            return; // someone else fills this entry; the next miss is ours
        }
        if (stamps.ranges() != ranges) {
            ELEMENT.setRelease(words, at, sequence);
            return;
        }
        ELEMENT.setOpaque(words, at + KEY, key);
        ELEMENT.setOpaque(words, at + TAG, tag);
        ELEMENT.setOpaque(words, at + DATA, data);
        ELEMENT.setRelease(words, at, stamp << VERSION_BITS | sequence + 2 & VERSION_MASK);
    }

    private synchronized void remember(int shift) {
        sizes |= 1L << shift;
    }

    private int place(long key, long tag, int random) {
        int first = set(key, tag);
        int free = -1;
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            long other = words[at + KEY];
            long otherTag = words[at + TAG];
            if (other == key && otherTag == tag) {
                return at;
            }
            if (free < 0 && (other == 0 || words[at] >>> VERSION_BITS != stamps.of(otherTag))) {
                free = at;
            }
        }
        return free >= 0 ? free : first + (random & WAYS - 1) * WORDS;
    }

    /**
     * Drops the entries of one tag that touch a range. The cost is that of the range, or of the
     * whole cache if that is less.
     *
     * @param first first address
     * @param last last address, unsigned, not below {@code first}
     * @param granuleCode only entries of this granule, 0 for all
     * @param level only entries found at this level, 0 for all
     */
    void invalidate(long tag, long first, long last, int granuleCode, int level) {
        for (long rest = sizes; rest != 0; rest &= rest - 1) {
            int shift = Long.numberOfTrailingZeros(rest);
            long from = first >>> shift;
            long steps = (last >>> shift) - from;
            if (steps < sets) {
                for (long step = 0; step <= steps; step++) {
                    drop(tag, from + step << shift, shift, granuleCode, level);
                }
            } else {
                scan(tag, ~0L, first, last, granuleCode, level);
                return;
            }
        }
    }

    /** Drops the global entries that touch a range; nothing if there never was one. */
    void invalidateGlobal(int vmid, long first, long last, int granuleCode, int level) {
        if (globals) {
            invalidate(Tag.ofGlobal(false, vmid), first, last, granuleCode, level);
            invalidate(Tag.ofGlobal(true, vmid), first, last, granuleCode, level);
        }
    }

    /** Drops the entries of every address space of a machine that touch a range: searches all. */
    void invalidateAnySpace(int vmid, long first, long last, int granuleCode, int level) {
        scan(Tag.ofMachine(vmid), Tag.ofMachine(0xffff), first, last, granuleCode, level);
    }

    private void drop(long tag, long address, int shift, int granuleCode, int level) {
        long key = key(address, shift);
        int first = set(key, tag);
        for (int at = first; at < first + WAYS * WORDS; at += WORDS) {
            awaitWritten(at);
            if (words[at + KEY] == key
                    && words[at + TAG] == tag
                    && matches(words[at + DATA], granuleCode, level)) {
                clear(at, key);
            }
        }
    }

    private void scan(long tag, long tagMask, long first, long last, int granuleCode, int level) {
        for (int at = ORIGIN; at < words.length; at += WORDS) {
            awaitWritten(at);
            long key = words[at + KEY];
            if (key != 0
                    && ((words[at + TAG] ^ tag) & tagMask) == 0
                    && matches(words[at + DATA], granuleCode, level)) {
                long start = key & -1L << 12;
                long end = start + (1L << Cached.sizeShift(words[at + DATA])) - 1;
                if (Long.compareUnsigned(start, last) <= 0
                        && Long.compareUnsigned(end, first) >= 0) {
                    clear(at, key);
                }
            }
        }
    }

    private static boolean matches(long data, int granuleCode, int level) {
        return (granuleCode == 0 || Cached.granuleCode(data) == granuleCode)
                && (level == 0 || Cached.level(data) == level);
    }

    /** A fill that is being written either sees the invalidation, or is seen by it. */
    private void awaitWritten(int at) {
        while (((long) ELEMENT.getVolatile(words, at) & 1) != 0) {
            Thread.onSpinWait();
        }
    }

    private void clear(int at, long key) {
        while (true) {
            long sequence = (long) ELEMENT.getVolatile(words, at);
            if ((sequence & 1) == 0 && ELEMENT.compareAndSet(words, at, sequence, sequence | 1)) {
                if (words[at + KEY] == key) {
                    ELEMENT.setOpaque(words, at + KEY, 0L);
                }
                long version = sequence + 2 & VERSION_MASK;
                ELEMENT.setRelease(words, at, sequence & ~VERSION_MASK | version);
                return;
            }
            Thread.onSpinWait();
        }
    }

    private static long key(long address, int shift) {
        return address & -1L << shift | OCCUPIED | shift;
    }

    private int set(long key, long tag) {
        long hash = (key ^ key >>> 17) * 0x9e3779b97f4a7c15L + tag * 0xc2b2ae3d27d4eb4fL;
        hash ^= hash >>> 32;
        hash *= 0x9e3779b97f4a7c15L;
        // A cache of one set would shift by 64, which Java takes as 0.
        int set = setShift == 64 ? 0 : (int) (hash >>> setShift);
        return ORIGIN + set * (WAYS * WORDS);
    }
}
