package org.opensva.vtd.model;

import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.PagingLevel;

/**
 * What the IOTLB and the paging-structure cache hold for an address, packed into a {@code long}:
 * the page or the next table, the level of the entry it came from, and the rights on the way to it.
 *
 * <p>Bits: 5:0 and 9 flags, 8:6 level (1 to 5), 51:12 address; the rest is 0. 0 stands for nothing.
 */
final class CachedTranslation {

    /** Reads are allowed; always in first stage. The values are those of {@link Access}. */
    static final int READ = Access.READ;

    /** Writes are allowed: R/W or W in every entry. */
    static final int WRITE = Access.WRITE;

    /** Instruction fetches are allowed: XD in no entry; with R in second stage. */
    static final int EXECUTE = Access.EXECUTE;

    /** First stage: U/S in every entry. */
    static final int USER = 1 << 3;

    /** A write needs no update of a Dirty flag. */
    static final int DIRTY = 1 << 4;

    /** Accesses snoop. */
    static final int SNOOP = 1 << 5;

    /** Writes are allowed apart from R/W of first stage, which a supervisor may disregard. */
    static final int OUTER_WRITE = 1 << 9;

    /** Everything that a first-stage walk begins with. */
    static final int FIRST_STAGE_RIGHTS = READ | WRITE | EXECUTE | USER | OUTER_WRITE;

    /** Everything that a second-stage walk begins with. */
    static final int SECOND_STAGE_RIGHTS = READ | WRITE;

    private static final int FLAGS = 0x23f;
    private static final int LEVEL_SHIFT = 6;
    private static final long ADDRESS = (1L << 52) - (1L << 12);

    private CachedTranslation() {}

    static long of(long address, int level, int flags) {
        return address & ADDRESS | (long) level << LEVEL_SHIFT | flags;
    }

    static long address(long cached) {
        return cached & ADDRESS;
    }

    static int level(long cached) {
        return (int) cached >>> LEVEL_SHIFT & 7;
    }

    static int shift(long cached) {
        return PagingLevel.shift(level(cached));
    }

    static int flags(long cached) {
        return (int) cached & FLAGS;
    }

    /** Where an address of the page is. */
    static long locate(long cached, long address) {
        return address(cached) | address & (1L << shift(cached)) - 1;
    }
}
