package org.opensva.vtd.layout;

/**
 * The arithmetic that first-stage and second-stage paging share: 9 bits of the address a level, 4
 * KB tables.
 *
 * <p>Source: sections 3.6 and 3.7. Level 1 is the table of 4 KB pages; level 5 the highest.
 */
public final class PagingLevel {
    /** Entries of a table. */
    public static final int ENTRIES = 512;

    /** Length of an entry in bytes. */
    public static final int ENTRY_BYTES = 8;

    private PagingLevel() {}

    /**
     * The address bits that an entry of a level spans.
     *
     * @param level 1 to 5
     * @return 12, 21, 30, 39 or 48
     */
    public static int shift(int level) {
        return 3 + 9 * level;
    }

    /**
     * The place of the entry for an address.
     *
     * @param address the input address
     * @param level 1 to 5
     * @return bytes from the table, 0 to 4088
     */
    public static int offset(long address, int level) {
        return (int) (address >>> shift(level) & ENTRIES - 1) * ENTRY_BYTES;
    }

    /**
     * The bytes that an entry of a level spans.
     *
     * @param level 1 to 5
     * @return a power of two
     */
    public static long bytes(int level) {
        return 1L << shift(level);
    }

    /**
     * The address bits above an implementation's width that an entry must not set: [51:haw].
     *
     * @param haw host address width, 12 to 52 bits
     * @return the mask, 0 for 52
     */
    public static long aboveWidth(int haw) {
        return -1L << haw & 0x000f_ffff_ffff_ffffL;
    }
}
