package org.opensva.smmuv3.model;

/**
 * What the sets of a cache may hold: one byte for each of four ways, in one word for each set. A
 * set of a large cache is four cache lines that nobody has looked at for long; its word is one of
 * thirty times less memory, and tells of nearly every entry that is absent that it is.
 *
 * <p><b>Threading.</b> The caller holds the lock of the set's shard.
 */
final class SetHints {

    private static final int EVERY_BYTE = 0x0101_0101;
    private static final int TOP_BITS = 0x8080_8080;

    /** Each byte: bit 7 set and seven bits of the entry's hash, or 0. */
    private final int[] sets;

    SetHints(int sets) {
        this.sets = new int[sets];
    }

    /**
     * Notes what a way of a set holds.
     *
     * @param way 0 to 3
     */
    void put(int set, int way, long key, long tag) {
        int shift = way << 3;
        sets[set] = sets[set] & ~(0xff << shift) | hint(key, tag) << shift;
    }

    /** Notes that a way of a set holds nothing. */
    void clear(int set, int way) {
        sets[set] &= ~(0xff << (way << 3));
    }

    /** Whether one of the ways of a set may hold this; false is certain. */
    boolean mayHold(int set, long key, long tag) {
        int differences = sets[set] ^ hint(key, tag) * EVERY_BYTE;
        return (differences - EVERY_BYTE & ~differences & TOP_BITS) != 0;
    }

    private static int hint(long key, long tag) {
        // Other bits of the product than those that choose the set.
        long hash = (key ^ tag * 0xc2b2ae3d27d4eb4fL) * 0x9e3779b97f4a7c15L;
        return (int) (hash >>> 24) & 0x7f | 0x80;
    }
}
