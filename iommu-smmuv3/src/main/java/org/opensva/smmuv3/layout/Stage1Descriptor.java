package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * A VMSAv8-64 stage 1 translation table descriptor: one 64-bit word.
 *
 * <p>Source: the Arm A-profile architecture's VMSAv8-64, which IHI 0070 G.b sections 3.4, 3.13 and
 * 5.4 adopt; checked against Linux {@code io-pgtable-arm.c}. The overlays of {@link #STRUCTURE} are
 * the attributes of table descriptors and the bits that carry address bits instead of attributes:
 * {@link #SH} holds output address bits [51:50] when CD.DS is 1 with 4 KB or 16 KB, and bits
 * [15:12] hold output address bits [51:48] with 64 KB and a 52-bit output.
 */
public final class Stage1Descriptor {
    /** The descriptor is valid. */
    public static final Field VALID = new Field("Valid", 0, 0, 1);

    /** Above level 3: 1 table, 0 block. At level 3: 1 page, 0 reserved and invalid. */
    public static final Field TABLE_OR_PAGE = new Field("Type", 0, 1, 1);

    /** Index into MAIR. */
    public static final Field ATTRINDX = new Field("AttrIndx", 0, 2, 3);

    /** Output to the Non-secure space (Secure streams). */
    public static final Field NS = new Field("NS", 0, 5, 1);

    /** AP[2:1]: bit 0 allows unprivileged access, bit 1 denies writes. */
    public static final Field AP = new Field("AP", 0, 6, 2);

    /** Shareability. */
    public static final Field SH = new Field("SH", 0, 8, 2);

    /** Access flag. */
    public static final Field AF = new Field("AF", 0, 10, 1);

    /** Not global: the translation belongs to the ASID. */
    public static final Field NG = new Field("nG", 0, 11, 1);

    /** Output or next-level address bits [49:12]; the granule and level decide how many count. */
    public static final Field OA = new Field("OA", 0, 12, 38);

    /** Guarded page; ignored by the SMMU. */
    public static final Field GP = new Field("GP", 0, 50, 1);

    /** Dirty bit modifier. */
    public static final Field DBM = new Field("DBM", 0, 51, 1);

    /** One of a run of entries that map contiguous memory. */
    public static final Field CONTIGUOUS = new Field("Contiguous", 0, 52, 1);

    /** Privileged execute never; with only one privilege level, reserved. */
    public static final Field PXN = new Field("PXN", 0, 53, 1);

    /** Unprivileged execute never, or XN with only one privilege level. */
    public static final Field UXN = new Field("UXN", 0, 54, 1);

    /** Free for software. */
    public static final Field SW = new Field("SW", 0, 55, 4);

    /** Page-based hardware attributes, bits [62:59]. */
    public static final Field PBHA = new Field("PBHA", 0, 59, 4);

    /** With CD.AIE: bit 3 of AttrIndx. */
    public static final Field ATTRINDX3 = new Field("AttrIndx3", 0, 59, 1);

    /** With 64 KB and 52-bit output: output address bits [51:48]. */
    public static final Field OA_51_48 = new Field("OA_51_48", 0, 12, 4);

    /** With CD.DS: output address bits [51:50]. */
    public static final Field OA_51_50 = new Field("OA_51_50", 0, 8, 2);

    /** Table descriptor: no privileged execution below. */
    public static final Field PXNTABLE = new Field("PXNTable", 0, 59, 1);

    /** Table descriptor: no unprivileged execution below. */
    public static final Field UXNTABLE = new Field("UXNTable", 0, 60, 1);

    /** Table descriptor: bit 0 denies unprivileged access below, bit 1 denies writes below. */
    public static final Field APTABLE = new Field("APTable", 0, 61, 2);

    /** Table descriptor: lower levels are Non-secure (Secure streams). */
    public static final Field NSTABLE = new Field("NSTable", 0, 63, 1);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "VMSAv8-64 stage 1 descriptor",
                    "5.4",
                    1,
                    List.of(
                            VALID,
                            TABLE_OR_PAGE,
                            ATTRINDX,
                            NS,
                            AP,
                            SH,
                            AF,
                            NG,
                            OA,
                            GP,
                            DBM,
                            CONTIGUOUS,
                            PXN,
                            UXN,
                            SW,
                            PBHA),
                    List.of(ATTRINDX3, OA_51_48, OA_51_50, PXNTABLE, UXNTABLE, APTABLE, NSTABLE));

    private Stage1Descriptor() {}

    /** AP bit that allows unprivileged access. */
    public static final int AP_UNPRIVILEGED = 0b01;

    /** AP bit that denies writes. */
    public static final int AP_READ_ONLY = 0b10;

    /** APTable bit that denies unprivileged access at lower levels. */
    public static final int AP_TABLE_NO_UNPRIVILEGED = 0b01;

    /** APTable bit that denies writes at lower levels. */
    public static final int AP_TABLE_READ_ONLY = 0b10;

    /**
     * Whether the descriptor points to a next-level table.
     *
     * @param descriptor a descriptor read at {@code level}
     * @param level lookup level, -1 to 3
     * @return true for a table
     */
    public static boolean isTable(long descriptor, int level) {
        return level < 3 && (descriptor & 0b11) == 0b11;
    }

    /**
     * Whether the descriptor is a page, which is only defined at level 3.
     *
     * @param descriptor a descriptor read at {@code level}
     * @param level lookup level, -1 to 3
     * @return true for a page
     */
    public static boolean isPage(long descriptor, int level) {
        return level == 3 && (descriptor & 0b11) == 0b11;
    }

    /**
     * Whether the descriptor has the type of a block. Whether a block may stand at the level is
     * {@link Granule#blockAllowed}.
     *
     * @param descriptor a descriptor read at {@code level}
     * @param level lookup level, -1 to 3
     * @return true for a block
     */
    public static boolean isBlock(long descriptor, int level) {
        return level < 3 && (descriptor & 0b11) == 0b01;
    }
}
