package org.opensva.smmuv3.model;

/**
 * Cached level 1 descriptors, of the stream table or of one stream's CD table: each at the place
 * that its position in the table gives, until another one needs it.
 *
 * <p><b>Threading.</b> The owner's monitor guards it.
 */
final class Level1Cache {

    /** What a look-up gives if there is nothing. */
    static final long ABSENT = -1;

    private static final int SLOTS = 256;
    private static final int WORDS = 3;
    private static final int DESCRIPTOR = 1;
    private static final int STAMP = 2;

    /** No field of either kind of descriptor is above bit 55 (sections 5.1 and 5.3). */
    private static final long MEANT = (1L << 56) - 1;

    /** The position plus one, the descriptor, and the generation of before the fetch. */
    private long[] words = {};

    private static int place(long index) {
        return ((int) index & SLOTS - 1) * WORDS;
    }

    private boolean holds(long index) {
        return words.length != 0 && words[place(index)] == index + 1;
    }

    /**
     * Looks a descriptor up.
     *
     * @param index its position in the table
     * @param stamp generation of the cache
     * @return bits 55:0, or {@link #ABSENT}
     */
    long find(long index, long stamp) {
        int at = place(index);
        return holds(index) && words[at + STAMP] == stamp ? words[at + DESCRIPTOR] : ABSENT;
    }

    /** Keeps a descriptor. */
    void keep(long index, long descriptor, long stamp) {
        if (words.length == 0) {
            words = new long[SLOTS * WORDS];
        }
        int at = place(index);
        words[at] = index + 1;
        words[at + DESCRIPTOR] = descriptor & MEANT;
        words[at + STAMP] = stamp;
    }

    /** Drops a descriptor if it is there. */
    void drop(long index) {
        if (holds(index)) {
            words[place(index)] = 0;
        }
    }

    /** Drops the descriptors of a range of positions, both ends included. */
    void drop(long first, long last) {
        for (int at = 0; at < words.length; at += WORDS) {
            if (words[at] > first && words[at] - 1 <= last) {
                words[at] = 0;
            }
        }
    }
}
