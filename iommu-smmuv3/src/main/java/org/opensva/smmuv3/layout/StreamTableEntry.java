package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * The stream table entry (STE): what the SMMU does with one stream. 64 bytes, eight little-endian
 * 64-bit words.
 *
 * <p>Source: IHI 0070 G.b section 5.2, checked against Linux {@code arm-smmu-v3.h}. Fields of the
 * Secure and Realm tables are laid out so that a decoder can name them; a Non-secure stream table
 * has them RES0. Address fields hold address bits in place: use {@link Field#address(long)}.
 */
public final class StreamTableEntry {
    /** Entry valid; when 0 every other field is IGNORED and use of the entry is C_BAD_STE. */
    public static final Field V = new Field("V", 0, 0, 1);

    /** Which stages translate; see the {@code CONFIG_} values. */
    public static final Field CONFIG = new Field("Config", 0, 1, 3);

    /** Shape of the CD table; see the {@code S1FMT_} values. */
    public static final Field S1FMT = new Field("S1Fmt", 0, 4, 2);

    /** Address bits [55:6] of the CD or of the CD table. */
    public static final Field S1CONTEXTPTR = new Field("S1ContextPtr", 0, 6, 50);

    /** log2 of the number of CDs; 0 disables substreams. */
    public static final Field S1CDMAX = new Field("S1CDMax", 0, 59, 5);

    /** What a transaction without SubstreamID does; see the {@code S1DSS_} values. */
    public static final Field S1DSS = new Field("S1DSS", 1, 0, 2);

    /** Inner cacheability of CD fetches. */
    public static final Field S1CIR = new Field("S1CIR", 1, 2, 2);

    /** Outer cacheability of CD fetches. */
    public static final Field S1COR = new Field("S1COR", 1, 4, 2);

    /** Shareability of CD fetches. */
    public static final Field S1CSH = new Field("S1CSH", 1, 6, 2);

    /** Implementation defined use of stage 2 descriptor bit 59. */
    public static final Field S2HWU59 = new Field("S2HWU59", 1, 8, 1);

    /** Implementation defined use of stage 2 descriptor bit 60. */
    public static final Field S2HWU60 = new Field("S2HWU60", 1, 9, 1);

    /** Implementation defined use of stage 2 descriptor bit 61. */
    public static final Field S2HWU61 = new Field("S2HWU61", 1, 10, 1);

    /** Implementation defined use of stage 2 descriptor bit 62. */
    public static final Field S2HWU62 = new Field("S2HWU62", 1, 11, 1);

    /** Destructive read enable. */
    public static final Field DRE = new Field("DRE", 1, 12, 1);

    /** Contiguous hint: log2 of the span of identical entries. */
    public static final Field CONT = new Field("CONT", 1, 13, 4);

    /** Directed cache prefetch permitted. */
    public static final Field DCP = new Field("DCP", 1, 17, 1);

    /** Automatic PRI responses on overflow carry the PASID. */
    public static final Field PPAR = new Field("PPAR", 1, 18, 1);

    /** Similar event records may be merged. */
    public static final Field MEV = new Field("MEV", 1, 19, 1);

    /** Free for software; ignored by the SMMU. */
    public static final Field SW_RESERVED = new Field("SW_RESERVED", 1, 20, 4);

    /** CDs may enable stage 1 permission indirection. */
    public static final Field S1PIE = new Field("S1PIE", 1, 24, 1);

    /** Stage 2 forced write-back interpretation of MemAttr. */
    public static final Field S2FWB = new Field("S2FWB", 1, 25, 1);

    /** MPAM identifiers come from the CD. */
    public static final Field S1MPAM = new Field("S1MPAM", 1, 26, 1);

    /** CDs may not select the stall model. */
    public static final Field S1STALLD = new Field("S1STALLD", 1, 27, 1);

    /** What ATS is permitted; see the {@code EATS_} values. */
    public static final Field EATS = new Field("EATS", 1, 28, 2);

    /** StreamWorld control; see the {@code STRW_} values. */
    public static final Field STRW = new Field("STRW", 1, 30, 2);

    /** Memory type override, encoded as the stage 2 descriptor field. */
    public static final Field MEMATTR = new Field("MemAttr", 1, 32, 4);

    /** Replace the incoming memory type by MemAttr. */
    public static final Field MTCFG = new Field("MTCFG", 1, 36, 1);

    /** Allocation hint override. */
    public static final Field ALLOCCFG = new Field("ALLOCCFG", 1, 37, 4);

    /** Shareability override; see the {@code SHCFG_} values. */
    public static final Field SHCFG = new Field("SHCFG", 1, 44, 2);

    /** Non-secure attribute override (Secure and Realm streams). */
    public static final Field NSCFG = new Field("NSCFG", 1, 46, 2);

    /** Privilege override; see the {@code PRIVCFG_} values. */
    public static final Field PRIVCFG = new Field("PRIVCFG", 1, 48, 2);

    /** Instruction or data override; see the {@code INSTCFG_} values. */
    public static final Field INSTCFG = new Field("INSTCFG", 1, 50, 2);

    /** Implementation defined per-stream configuration, bits [127:116]. */
    public static final Field IMPDEF1 = new Field("IMPDEF1", 1, 52, 12);

    /** Virtual machine identifier that tags translations. */
    public static final Field S2VMID = new Field("S2VMID", 2, 0, 16);

    /** Implementation defined, bits [159:144]. */
    public static final Field IMPDEF2 = new Field("IMPDEF2", 2, 16, 16);

    /** 64 minus the stage 2 input size in bits. */
    public static final Field S2T0SZ = new Field("S2T0SZ", 2, 32, 6);

    /** Stage 2 starting level, low bits; the meaning depends on the granule. */
    public static final Field S2SL0 = new Field("S2SL0", 2, 38, 2);

    /** Inner cacheability of stage 2 walks. */
    public static final Field S2IR0 = new Field("S2IR0", 2, 40, 2);

    /** Outer cacheability of stage 2 walks. */
    public static final Field S2OR0 = new Field("S2OR0", 2, 42, 2);

    /** Shareability of stage 2 walks. */
    public static final Field S2SH0 = new Field("S2SH0", 2, 44, 2);

    /** Stage 2 granule, encoded as {@link Granule#tg0()}. */
    public static final Field S2TG = new Field("S2TG", 2, 46, 2);

    /** Stage 2 output size, encoded as {@link AddressSize}. */
    public static final Field S2PS = new Field("S2PS", 2, 48, 3);

    /** Stage 2 tables are VMSAv8-64. */
    public static final Field S2AA64 = new Field("S2AA64", 2, 51, 1);

    /** Stage 2 tables are big-endian. */
    public static final Field S2ENDI = new Field("S2ENDI", 2, 52, 1);

    /** Stage 2 Access flag faults are disabled. */
    public static final Field S2AFFD = new Field("S2AFFD", 2, 53, 1);

    /** Stage 1 walks to Device memory are stage 2 permission faults. */
    public static final Field S2PTW = new Field("S2PTW", 2, 54, 1);

    /** Hardware update of the stage 2 dirty state. */
    public static final Field S2HD = new Field("S2HD", 2, 55, 1);

    /** Hardware update of the stage 2 Access flag. */
    public static final Field S2HA = new Field("S2HA", 2, 56, 1);

    /** Stage 2 faults stall. */
    public static final Field S2S = new Field("S2S", 2, 57, 1);

    /** Stage 2 faults are recorded. */
    public static final Field S2R = new Field("S2R", 2, 58, 1);

    /** Hardware update of the Access flag in stage 2 table descriptors. */
    public static final Field S2HAFT = new Field("S2HAFT", 2, 59, 1);

    /** Stage 2 permission indirection. */
    public static final Field S2PIE = new Field("S2PIE", 2, 60, 1);

    /** Stage 2 permission overlays. */
    public static final Field S2POE = new Field("S2POE", 2, 61, 1);

    /** VMID match required by device permission table checks. */
    public static final Field DPT_VMATCH = new Field("DPT_VMATCH", 2, 62, 2);

    /** NS of stage 2 walks for the Non-secure IPA space (Secure streams). */
    public static final Field S2NSW = new Field("S2NSW", 3, 0, 1);

    /** NS output for the Non-secure IPA space (Secure streams). */
    public static final Field S2NSA = new Field("S2NSA", 3, 1, 1);

    /** Bit 2 of the stage 2 starting level, used with S2DS and 4 KB. */
    public static final Field S2SL0_2 = new Field("S2SL0_2", 3, 2, 1);

    /** 52-bit addresses with 4 KB and 16 KB granules at stage 2. */
    public static final Field S2DS = new Field("S2DS", 3, 3, 1);

    /** Address bits [55:4] of the stage 2 table. */
    public static final Field S2TTB = new Field("S2TTB", 3, 4, 52);

    /** Levels skipped by the first stage 2 lookup (VMSAv9-128). */
    public static final Field S2SKL = new Field("S2SKL", 3, 61, 2);

    /** Implementation defined, bits [271:256]. */
    public static final Field IMPDEF4 = new Field("IMPDEF4", 4, 0, 16);

    /** MPAM partition. */
    public static final Field PARTID = new Field("PARTID", 4, 16, 16);

    /** S2T0SZ of the Secure IPA space. */
    public static final Field S_S2T0SZ = new Field("S_S2T0SZ", 4, 32, 6);

    /** S2SL0 of the Secure IPA space. */
    public static final Field S_S2SL0 = new Field("S_S2SL0", 4, 38, 2);

    /** S2TG of the Secure IPA space. */
    public static final Field S_S2TG = new Field("S_S2TG", 4, 46, 2);

    /** Memory encryption context (Realm streams). */
    public static final Field MECID = new Field("MECID", 4, 48, 16);

    /** MPAM performance monitoring group. */
    public static final Field PMG = new Field("PMG", 5, 0, 8);

    /** MPAM identifiers are in the Non-secure space. */
    public static final Field MPAM_NS = new Field("MPAM_NS", 5, 8, 1);

    /** Stage 2 AssuredOnly checks are enabled. */
    public static final Field ASSUREDONLY = new Field("AssuredOnly", 5, 9, 1);

    /** Stage 2 TopLevel 0 check. */
    public static final Field TL0 = new Field("TL0", 5, 10, 1);

    /** Stage 2 TopLevel 1 check. */
    public static final Field TL1 = new Field("TL1", 5, 11, 1);

    /** Address bits [55:12] of the virtual machine structure. */
    public static final Field VMSPTR = new Field("VMSPtr", 5, 12, 44);

    /** NS of stage 2 walks for the Secure IPA space. */
    public static final Field S2SW = new Field("S2SW", 6, 0, 1);

    /** NS output for the Secure IPA space. */
    public static final Field S2SA = new Field("S2SA", 6, 1, 1);

    /** Bit 2 of S_S2SL0. */
    public static final Field S_S2SL0_2 = new Field("S_S2SL0_2", 6, 2, 1);

    /** Address bits [55:4] of the Secure stage 2 table. */
    public static final Field S_S2TTB = new Field("S_S2TTB", 6, 4, 52);

    /** Levels skipped by the first Secure stage 2 lookup. */
    public static final Field S_S2SKL = new Field("S_S2SKL", 6, 61, 2);

    /** Sixteen 4-bit stage 2 overlay permissions, entry p at bits [4p+3:4p]. */
    public static final Field S2POI = new Field("S2POI", 7, 0, 64);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "STE",
                    "5.2",
                    8,
                    List.of(
                            V,
                            CONFIG,
                            S1FMT,
                            S1CONTEXTPTR,
                            S1CDMAX,
                            S1DSS,
                            S1CIR,
                            S1COR,
                            S1CSH,
                            S2HWU59,
                            S2HWU60,
                            S2HWU61,
                            S2HWU62,
                            DRE,
                            CONT,
                            DCP,
                            PPAR,
                            MEV,
                            SW_RESERVED,
                            S1PIE,
                            S2FWB,
                            S1MPAM,
                            S1STALLD,
                            EATS,
                            STRW,
                            MEMATTR,
                            MTCFG,
                            ALLOCCFG,
                            SHCFG,
                            NSCFG,
                            PRIVCFG,
                            INSTCFG,
                            IMPDEF1,
                            S2VMID,
                            IMPDEF2,
                            S2T0SZ,
                            S2SL0,
                            S2IR0,
                            S2OR0,
                            S2SH0,
                            S2TG,
                            S2PS,
                            S2AA64,
                            S2ENDI,
                            S2AFFD,
                            S2PTW,
                            S2HD,
                            S2HA,
                            S2S,
                            S2R,
                            S2HAFT,
                            S2PIE,
                            S2POE,
                            DPT_VMATCH,
                            S2NSW,
                            S2NSA,
                            S2SL0_2,
                            S2DS,
                            S2TTB,
                            S2SKL,
                            IMPDEF4,
                            PARTID,
                            S_S2T0SZ,
                            S_S2SL0,
                            S_S2TG,
                            MECID,
                            PMG,
                            MPAM_NS,
                            ASSUREDONLY,
                            TL0,
                            TL1,
                            VMSPTR,
                            S2SW,
                            S2SA,
                            S_S2SL0_2,
                            S_S2TTB,
                            S_S2SKL,
                            S2POI),
                    List.of());

    private StreamTableEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 8;

    /** Length of an entry in bytes. */
    public static final int BYTES = 64;

    /** Config: abort silently; 0b001 to 0b011 are reserved and behave the same. */
    public static final int CONFIG_ABORT = 0b000;

    /** Config: both stages bypassed. */
    public static final int CONFIG_BYPASS = 0b100;

    /** Config: stage 1 translates, stage 2 is bypassed. */
    public static final int CONFIG_S1 = 0b101;

    /** Config: stage 1 is bypassed, stage 2 translates. */
    public static final int CONFIG_S2 = 0b110;

    /** Config: both stages translate. */
    public static final int CONFIG_NESTED = 0b111;

    /** Config bit that enables stage 1 once {@link #CONFIG_PASS_BIT} is set. */
    public static final int CONFIG_STAGE1_BIT = 0b001;

    /** Config bit that enables stage 2 once {@link #CONFIG_PASS_BIT} is set. */
    public static final int CONFIG_STAGE2_BIT = 0b010;

    /** Config bit without which no traffic passes. */
    public static final int CONFIG_PASS_BIT = 0b100;

    /** S1Fmt: one array of CDs; 0b11 is reserved and behaves the same. */
    public static final int S1FMT_LINEAR = 0b00;

    /** S1Fmt: two levels, 4 KB leaf tables of 64 CDs. */
    public static final int S1FMT_4K_L2 = 0b01;

    /** S1Fmt: two levels, 64 KB leaf tables of 1024 CDs. */
    public static final int S1FMT_64K_L2 = 0b10;

    /** S1DSS: terminate; 0b11 is reserved and behaves the same. */
    public static final int S1DSS_TERMINATE = 0b00;

    /** S1DSS: bypass stage 1. */
    public static final int S1DSS_BYPASS = 0b01;

    /** S1DSS: use CD 0, which is then closed to SubstreamID 0. */
    public static final int S1DSS_SSID0 = 0b10;

    /** EATS: translation requests are refused. */
    public static final int EATS_DISABLED = 0b00;

    /** EATS: requests are translated by all enabled stages. */
    public static final int EATS_FULL = 0b01;

    /** EATS: requests return the IPA, translated traffic passes stage 2. */
    public static final int EATS_SPLIT = 0b10;

    /** EATS: full ATS with device permission table checks. */
    public static final int EATS_DPT = 0b11;

    /** STRW: NS-EL1. */
    public static final int STRW_EL1 = 0b00;

    /** STRW: EL2, or EL2-E2H when CR2.E2H is 1. */
    public static final int STRW_EL2 = 0b10;

    /** SHCFG: non-shareable. */
    public static final int SHCFG_NON_SHAREABLE = 0b00;

    /** SHCFG: use the incoming attribute. */
    public static final int SHCFG_INCOMING = 0b01;

    /** SHCFG: outer shareable. */
    public static final int SHCFG_OUTER = 0b10;

    /** SHCFG: inner shareable. */
    public static final int SHCFG_INNER = 0b11;

    /** PRIVCFG: use the incoming attribute; 0b01 is reserved and behaves the same. */
    public static final int PRIVCFG_INCOMING = 0b00;

    /** PRIVCFG: unprivileged. */
    public static final int PRIVCFG_UNPRIVILEGED = 0b10;

    /** PRIVCFG: privileged. */
    public static final int PRIVCFG_PRIVILEGED = 0b11;

    /** INSTCFG: use the incoming attribute; 0b01 is reserved and behaves the same. */
    public static final int INSTCFG_INCOMING = 0b00;

    /** INSTCFG: data. */
    public static final int INSTCFG_DATA = 0b10;

    /** INSTCFG: instruction, for reads only. */
    public static final int INSTCFG_INSTRUCTION = 0b11;

    /**
     * Whether the entry is valid.
     *
     * @param w0 word 0
     * @return V
     */
    public static boolean valid(long w0) {
        return V.isSet(w0);
    }

    /**
     * Which stages translate.
     *
     * @param w0 word 0
     * @return Config, 0 to 7
     */
    public static int config(long w0) {
        return (int) CONFIG.get(w0);
    }

    /**
     * The address of the CD or CD table.
     *
     * @param w0 word 0
     * @return a byte address, 64-byte aligned; an IPA when stage 2 translates
     */
    public static long s1ContextPtr(long w0) {
        return S1CONTEXTPTR.address(w0);
    }

    /**
     * The number of SubstreamID bits in use.
     *
     * @param w0 word 0
     * @return S1CDMax, 0 to 31
     */
    public static int s1CdMax(long w0) {
        return (int) S1CDMAX.get(w0);
    }

    /**
     * The virtual machine identifier.
     *
     * @param w2 word 2
     * @return S2VMID, 0 to 65535
     */
    public static int s2Vmid(long w2) {
        return (int) S2VMID.get(w2);
    }

    /**
     * The stage 2 table base, before it is aligned to the size of the table.
     *
     * @param w3 word 3
     * @return a byte address, 16-byte aligned
     */
    public static long s2Ttb(long w3) {
        return S2TTB.address(w3);
    }
}
