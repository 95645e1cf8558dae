package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.PageSize;

/**
 * How a virtual address is cut into table indexes. Levels are numbered as Arm does, for x86-64 too:
 * the last one, whose entries map pages, is 3; the first one is -1, 0 or 1 (Arm ARM section D8.2
 * and Linux {@code ARM64_HW_PGTABLE_LEVELS}; Intel SDM volume 3 section 5.5).
 *
 * @param granule size of a page and of a table
 * @param virtualAddressBits bits that the top-level table covers, 36 to 57
 * @param limit the first address beyond what a process can use, a multiple of the page size
 */
public record Geometry(PageSize granule, int virtualAddressBits, long limit) {

    /** The level whose entries map pages. */
    public static final int LAST_LEVEL = 3;

    /** The level whose entries can map huge pages. */
    public static final int HUGE_LEVEL = 2;

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if they do not fit together
     */
    public Geometry {
        if (virtualAddressBits < 36 || virtualAddressBits > 57) {
            throw new IllegalArgumentException(
                    virtualAddressBits + " virtual address bits are not in 36..57");
        }
        if (limit <= 0 || limit > 1L << virtualAddressBits || (limit & granule.bytes() - 1) != 0) {
            throw new IllegalArgumentException(
                    "0x%x cannot be the end of what a process can use".formatted(limit));
        }
    }

    /**
     * The page size.
     *
     * @return its binary logarithm
     */
    public int pageShift() {
        return granule.shift();
    }

    /**
     * The page size.
     *
     * @return bytes
     */
    public long pageBytes() {
        return 1L << granule.shift();
    }

    /**
     * The offset bits within a page.
     *
     * @return a mask
     */
    public long pageMask() {
        return pageBytes() - 1;
    }

    /**
     * The size of a huge page: what one entry of the level before the last one maps.
     *
     * @return its binary logarithm
     */
    public int hugeShift() {
        return levelShift(HUGE_LEVEL);
    }

    /**
     * The size of a huge page.
     *
     * @return bytes
     */
    public long hugeBytes() {
        return 1L << hugeShift();
    }

    /** Address bits that one full table resolves. */
    private int bitsPerLevel() {
        return granule.shift() - 3;
    }

    /**
     * The level of the top-level table.
     *
     * @return -1 to 1
     */
    public int firstLevel() {
        int bits = virtualAddressBits - granule.shift();
        return LAST_LEVEL + 1 - (bits + bitsPerLevel() - 1) / bitsPerLevel();
    }

    /**
     * What one entry maps at a level.
     *
     * @param level the level
     * @return the binary logarithm of the number of bytes
     */
    public int levelShift(int level) {
        return granule.shift() + (LAST_LEVEL - level) * bitsPerLevel();
    }

    /**
     * Where the entry for an address is in a table.
     *
     * @param address the virtual address
     * @param level the level of the table
     * @return a byte offset
     */
    public long entryOffset(long address, int level) {
        return (address >>> levelShift(level) & ((1L << bitsPerLevel()) - 1)) << 3;
    }

    /**
     * The page that an address is in.
     *
     * @param address the virtual address
     * @return the first address of the page
     */
    public long pageOf(long address) {
        return address & -pageBytes();
    }

    /**
     * Rounds up to pages; may overflow for lengths near 2<sup>63</sup>, which callers check before.
     *
     * @param length number of bytes
     * @return a multiple of the page size
     */
    public long roundUp(long length) {
        return length + pageMask() & -pageBytes();
    }
}
