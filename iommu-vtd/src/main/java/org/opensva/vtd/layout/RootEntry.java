package org.opensva.vtd.layout;

import java.util.List;

/**
 * The root entry of legacy mode: the context table of one bus. 16 bytes, two 64-bit words; word 1
 * is reserved.
 *
 * <p>Source: section 9.1; positions as in VirtualBox {@code iommu-intel.h} and QEMU {@code
 * intel_iommu_internal.h}.
 */
public final class RootEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Address bits [63:12] of the context table. */
    public static final Field CTP = new Field("CTP", 0, 12, 52);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure("Root Entry", "9.1", 2, List.of(P, CTP), List.of());

    private RootEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of an entry in bytes. */
    public static final int BYTES = 16;

    /** Entries of the table: one a bus. */
    public static final int ENTRIES = 256;

    /**
     * The place of a bus in the root table, in both modes.
     *
     * @param sourceId bus, device and function, 16 bits
     * @return bytes from the root table, 0 to 4080
     */
    public static int offset(int sourceId) {
        return (sourceId >>> 8 & 0xff) * BYTES;
    }

    /**
     * Whether the entry is present.
     *
     * @param w0 word 0
     * @return P
     */
    public static boolean present(long w0) {
        return P.isSet(w0);
    }

    /**
     * The context table.
     *
     * @param w0 word 0
     * @return a byte address, 4 KB aligned
     */
    public static long contextTable(long w0) {
        return CTP.address(w0);
    }
}
