package org.opensva.vtd.model;

import org.opensva.vtd.layout.PagingLevel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A set-associative cache of translations in one flat array: the IOTLB, or the paging-structure
 * cache (sections 6.2.4 and 6.2.5).
 *
 * <p>An entry is four words: a sequence word (the stamp of its tag, and a version whose lowest bit
 * is set while the entry is being written), the input address with the level, the tag, and what
 * {@link CachedTranslation} packs. Look-ups take no lock: they read the sequence word before and
 * after. Entries of all levels live side by side; the levels that ever occurred are remembered, so
 * that a look-up probes no others.
 *
 * <p>The 512 neighbours that one table of a space may hold lie side by side, in an order that a
 * hash turns: two in each of 256 sets, which leaves two places for others, in the other half of the
 * array. Who goes through many pages of one space so stays within few pages of this cache, and an
 * invalidation of a range finds all that it is after in one place.
 *
 * <p>A byte of each entry is kept beside, set by set, the same for all neighbours: an invalidation
 * of what is not there reads a byte for each place where it could be, and not the entries, which in
 * a large cache are far away. A fill writes its byte first and looks then whether an invalidation
 * has been announced; an invalidation is announced, and looks then at the bytes. One of the two
 * sees the other.
 */
final class TranslationCache {

    private static final int WAYS = 4;
    private static final int WORDS = 4;
    private static final int KEY = 1;
    private static final int TAG = 2;
    private static final int DATA = 3;
    private static final int VERSION_BITS = 64 - Generations.BITS;
    private static final long VERSION_MASK = (1L << VERSION_BITS) - 1;

    /** log2 of the number of neighbours. */
    private static final int REGION_SHIFT = 9;

    private static final int NEIGHBOURS = 1 << REGION_SHIFT;

    /** The bytes of so many neighbours are looked at together: of two sets. */
    private static final int TOGETHER = 4;

    private static final long EVERY_BYTE = 0x0101_0101_0101_0101L;
    private static final long TOP_BITS = 0x8080_8080_8080_8080L;

    // An array begins 16 bytes into its first cache line; from here on sets do not straddle lines.
    private static final int ORIGIN = 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle HINT = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final VarHandle HINTS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Generations generations;
    private final long[] words;

    /** For each entry a byte of the hash of what it may hold, with the top bit set, or 0. */
    private final byte[] hints;

    private final int half;
    private final int within;
    private final int shift;
    private volatile int levels;
    private int victim; // races only make the choice less fair

    TranslationCache(int entries, Generations generations) {
        this.generations = generations;
        words = new long[ORIGIN + entries * WORDS];
        hints = new byte[Math.max(entries, Long.BYTES)];
        half = entries / 2;
        within = Math.min(half, NEIGHBOURS) - 1;
        shift = 64 - Integer.numberOfTrailingZeros(half);
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
        int first = first(tag, address, level);
        long[] held = words; // once: what follows is ordered, so that a field would be read again
        // Without a loop, which would have its bounds looked at before each.
        long found = peek(held, place(first), key, tag, stamp);
        if (found == 0) {
            found = peek(held, place(first ^ 1), key, tag, stamp);
        }
        if (found == 0) {
            found = peek(held, place(first ^ half), key, tag, stamp);
        }
        return found != 0 ? found : peek(held, place(first ^ half ^ 1), key, tag, stamp);
    }

    private static long peek(long[] held, int at, long key, long tag, long stamp) {
        long sequence = (long) ELEMENT.getAcquire(held, at);
        if (held[at + KEY] != key || held[at + TAG] != tag) {
            return 0;
        }
        long data = held[at + DATA];
        VarHandle.loadLoadFence();
        // Neither being written nor of another stamp, and not written meanwhile.
        return ((sequence ^ stamp << VERSION_BITS) & (~VERSION_MASK | 1)) == 0
                        && (long) ELEMENT.getOpaque(held, at) == sequence
                ? data
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
                int level = level(key);
                long address = key & -1L << PagingLevel.shift(level);
                long data = probe(tag, address, level);
                if (data != 0) {
                    visitor.entry(tag, address, data);
                }
            }
        }
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
        if (generations.ranges(tag) != token.ranges) {
            return false;
        }
        long key = key(address, level);
        int chosen = choose(first(tag, address, level), key, tag, token.stamp);
        int entry = chosen < 0 ? ~chosen : chosen;
        int at = place(entry);
        long sequence = (long) ELEMENT.getVolatile(words, at);
        if ((sequence & 1) != 0 || !ELEMENT.compareAndSet(words, at, sequence, sequence | 1)) {
            return false; // someone else fills this entry; the next miss is ours
        }
        HINT.setVolatile(hints, hintOf(entry), hint(hash(tag, address, level)));
        if (generations.ranges(tag) != token.ranges) {
            if (words[at + KEY] != key || words[at + TAG] != tag) {
                // An invalidation of what was here has not seen it: it has made room for nothing.
                clear(entry);
            }
            unlock(at, sequence);
            return false;
        }
        ELEMENT.setOpaque(words, at + KEY, key);
        ELEMENT.setOpaque(words, at + TAG, tag);
        ELEMENT.setOpaque(words, at + DATA, data);
        ELEMENT.setRelease(words, at, token.stamp << VERSION_BITS | sequence + 2 & VERSION_MASK);
        return chosen < 0;
    }

    private synchronized void remember(int level) {
        levels |= 1 << level;
    }

    /** Which entry of a set it will be; the complement if a living one has to make room. */
    private int choose(int first, long key, long tag, long stamp) {
        int free = -1;
        for (int way = 0; way < WAYS; way++) {
            int entry = other(first, way);
            int at = place(entry);
            long other = words[at + KEY];
            long otherTag = words[at + TAG];
            if (other == key && otherTag == tag) {
                return entry;
            }
            if (free < 0) {
                long current = otherTag == tag ? stamp : generations.of(otherTag);
                if (other == 0 || words[at] >>> VERSION_BITS != current) {
                    free = entry;
                }
            }
        }
        return free >= 0 ? free : ~other(first, victim++);
    }

    /**
     * Drops the entries of one tag that touch a range. The cost is a byte for each two pages of the
     * range, eight bytes at a time, and at most that of all entries there are.
     *
     * @param first first address
     * @param last last address, unsigned, not below {@code first}
     */
    void invalidate(long tag, long first, long last) {
        generations.beginRange(tag);
        for (int rest = levels; rest != 0; rest &= rest - 1) {
            int level = Integer.numberOfTrailingZeros(rest);
            long from = first >>> PagingLevel.shift(level);
            long to = last >>> PagingLevel.shift(level);
            long regions = (to >>> REGION_SHIFT) - (from >>> REGION_SHIFT);
            if (regions > half >>> 3) {
                dropAnywhere(tag, level, from, to);
                continue;
            }
            for (long done = 0; done <= regions; done++) {
                long begin = done == 0 ? from : (from >>> REGION_SHIFT) + done << REGION_SHIFT;
                long end = done == regions ? to : begin | NEIGHBOURS - 1;
                dropNeighbours(tag, level, begin, end);
            }
        }
    }

    /**
     * Drops what there is of a range within one region.
     *
     * @param begin first page number, of pages of the level
     * @param end last page number
     */
    private void dropNeighbours(long tag, int level, long begin, long end) {
        long hash = hash(tag, begin << PagingLevel.shift(level), level);
        long wanted = (hint(hash) & 0xffL) * EVERY_BYTE;
        int home = home(hash);
        int last = (int) end & NEIGHBOURS - 1;
        for (int page = (int) begin & NEIGHBOURS - TOGETHER; page <= last; page += TOGETHER) {
            int at = ((home ^ page & within) & half - 1 & -TOGETHER) << 1;
            long differences = (long) HINTS.get(hints, at) ^ wanted;
            if ((differences - EVERY_BYTE & ~differences & TOP_BITS) != 0) {
                for (int i = 0; i < Long.BYTES; i++, differences >>>= Byte.SIZE) {
                    if ((differences & 0xff) == 0) {
                        drop(ofHint(at + i), tag, level, begin, end);
                    }
                }
            }
        }
    }

    /** Drops what there is of a range that is larger than the cache. */
    private void dropAnywhere(long tag, int level, long begin, long end) {
        for (int at = 0; at < 2 * half; at++) {
            if ((byte) HINT.getOpaque(hints, at) != 0) {
                drop(ofHint(at), tag, level, begin, end);
            }
        }
    }

    private void drop(int entry, long tag, int level, long begin, long end) {
        int at = place(entry);
        // A fill that is being written either sees the invalidation, or is seen by it.
        while (((long) ELEMENT.getVolatile(words, at) & 1) != 0) {
            Thread.onSpinWait();
        }
        if (isWithin(at, tag, level, begin, end)) {
            long sequence = lock(at);
            if (isWithin(at, tag, level, begin, end)) {
                clear(entry);
            }
            unlock(at, sequence);
        }
    }

    private boolean isWithin(int at, long tag, int level, long begin, long end) {
        long key = words[at + KEY];
        long page = key >>> PagingLevel.shift(level);
        return level(key) == level && words[at + TAG] == tag && page >= begin && page <= end;
    }

    private void clear(int entry) {
        ELEMENT.setOpaque(words, place(entry) + KEY, 0L);
        HINT.setRelease(hints, hintOf(entry), (byte) 0);
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

    private static long key(long address, int level) {
        return address & -1L << PagingLevel.shift(level) | level;
    }

    private static int level(long key) {
        return (int) key & 7;
    }

    private static int place(int entry) {
        return ORIGIN + entry * WORDS;
    }

    /** The entry that is looked at first. */
    private int first(long tag, long address, int level) {
        int page = (int) (address >>> PagingLevel.shift(level));
        return home(hash(tag, address, level)) ^ page & within;
    }

    /** Another of its set: its neighbour, and the two at the same place of the other half. */
    private int other(int first, int way) {
        return first ^ way & 1 ^ ((way & 2) == 0 ? 0 : half);
    }

    /** Where the byte of an entry is: those of a set are four in a row. */
    private int hintOf(int entry) {
        return (entry & half - 2) << 1 | ((entry & half) == 0 ? 0 : 2) | entry & 1;
    }

    /** The entry that a byte is of. */
    private int ofHint(int at) {
        return at >>> 1 & -2 | ((at & 2) == 0 ? 0 : half) | at & 1;
    }

    /** What neighbours have in common. */
    private static long hash(long tag, long address, int level) {
        long region = address >>> PagingLevel.shift(level + 1) << 3 | level;
        // Fibonacci hashing: what is near comes out far apart in the top bits.
        return region * 0x9e3779b97f4a7c15L ^ tag * 0xc2b2ae3d27d4eb4fL;
    }

    private int home(long hash) {
        return (int) (hash >>> shift) | (int) hash & half;
    }

    /** Never that of nothing; other bits of the hash than those of the place. */
    private static byte hint(long hash) {
        return (byte) (hash >>> 24 | 0x80);
    }
}
