package org.opensva.vtd.layout;

import java.util.List;

/**
 * The root entry of scalable mode: the two context tables of one bus. 16 bytes, two 64-bit words:
 * word 0 for devices 0 to 15, word 1 for devices 16 to 31, with the same layout.
 *
 * <p>Source: section 9.2; positions as in VirtualBox {@code iommu-intel.h} and OpenVMM's transcript
 * of revision 4.1.
 */
public final class ScalableRootEntry {
    /** Lower present. */
    public static final Field LP = new Field("LP", 0, 0, 1);

    /** Address bits [63:12] of the lower context table. */
    public static final Field LCTP = new Field("LCTP", 0, 12, 52);

    /** Upper present. */
    public static final Field UP = new Field("UP", 1, 0, 1);

    /** Address bits [63:12] of the upper context table. */
    public static final Field UCTP = new Field("UCTP", 1, 12, 52);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Scalable-Mode Root Entry", "9.2", 2, List.of(LP, LCTP, UP, UCTP), List.of());

    private ScalableRootEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of an entry in bytes. */
    public static final int BYTES = 16;

    /**
     * The place of the half that serves a function.
     *
     * @param sourceId bus, device and function, 16 bits
     * @return bytes from the root table, 0 to 4088
     */
    public static int offset(int sourceId) {
        return (sourceId >>> 8 & 0xff) * BYTES + (sourceId >>> 7 & 1) * 8;
    }

    /**
     * Whether one half is present.
     *
     * @param half word 0 or word 1: both hold it at the same bit
     * @return LP or UP
     */
    public static boolean present(long half) {
        return LP.isSet(half);
    }

    /**
     * The context table of one half.
     *
     * @param half word 0 or word 1: both hold it at the same bits
     * @return a byte address, 4 KB aligned
     */
    public static long contextTable(long half) {
        return LCTP.address(half);
    }
}
