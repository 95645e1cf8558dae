package org.opensva.vtd.layout;

import java.util.List;

/**
 * A first-stage paging entry, in the format of x86-64 processors: one 64-bit word.
 *
 * <p>Source: section 9.7, checked against VirtualBox {@code iommu-intel.h}, QEMU {@code
 * intel_iommu_internal.h} and Linux {@code arch/x86/include/asm/pgtable_types.h}. Bits [9], [11]
 * and [62:52] are ignored. The overlays of {@link #STRUCTURE} are the places of PAT: bit 7 of an
 * entry for a 4 KB page, bit 12 of one for a large page.
 */
public final class FirstStageEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Writes are allowed. */
    public static final Field RW = new Field("R/W", 0, 1, 1);

    /** User requests are allowed. */
    public static final Field US = new Field("U/S", 0, 2, 1);

    /** Page-level write-through. */
    public static final Field PWT = new Field("PWT", 0, 3, 1);

    /** Page-level cache disable. */
    public static final Field PCD = new Field("PCD", 0, 4, 1);

    /** Accessed. */
    public static final Field A = new Field("A", 0, 5, 1);

    /** Dirty; ignored above the leaf. */
    public static final Field D = new Field("D", 0, 6, 1);

    /** Page size: a leaf at level 2 or 3; reserved above. */
    public static final Field PS = new Field("PS", 0, 7, 1);

    /** 4 KB page: page attribute. */
    public static final Field PAT = new Field("PAT", 0, 7, 1);

    /** Global; ignored by remapping hardware. */
    public static final Field G = new Field("G", 0, 8, 1);

    /** Extended Accessed; ignored unless EAFE is set. */
    public static final Field EA = new Field("EA", 0, 10, 1);

    /** Address bits [51:12] of the page or the next table. */
    public static final Field ADDR = new Field("ADDR", 0, 12, 40);

    /** Large page: page attribute. */
    public static final Field PAT_LARGE = new Field("PAT", 0, 12, 1);

    /** Execute disable. */
    public static final Field XD = new Field("XD", 0, 63, 1);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "First-Stage Paging Entry",
                    "9.7",
                    1,
                    List.of(P, RW, US, PWT, PCD, A, D, PS, G, EA, ADDR, XD),
                    List.of(PAT, PAT_LARGE));

    private FirstStageEntry() {}

    /**
     * Whether the entry is present.
     *
     * @param entry the entry
     * @return P
     */
    public static boolean present(long entry) {
        return P.isSet(entry);
    }

    /**
     * Whether the entry allows writes.
     *
     * @param entry the entry
     * @return R/W
     */
    public static boolean writable(long entry) {
        return RW.isSet(entry);
    }

    /**
     * Whether the entry allows user requests.
     *
     * @param entry the entry
     * @return U/S
     */
    public static boolean user(long entry) {
        return US.isSet(entry);
    }

    /**
     * Whether the entry denies execution.
     *
     * @param entry the entry
     * @return XD
     */
    public static boolean executeDisabled(long entry) {
        return XD.isSet(entry);
    }

    /**
     * Whether the entry maps a page.
     *
     * @param entry a present entry
     * @param level its level, 1 to 5
     * @return true at level 1, and at levels 2 and 3 with PS
     */
    public static boolean isLeaf(long entry, int level) {
        return level == 1 || level <= 3 && PS.isSet(entry);
    }

    /**
     * The next table.
     *
     * @param entry a present entry that is no leaf
     * @return a byte address, 4 KB aligned
     */
    public static long table(long entry) {
        return ADDR.address(entry);
    }

    /**
     * The page of a leaf.
     *
     * @param entry a present leaf
     * @param level its level, 1 to 3
     * @return the byte address of the page, aligned to its size
     */
    public static long page(long entry, int level) {
        return ADDR.address(entry) & -PagingLevel.bytes(level);
    }

    /**
     * The bits of a present entry that must be 0.
     *
     * @param level its level, 1 to 5
     * @param leaf whether it maps a page
     * @param haw host address width, 12 to 52 bits
     * @return the mask: bit 7 at levels 4 and 5, address bits below a large page except PAT, and
     *     those above the width
     */
    public static long reservedBits(int level, boolean leaf, int haw) {
        long mask = PagingLevel.aboveWidth(haw);
        if (level >= 4) {
            mask |= PS.mask();
        } else if (leaf && level > 1) {
            mask |= PagingLevel.bytes(level) - 1 & ADDR.mask() & ~PAT_LARGE.mask();
        }
        return mask;
    }
}
