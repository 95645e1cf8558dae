package org.opensva.vtd.layout;

import java.util.List;

/**
 * The PASID directory entry: the PASID table of 64 PASIDs. 8 bytes, one 64-bit word.
 *
 * <p>Source: section 9.5; positions as in VirtualBox {@code iommu-intel.h} and Linux {@code
 * pasid.h}.
 */
public final class PasidDirectoryEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /** Address bits [63:12] of the PASID table. */
    public static final Field SMPTBLPTR = new Field("SMPTBLPTR", 0, 12, 52);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Scalable-Mode PASID Directory Entry",
                    "9.5",
                    1,
                    List.of(P, FPD, SMPTBLPTR),
                    List.of());

    private PasidDirectoryEntry() {}

    /** Length of an entry in bytes. */
    public static final int BYTES = 8;

    /**
     * The place of a PASID in the directory.
     *
     * @param pasid 0 to 2^20 - 1
     * @return bytes from the directory, 0 to 131064
     */
    public static int offset(int pasid) {
        return (pasid >>> 6) * BYTES;
    }

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
     * Whether qualified faults are not recorded.
     *
     * @param entry the entry
     * @return FPD
     */
    public static boolean faultsDisabled(long entry) {
        return FPD.isSet(entry);
    }

    /**
     * The PASID table.
     *
     * @param entry the entry
     * @return a byte address, 4 KB aligned
     */
    public static long pasidTable(long entry) {
        return SMPTBLPTR.address(entry);
    }
}
