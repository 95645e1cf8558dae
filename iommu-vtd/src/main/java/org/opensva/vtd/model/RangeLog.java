package org.opensva.vtd.model;

/**
 * The latest invalidations of ranges too large to look up page by page. An entry carries the number
 * of invalidations there were when it was filled; before it is used, the later ones are held
 * against it. An invalidation of any size thus costs a note here, and removes nothing else.
 *
 * <p>The log is a ring. Who writes it must see to it that no entry grows older than {@link
 * #GREATEST_AGE}.
 */
final class RangeLog {

    /** How old an entry may be when it is looked up, in invalidations. */
    static final int GREATEST_AGE = 256;

    private static final int SIZE = 2 * GREATEST_AGE;

    private final long[] tags = new long[SIZE];
    private final long[] firsts = new long[SIZE];
    private final long[] lasts = new long[SIZE];
    private volatile long count;

    /** How many invalidations have been noted. */
    long count() {
        return count;
    }

    /** Notes an invalidation; one thread at a time. */
    void add(long tag, long first, long last) {
        long next = count;
        int at = (int) next & SIZE - 1;
        tags[at] = tag;
        firsts[at] = first;
        lasts[at] = last;
        count = next + 1;
    }

    /**
     * Whether an entry has escaped all invalidations since it was filled.
     *
     * @param since the number of invalidations at that time
     * @param first first address of the entry
     * @param last its last address, unsigned
     */
    boolean spares(long since, long tag, long first, long last) {
        long now = count;
        for (long n = since; n < now; n++) {
            int at = (int) n & SIZE - 1;
            if (tags[at] == tag
                    && Long.compareUnsigned(firsts[at], last) <= 0
                    && Long.compareUnsigned(first, lasts[at]) <= 0) {
                return false;
            }
        }
        // What was read may have been overwritten meanwhile.
        return count - since < SIZE;
    }
}
