package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.PageSize;

/**
 * How a virtual address is cut into table indexes: VMSAv8-64 with the last level numbered 3 (Arm
 * ARM section D8.2; Linux {@code ARM64_HW_PGTABLE_LEVELS}).
 *
 * @param granule size of a page and of a table
 * @param virtualAddressBits bits that the top-level table covers, 36 to 48
 */
record Geometry(PageSize granule, int virtualAddressBits) {

    /** The level whose entries map pages. */
    static final int LAST_LEVEL = 3;

    Geometry {
        if (virtualAddressBits < 36 || virtualAddressBits > 48) {
            throw new IllegalArgumentException(
                    virtualAddressBits + " virtual address bits are not in 36..48");
        }
    }

    /** Binary logarithm of the page size. */
    int pageShift() {
        return granule.shift();
    }

    long pageBytes() {
        return 1L << granule.shift();
    }

    /** Offset bits within a page. */
    long pageMask() {
        return pageBytes() - 1;
    }

    /** Address bits that one full table resolves. */
    private int bitsPerLevel() {
        return granule.shift() - 3;
    }

    /** The level of the top-level table. */
    int firstLevel() {
        int bits = virtualAddressBits - granule.shift();
        return LAST_LEVEL + 1 - (bits + bitsPerLevel() - 1) / bitsPerLevel();
    }

    /** Binary logarithm of what one entry maps at a level. */
    int levelShift(int level) {
        return granule.shift() + (LAST_LEVEL - level) * bitsPerLevel();
    }

    /** Byte offset, in a table of a level, of the entry for an address. */
    long entryOffset(long address, int level) {
        return (address >>> levelShift(level) & ((1L << bitsPerLevel()) - 1)) << 3;
    }

    /** The first address beyond what a process can use. */
    long limit() {
        return 1L << virtualAddressBits;
    }

    long pageOf(long address) {
        return address & -pageBytes();
    }

    /** Rounds up to pages; may overflow for lengths near 2^63, which callers check before. */
    long roundUp(long length) {
        return length + pageMask() & -pageBytes();
    }
}
