package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The CDs of one stream that are cached: what is used of them, in one flat array that grows with
 * them, so that a fetch makes no object and a look-up follows no reference.
 *
 * <p>A slot is a cache line: a sequence word whose lowest bit is set while the slot is being
 * written, the index, the stamp, the tag, and the first four words of the CD; the others are not
 * used by the model. An index has four slots it may be in; as long as substreams are numbered
 * without large gaps each is in its first, and found with one load.
 *
 * <p>Nothing makes room for anything else as long as the array may grow. An array that has been
 * replaced is still read by those who found it before; they are in lanes, for which an invalidation
 * waits.
 *
 * <p><b>Threading.</b> Look-ups take no lock. Who writes holds the monitor of the stream.
 */
final class ContextCache {

    /** What a look-up of a tag gives if there is none. */
    static final long ABSENT = -1;

    private static final int WORDS = 8;
    private static final int NAME = 1;
    private static final int STAMP = 2;
    private static final int TAG = 3;
    private static final int DESCRIPTOR = 4;
    private static final int WAYS = 4;
    private static final int FEWEST = 16;

    /** An array that holds less than one entry in so many slots does not grow. */
    private static final int SPARSE = 16;

    private static final long OCCUPIED = 1L << 32;
    private static final long ILLEGAL = 1L << 33;

    // An array begins 16 bytes into its first cache line; from here on slots do not straddle lines.
    private static final int ORIGIN = 6;

    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final int capacity;
    private volatile long[] words;
    private int occupied;
    private int turn;

    /** Makes an empty cache for so many CDs, a power of two. */
    ContextCache(int capacity) {
        this.capacity = capacity;
        words = slots(Math.min(FEWEST, capacity));
    }

    private static long[] slots(int count) {
        return new long[ORIGIN + count * WORDS];
    }

    private static int count(long[] held) {
        return (held.length - ORIGIN) / WORDS;
    }

    /** Where one of the slots is in which an index may be: neighbours have different ones. */
    private static int place(long[] held, int index, int way) {
        int folded = index ^ index >>> 6 ^ index >>> 12;
        return ORIGIN + ((folded ^ way) & count(held) - 1) * WORDS;
    }

    private static long name(int index) {
        return OCCUPIED | index;
    }

    /**
     * Looks the tag of a legal CD up.
     *
     * @return the tag, or {@link #ABSENT}
     */
    long tag(int index, long stamp) {
        long[] held = words;
        for (int way = 0; way < WAYS; way++) {
            int at = place(held, index, way);
            long sequence = (long) ELEMENT.getAcquire(held, at);
            if (held[at + NAME] == name(index) && held[at + STAMP] == stamp) {
                long tag = held[at + TAG];
                return isWhole(held, at, sequence) ? tag : ABSENT;
            }
        }
        return ABSENT;
    }

    /**
     * Looks a CD up.
     *
     * @param into becomes the CD, unless it is already
     * @return whether it is there
     */
    boolean load(int index, long stamp, Context into, SmmuProfile profile) {
        long[] held = words;
        for (int way = 0; way < WAYS; way++) {
            int at = place(held, index, way);
            long sequence = (long) ELEMENT.getAcquire(held, at);
            long name = held[at + NAME];
            if ((name & ~ILLEGAL) == name(index) && held[at + STAMP] == stamp) {
                if (!isWhole(held, at, sequence)) {
                    return false;
                }
                if (into.isOf(held, at, sequence)) {
                    return true;
                }
                long tag = held[at + TAG];
                long word0 = held[at + DESCRIPTOR];
                long word1 = held[at + DESCRIPTOR + 1];
                long word2 = held[at + DESCRIPTOR + 2];
                long word3 = held[at + DESCRIPTOR + 3];
                if (!isWhole(held, at, sequence)) {
                    return false;
                }
                into.understand(word0, word1, word2, word3, tag, (name & ILLEGAL) != 0, profile);
                into.foundAt(held, at, sequence);
                return true;
            }
        }
        return false;
    }

    /** Whether what was read of a slot belongs together. */
    private static boolean isWhole(long[] held, int at, long sequence) {
        VarHandle.loadLoadFence();
        return (sequence & 1) == 0 && (long) ELEMENT.getOpaque(held, at) == sequence;
    }

    /**
     * Keeps a CD. Those with another stamp count as dead, and make room first.
     *
     * @param stamp of before the fetch
     */
    void keep(int index, long stamp, Context fetched) {
        int at = room(index, stamp);
        while (at < 0) {
            grow(stamp);
            at = room(index, stamp);
        }
        long[] held = words;
        occupied += held[at + NAME] == 0 ? 1 : 0;
        long sequence = held[at];
        ELEMENT.setOpaque(held, at, sequence | 1);
        VarHandle.storeStoreFence();
        ELEMENT.setOpaque(held, at + NAME, name(index) | (fetched.illegal() ? ILLEGAL : 0));
        ELEMENT.setOpaque(held, at + STAMP, stamp);
        ELEMENT.setOpaque(held, at + TAG, fetched.tag());
        for (int word = 0; word < Context.WORDS; word++) {
            ELEMENT.setOpaque(held, at + DESCRIPTOR + word, fetched.word(word));
        }
        ELEMENT.setRelease(held, at, sequence + 2);
    }

    /** Where a CD may be put, or -1 if the array should be larger first. */
    private int room(int index, long stamp) {
        long[] held = words;
        int free = -1;
        for (int way = 0; way < WAYS; way++) {
            int at = place(held, index, way);
            if ((held[at + NAME] & ~ILLEGAL) == name(index)) {
                return at;
            }
            if (free < 0 && (held[at + NAME] == 0 || held[at + STAMP] != stamp)) {
                free = at;
            }
        }
        int count = count(held);
        if (free >= 0 || count < capacity && occupied >= count / SPARSE) {
            return free;
        }
        return place(held, index, turn++ & WAYS - 1);
    }

    /** Doubles the array; what is dead stays behind. */
    private void grow(long stamp) {
        long[] old = words;
        long[] fresh = slots(2 * count(old));
        int kept = 0;
        for (int at = ORIGIN; at < old.length; at += WORDS) {
            if (old[at + NAME] != 0 && old[at + STAMP] == stamp) {
                int index = (int) old[at + NAME];
                int way = 0;
                // No more than four come from where they were, so that one of the four is free.
                while (fresh[place(fresh, index, way) + NAME] != 0) {
                    way++;
                }
                int to = place(fresh, index, way);
                System.arraycopy(old, at + NAME, fresh, to + NAME, WORDS - NAME);
                kept++;
            }
        }
        occupied = kept;
        words = fresh;
    }

    /** Drops a CD if it is there. */
    void drop(int index) {
        long[] held = words;
        for (int way = 0; way < WAYS; way++) {
            int at = place(held, index, way);
            if ((held[at + NAME] & ~ILLEGAL) == name(index)) {
                long sequence = held[at];
                ELEMENT.setOpaque(held, at, sequence | 1);
                VarHandle.storeStoreFence();
                ELEMENT.setOpaque(held, at + NAME, 0L);
                ELEMENT.setRelease(held, at, sequence + 2);
                occupied--;
                return;
            }
        }
    }
}
