package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * A VMSAv8-64 stage 2 translation table descriptor: one 64-bit word. Table descriptors carry no
 * attributes at stage 2. The type bits and the address bits are those of {@link Stage1Descriptor}.
 *
 * <p>Source: the Arm A-profile architecture's VMSAv8-64, which IHI 0070 G.b sections 3.4, 3.13 and
 * 5.2 adopt; checked against Linux {@code io-pgtable-arm.c}.
 */
public final class Stage2Descriptor {
    /** The descriptor is valid. */
    public static final Field VALID = new Field("Valid", 0, 0, 1);

    /** Above level 3: 1 table, 0 block. At level 3: 1 page, 0 reserved and invalid. */
    public static final Field TABLE_OR_PAGE = new Field("Type", 0, 1, 1);

    /** Memory type; STE.S2FWB changes its meaning. */
    public static final Field MEMATTR = new Field("MemAttr", 0, 2, 4);

    /** Bit 0 allows reads, bit 1 allows writes. */
    public static final Field S2AP = new Field("S2AP", 0, 6, 2);

    /** Shareability. */
    public static final Field SH = new Field("SH", 0, 8, 2);

    /** Access flag. */
    public static final Field AF = new Field("AF", 0, 10, 1);

    /** Relation to invalidations with the XS attribute; ignored by the SMMU. */
    public static final Field FNXS = new Field("FnXS", 0, 11, 1);

    /** Output or next-level address bits [49:12]; the granule and level decide how many count. */
    public static final Field OA = new Field("OA", 0, 12, 38);

    /** Dirty bit modifier. */
    public static final Field DBM = new Field("DBM", 0, 51, 1);

    /** One of a run of entries that map contiguous memory. */
    public static final Field CONTIGUOUS = new Field("Contiguous", 0, 52, 1);

    /** Execute never; see the {@code XN_} values. */
    public static final Field XN = new Field("XN", 0, 53, 2);

    /** Free for software. */
    public static final Field SW = new Field("SW", 0, 55, 4);

    /** Page-based hardware attributes, bits [62:59]. */
    public static final Field PBHA = new Field("PBHA", 0, 59, 4);

    /** With 64 KB and 52-bit output: output address bits [51:48]. */
    public static final Field OA_51_48 = new Field("OA_51_48", 0, 12, 4);

    /** With STE.S2DS: output address bits [51:50]. */
    public static final Field OA_51_50 = new Field("OA_51_50", 0, 8, 2);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "VMSAv8-64 stage 2 descriptor",
                    "5.2",
                    1,
                    List.of(
                            VALID,
                            TABLE_OR_PAGE,
                            MEMATTR,
                            S2AP,
                            SH,
                            AF,
                            FNXS,
                            OA,
                            DBM,
                            CONTIGUOUS,
                            XN,
                            SW,
                            PBHA),
                    List.of(OA_51_48, OA_51_50));

    private Stage2Descriptor() {}

    /** S2AP bit that allows reads. */
    public static final int S2AP_READ = 0b01;

    /** S2AP bit that allows writes. */
    public static final int S2AP_WRITE = 0b10;

    /** XN: execution allowed at both privilege levels. */
    public static final int XN_NONE = 0b00;

    /** XN: unprivileged execution only (with SMMU_IDR3.XNX). */
    public static final int XN_PRIVILEGED = 0b01;

    /** XN: no execution. */
    public static final int XN_ALL = 0b10;

    /** XN: privileged execution only (with SMMU_IDR3.XNX). */
    public static final int XN_UNPRIVILEGED = 0b11;
}
