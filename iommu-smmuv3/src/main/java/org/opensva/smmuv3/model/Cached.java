package org.opensva.smmuv3.model;

/**
 * What a cache holds for an address, packed into a {@code long}: the output address, the size of
 * what is mapped, permissions, and where in the tables it was found.
 *
 * <p>Bits: 5:0 permissions or hierarchical attributes, 7:6 granule as commands encode it, 9:8
 * level, 51:12 address, 57:52 log2 of the size, 58 Device memory, 63 set. 0 stands for nothing.
 */
final class Cached {

    /** Unprivileged read; the other permissions follow from it. */
    static final int READ = 1;

    /** Unprivileged write. */
    static final int WRITE = 1 << 1;

    /** Unprivileged execute. */
    static final int EXECUTE = 1 << 2;

    /** Distance from an unprivileged permission to the privileged one. */
    static final int PRIVILEGED_SHIFT = 3;

    /** Every permission. */
    static final int EVERYTHING = 0x3f;

    /** Mapped as Device memory, which only stage 2 entries tell. */
    static final long DEVICE = 1L << 58;

    private static final long PRESENT = 1L << 63;
    private static final long ADDRESS = (1L << 52) - (1L << 12);
    private static final int GRANULE_SHIFT = 6;
    private static final int LEVEL_SHIFT = 8;
    private static final int SIZE_SHIFT = 52;

    private Cached() {}

    static long of(long address, int sizeShift, int permissions, int granuleCode, int level) {
        return PRESENT
                | address & ADDRESS
                | (long) sizeShift << SIZE_SHIFT
                | (long) (level & 3) << LEVEL_SHIFT
                | (long) granuleCode << GRANULE_SHIFT
                | permissions;
    }

    static long address(long cached) {
        return cached & ADDRESS;
    }

    /** Where an address of the region is. */
    static long locate(long cached, long address) {
        return address(cached) | address & (1L << sizeShift(cached)) - 1;
    }

    static int sizeShift(long cached) {
        return (int) (cached >>> SIZE_SHIFT) & 0x3f;
    }

    static int permissions(long cached) {
        return (int) cached & EVERYTHING;
    }

    static int granuleCode(long cached) {
        return (int) (cached >>> GRANULE_SHIFT) & 3;
    }

    static int level(long cached) {
        return (int) (cached >>> LEVEL_SHIFT) & 3;
    }

    /** log2 of what the descriptor maps, of which the entry may be a part. */
    static int wholeShift(long cached) {
        int granule = 10 + 2 * granuleCode(cached);
        return Math.max(sizeShift(cached), granule + (3 - level(cached)) * (granule - 3));
    }
}
