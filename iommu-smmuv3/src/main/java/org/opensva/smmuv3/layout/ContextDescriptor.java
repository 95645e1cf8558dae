package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * The context descriptor (CD): stage 1 translation for one stream or substream. 64 bytes, eight
 * little-endian 64-bit words.
 *
 * <p>Source: IHI 0070 G.b section 5.4, checked against Linux {@code arm-smmu-v3.h}. With 128-bit
 * descriptors (SMMU_IDR5.D128) DisCH0/1 replace HAD0/1 and SKL0/1 replace HWU0/1 [62:61]; those are
 * the overlays of {@link #STRUCTURE}.
 */
public final class ContextDescriptor {
    /** 64 minus the size in bits of the TTB0 region. */
    public static final Field T0SZ = new Field("T0SZ", 0, 0, 6);

    /** Granule of TTB0, encoded as {@link Granule#tg0()}. */
    public static final Field TG0 = new Field("TG0", 0, 6, 2);

    /** Inner cacheability of TTB0 walks. */
    public static final Field IR0 = new Field("IR0", 0, 8, 2);

    /** Outer cacheability of TTB0 walks. */
    public static final Field OR0 = new Field("OR0", 0, 10, 2);

    /** Shareability of TTB0 walks. */
    public static final Field SH0 = new Field("SH0", 0, 12, 2);

    /** No walks through TTB0. */
    public static final Field EPD0 = new Field("EPD0", 0, 14, 1);

    /** Tables are big-endian. */
    public static final Field ENDI = new Field("ENDI", 0, 15, 1);

    /** 64 minus the size in bits of the TTB1 region. */
    public static final Field T1SZ = new Field("T1SZ", 0, 16, 6);

    /** Granule of TTB1, encoded as {@link Granule#tg1()}. */
    public static final Field TG1 = new Field("TG1", 0, 22, 2);

    /** Inner cacheability of TTB1 walks. */
    public static final Field IR1 = new Field("IR1", 0, 24, 2);

    /** Outer cacheability of TTB1 walks. */
    public static final Field OR1 = new Field("OR1", 0, 26, 2);

    /** Shareability of TTB1 walks. */
    public static final Field SH1 = new Field("SH1", 0, 28, 2);

    /** No walks through TTB1. */
    public static final Field EPD1 = new Field("EPD1", 0, 30, 1);

    /** Descriptor valid; when 0 use of it is C_BAD_CD. */
    public static final Field V = new Field("V", 0, 31, 1);

    /** Stage 1 output size, encoded as {@link AddressSize}. */
    public static final Field IPS = new Field("IPS", 0, 32, 3);

    /** Access flag faults are disabled. */
    public static final Field AFFD = new Field("AFFD", 0, 35, 1);

    /** Writable pages are never executable. */
    public static final Field WXN = new Field("WXN", 0, 36, 1);

    /** Unprivileged-writable pages are never privileged-executable (VMSAv8-32). */
    public static final Field UWXN = new Field("UWXN", 0, 37, 1);

    /** The top byte of TTB0 addresses is ignored. */
    public static final Field TBI0 = new Field("TBI0", 0, 38, 1);

    /** The top byte of TTB1 addresses is ignored. */
    public static final Field TBI1 = new Field("TBI1", 0, 39, 1);

    /** Privileged access never to unprivileged pages. */
    public static final Field PAN = new Field("PAN", 0, 40, 1);

    /** Tables are VMSAv8-64. */
    public static final Field AA64 = new Field("AA64", 0, 41, 1);

    /** Hardware update of the dirty state. */
    public static final Field HD = new Field("HD", 0, 42, 1);

    /** Hardware update of the Access flag. */
    public static final Field HA = new Field("HA", 0, 43, 1);

    /** Faults stall. */
    public static final Field S = new Field("S", 0, 44, 1);

    /** Faults are recorded. */
    public static final Field R = new Field("R", 0, 45, 1);

    /** Terminated transactions abort; 0 completes them as RAZ/WI. */
    public static final Field A = new Field("A", 0, 46, 1);

    /** The ASID is not shared with the processors. */
    public static final Field ASET = new Field("ASET", 0, 47, 1);

    /** Address space identifier. */
    public static final Field ASID = new Field("ASID", 0, 48, 16);

    /** NS of the first TTB0 fetch (Secure streams). */
    public static final Field NSCFG0 = new Field("NSCFG0", 1, 0, 1);

    /** Hierarchical attributes of TTB0 are disabled. */
    public static final Field HAD0 = new Field("HAD0", 1, 1, 1);

    /** With D128: the Contiguous bit of the first TTB0 level is ignored. */
    public static final Field DISCH0 = new Field("DisCH0", 1, 1, 1);

    /** Unprivileged access through TTB0 is a translation fault. */
    public static final Field E0PD0 = new Field("E0PD0", 1, 2, 1);

    /** Hardware update of the Access flag in table descriptors. */
    public static final Field HAFT = new Field("HAFT", 1, 3, 1);

    /** Address bits [55:4] of table 0. */
    public static final Field TTB0 = new Field("TTB0", 1, 4, 52);

    /** Bit 52 of block and page descriptors is Protected, not Contiguous. */
    public static final Field PNCH = new Field("PnCH", 1, 58, 1);

    /** Enhanced PAN. */
    public static final Field EPAN = new Field("EPAN", 1, 59, 1);

    /** Implementation defined use of TTB0 descriptor bit 59. */
    public static final Field HWU059 = new Field("HWU059", 1, 60, 1);

    /** Implementation defined use of TTB0 descriptor bit 60. */
    public static final Field HWU060 = new Field("HWU060", 1, 61, 1);

    /** Implementation defined use of TTB0 descriptor bit 61. */
    public static final Field HWU061 = new Field("HWU061", 1, 62, 1);

    /** Implementation defined use of TTB0 descriptor bit 62. */
    public static final Field HWU062 = new Field("HWU062", 1, 63, 1);

    /** With D128: levels skipped by the first TTB0 lookup. */
    public static final Field SKL0 = new Field("SKL0", 1, 62, 2);

    /** NS of the first TTB1 fetch (Secure streams). */
    public static final Field NSCFG1 = new Field("NSCFG1", 2, 0, 1);

    /** Hierarchical attributes of TTB1 are disabled. */
    public static final Field HAD1 = new Field("HAD1", 2, 1, 1);

    /** With D128: the Contiguous bit of the first TTB1 level is ignored. */
    public static final Field DISCH1 = new Field("DisCH1", 2, 1, 1);

    /** Unprivileged access through TTB1 is a translation fault. */
    public static final Field E0PD1 = new Field("E0PD1", 2, 2, 1);

    /** AttrIndx has four bits. */
    public static final Field AIE = new Field("AIE", 2, 3, 1);

    /** Address bits [55:4] of table 1. */
    public static final Field TTB1 = new Field("TTB1", 2, 4, 52);

    /** 52-bit addresses with 4 KB and 16 KB granules. */
    public static final Field DS = new Field("DS", 2, 58, 1);

    /** Stage 1 permission indirection. */
    public static final Field PIE = new Field("PIE", 2, 59, 1);

    /** Implementation defined use of TTB1 descriptor bit 59. */
    public static final Field HWU159 = new Field("HWU159", 2, 60, 1);

    /** Implementation defined use of TTB1 descriptor bit 60. */
    public static final Field HWU160 = new Field("HWU160", 2, 61, 1);

    /** Implementation defined use of TTB1 descriptor bit 61. */
    public static final Field HWU161 = new Field("HWU161", 2, 62, 1);

    /** Implementation defined use of TTB1 descriptor bit 62. */
    public static final Field HWU162 = new Field("HWU162", 2, 63, 1);

    /** With D128: levels skipped by the first TTB1 lookup. */
    public static final Field SKL1 = new Field("SKL1", 2, 62, 2);

    /** Memory attributes 0 to 3, one byte each. */
    public static final Field MAIR0 = new Field("MAIR0", 3, 0, 32);

    /** Memory attributes 4 to 7, one byte each. */
    public static final Field MAIR1 = new Field("MAIR1", 3, 32, 32);

    /** Auxiliary memory attributes 0 to 3. */
    public static final Field AMAIR0 = new Field("AMAIR0", 4, 0, 32);

    /** Auxiliary memory attributes 4 to 7. */
    public static final Field AMAIR1 = new Field("AMAIR1", 4, 32, 32);

    /** Implementation defined, bits [351:320]. */
    public static final Field IMPDEF5 = new Field("IMPDEF5", 5, 0, 32);

    /** MPAM partition. */
    public static final Field PARTID = new Field("PARTID", 5, 32, 16);

    /** MPAM performance monitoring group. */
    public static final Field PMG = new Field("PMG", 5, 48, 8);

    /** Sixteen 3-bit unprivileged permissions, entry p at bits [3p+2:3p]. */
    public static final Field PIIU = new Field("PIIU", 6, 0, 48);

    /** Sixteen 3-bit privileged permissions, entry p at bits [3p+2:3p]. */
    public static final Field PIIP = new Field("PIIP", 7, 0, 48);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "CD",
                    "5.4",
                    8,
                    List.of(
                            T0SZ, TG0, IR0, OR0, SH0, EPD0, ENDI, T1SZ, TG1, IR1, OR1, SH1, EPD1, V,
                            IPS, AFFD, WXN, UWXN, TBI0, TBI1, PAN, AA64, HD, HA, S, R, A, ASET,
                            ASID, NSCFG0, HAD0, E0PD0, HAFT, TTB0, PNCH, EPAN, HWU059, HWU060,
                            HWU061, HWU062, NSCFG1, HAD1, E0PD1, AIE, TTB1, DS, PIE, HWU159, HWU160,
                            HWU161, HWU162, MAIR0, MAIR1, AMAIR0, AMAIR1, IMPDEF5, PARTID, PMG,
                            PIIU, PIIP),
                    List.of(DISCH0, SKL0, DISCH1, SKL1));

    private ContextDescriptor() {}

    /** Length of a descriptor in 64-bit words. */
    public static final int WORDS = 8;

    /** Length of a descriptor in bytes. */
    public static final int BYTES = 64;

    /** log2 of the CDs in a 4 KB leaf table ({@link StreamTableEntry#S1FMT_4K_L2}). */
    public static final int SPLIT_4K = 6;

    /** log2 of the CDs in a 64 KB leaf table ({@link StreamTableEntry#S1FMT_64K_L2}). */
    public static final int SPLIT_64K = 10;

    /**
     * Whether the descriptor is valid.
     *
     * @param w0 word 0
     * @return V
     */
    public static boolean valid(long w0) {
        return V.isSet(w0);
    }

    /**
     * The address space identifier.
     *
     * @param w0 word 0
     * @return ASID, 0 to 65535
     */
    public static int asid(long w0) {
        return (int) ASID.get(w0);
    }

    /**
     * A table base, before it is aligned to the size of the table.
     *
     * @param word word 1 for TTB0, word 2 for TTB1: both hold it at the same bits
     * @return a byte address, 16-byte aligned
     */
    public static long ttb(long word) {
        return TTB0.address(word);
    }

    /**
     * One byte of the memory attribute indirection register.
     *
     * @param w3 word 3, {MAIR1, MAIR0}
     * @param index AttrIndx; 8 to 15 (with AIE) select byte 7
     * @return the attribute, 0 to 255
     */
    public static int mairAttribute(long w3, int index) {
        return (int) (w3 >>> (8 * Math.min(index, 7))) & 0xff;
    }
}
