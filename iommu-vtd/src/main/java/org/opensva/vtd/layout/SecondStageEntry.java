package org.opensva.vtd.layout;

import java.util.List;

/**
 * A second-stage paging entry: one 64-bit word. An entry with R and W 0 is not present.
 *
 * <p>Source: section 9.8; positions as in VirtualBox {@code iommu-intel.h} and QEMU {@code
 * intel_iommu_internal.h}. Bits [10], [61:52] and [63] are ignored, above the leaf also [6:3] and
 * [9]. SNP is a field of legacy mode with ECAP.SC and reserved otherwise. The overlay of {@link
 * #STRUCTURE} is a field of older revisions; its bit is reserved now.
 */
public final class SecondStageEntry {
    /** Reads are allowed. */
    public static final Field R = new Field("R", 0, 0, 1);

    /** Writes are allowed. */
    public static final Field W = new Field("W", 0, 1, 1);

    /** Execute; ignored since revision 4.0. */
    public static final Field X = new Field("X", 0, 2, 1);

    /** Leaf: extended memory type. */
    public static final Field EMT = new Field("EMT", 0, 3, 3);

    /** Leaf: ignore the first-stage memory type. */
    public static final Field IPAT = new Field("IPAT", 0, 6, 1);

    /** Page size: a leaf at level 2 or 3; ignored at level 1, reserved above 3. */
    public static final Field PS = new Field("PS", 0, 7, 1);

    /** Accessed; ignored unless SSADE is set. */
    public static final Field A = new Field("A", 0, 8, 1);

    /** Leaf: Dirty; ignored unless SSADE is set. */
    public static final Field D = new Field("D", 0, 9, 1);

    /** Legacy mode: accesses to the page snoop. */
    public static final Field SNP = new Field("SNP", 0, 11, 1);

    /** Address bits [51:12] of the page or the next table. */
    public static final Field ADDR = new Field("ADDR", 0, 12, 40);

    /** Transient mapping, for device-TLBs. */
    public static final Field TM = new Field("TM", 0, 62, 1);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Second-Stage Paging Entry",
                    "9.8",
                    1,
                    List.of(R, W, X, EMT, IPAT, PS, A, D, SNP, ADDR),
                    List.of(TM));

    private SecondStageEntry() {}

    /**
     * Whether the entry is present.
     *
     * @param entry the entry
     * @return true if it allows reads or writes
     */
    public static boolean present(long entry) {
        return (entry & (R.mask() | W.mask())) != 0;
    }

    /**
     * Whether the entry allows reads.
     *
     * @param entry the entry
     * @return R
     */
    public static boolean readable(long entry) {
        return R.isSet(entry);
    }

    /**
     * Whether the entry allows writes.
     *
     * @param entry the entry
     * @return W
     */
    public static boolean writable(long entry) {
        return W.isSet(entry);
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
     * The bits of a present entry that must be 0. Whether a large page is allowed at all is
     * CAP.SSLPS; without it PS is reserved too.
     *
     * @param level its level, 1 to 5
     * @param leaf whether it maps a page
     * @param haw host address width, 12 to 52 bits
     * @param snoopControl whether SNP of a leaf counts: legacy mode with ECAP.SC
     * @return the mask: bits 11 and 62, PS at levels 4 and 5, address bits below a large page and
     *     above the width
     */
    public static long reservedBits(int level, boolean leaf, int haw, boolean snoopControl) {
        long mask = PagingLevel.aboveWidth(haw) | TM.mask();
        if (!leaf || !snoopControl) {
            mask |= SNP.mask();
        }
        if (level >= 4) {
            mask |= PS.mask();
        } else if (leaf && level > 1) {
            mask |= PagingLevel.bytes(level) - 1 & ADDR.mask();
        }
        return mask;
    }
}
