package org.opensva.vtd.layout;

import java.util.List;

/**
 * The interrupt remapping table entry (IRTE) for posted interrupts: IM is 1. 16 bytes, two 64-bit
 * words.
 *
 * <p>Source: section 9.11; positions as in Linux {@code include/linux/dmar.h}, which is the only
 * source.
 */
public final class PostedInterruptEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /** For software. */
    public static final Field AVAIL = new Field("AVAIL", 0, 8, 4);

    /** Urgent: notify even if notification is suppressed. */
    public static final Field URG = new Field("URG", 0, 14, 1);

    /** Mode: 0 remapped, 1 posted. */
    public static final Field IM = new Field("IM", 0, 15, 1);

    /** Vector to post. */
    public static final Field V = new Field("V", 0, 16, 8);

    /** Address bits [31:6] of the posted interrupt descriptor. */
    public static final Field PDAL = new Field("PDAL", 0, 38, 26);

    /** Source id, or start and end bus in bits [15:8] and [7:0]. */
    public static final Field SID = new Field("SID", 1, 0, 16);

    /** Source id qualifier; see {@link FunctionMask}. */
    public static final Field SQ = new Field("SQ", 1, 16, 2);

    /** Source validation type; see the {@code SVT_} values. */
    public static final Field SVT = new Field("SVT", 1, 18, 2);

    /** Address bits [63:32] of the posted interrupt descriptor. */
    public static final Field PDAH = new Field("PDAH", 1, 32, 32);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "IRTE (posted)",
                    "9.11",
                    2,
                    List.of(P, FPD, AVAIL, URG, IM, V, PDAL, SID, SQ, SVT, PDAH),
                    List.of());

    private PostedInterruptEntry() {}

    /**
     * The posted interrupt descriptor.
     *
     * @param w0 word 0
     * @param w1 word 1
     * @return a byte address, 64-byte aligned
     */
    public static long descriptor(long w0, long w1) {
        return PDAH.get(w1) << 32 | PDAL.get(w0) << 6;
    }

    /**
     * The bits of word 0 that hold a descriptor address.
     *
     * @param address byte address, 64-byte aligned
     * @return PDAL in place
     */
    public static long placeLow(long address) {
        return PDAL.place(address >>> 6);
    }

    /**
     * The bits of word 1 that hold a descriptor address.
     *
     * @param address byte address
     * @return PDAH in place
     */
    public static long placeHigh(long address) {
        return PDAH.place(address >>> 32);
    }

    /**
     * The bits of one word that must be 0.
     *
     * @param word 0 or 1
     * @return the mask
     */
    public static long reservedBits(int word) {
        return word == 0 ? 0x0000_003f_ff00_30fcL : 0x0000_0000_fff0_0000L;
    }
}
