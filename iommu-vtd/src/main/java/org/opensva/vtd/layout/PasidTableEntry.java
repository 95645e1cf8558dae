package org.opensva.vtd.layout;

import java.util.List;

/**
 * The PASID table entry: the translation of one PASID. 64 bytes, eight 64-bit words; words 3 to 7
 * are reserved.
 *
 * <p>Source: section 9.6; positions as in VirtualBox {@code iommu-intel.h}, Linux {@code pasid.h}
 * and OpenVMM's transcript of revision 4.1. The overlays of {@link #STRUCTURE} are the fields of
 * revision 3 that revision 4.1 reserves; NXE and SMEP of revision 3 are ignored now.
 */
public final class PasidTableEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /** Width of the second-stage table; see {@link AddressWidth}. */
    public static final Field AW = new Field("AW", 0, 2, 3);

    /** Revision 3: second-level execute enable. */
    public static final Field SLEE = new Field("SLEE", 0, 5, 1);

    /** PASID granular translation type; see the {@code PGTT_} values. */
    public static final Field PGTT = new Field("PGTT", 0, 6, 3);

    /** Second-stage Accessed and Dirty flags; reserved without ECAP.SSADS. Was SLADE. */
    public static final Field SSADE = new Field("SSADE", 0, 9, 1);

    /** Address bits [63:12] of the second-stage table. Was SLPTPTR. */
    public static final Field SSPTPTR = new Field("SSPTPTR", 0, 12, 52);

    /** Domain id. */
    public static final Field DID = new Field("DID", 1, 0, 16);

    /** Page walks snoop; reserved without ECAP.SMPWCS. */
    public static final Field PWSNP = new Field("PWSNP", 1, 23, 1);

    /** Accesses to pages snoop; reserved without ECAP.SC. */
    public static final Field PGSNP = new Field("PGSNP", 1, 24, 1);

    /** Cache disable; reserved without ECAP.MTS. */
    public static final Field CD = new Field("CD", 1, 25, 1);

    /** Extended memory type enable; reserved without ECAP.MTS. */
    public static final Field EMTE = new Field("EMTE", 1, 26, 1);

    /** Revision 3: extended memory type. */
    public static final Field EMT = new Field("EMT", 1, 27, 3);

    /** Revision 3: page-level write-through. */
    public static final Field PWT = new Field("PWT", 1, 30, 1);

    /** Revision 3: page-level cache disable. */
    public static final Field PCD = new Field("PCD", 1, 31, 1);

    /** Page attribute table, eight entries of 4 bits; reserved without ECAP.MTS. */
    public static final Field PAT = new Field("PAT", 1, 32, 32);

    /** Requests for supervisor privilege are served; reserved without ECAP.SRS. */
    public static final Field SRE = new Field("SRE", 2, 0, 1);

    /** Revision 3: requests for execute permission are served. */
    public static final Field ERE = new Field("ERE", 2, 1, 1);

    /** First-stage paging mode; see the {@code FSPM_} values. Was FLPM. */
    public static final Field FSPM = new Field("FSPM", 2, 2, 2);

    /** Supervisor writes obey R/W of first-stage entries. */
    public static final Field WPE = new Field("WPE", 2, 4, 1);

    /** Ignored; in revision 3 the no-execute enable. */
    public static final Field NXE = new Field("NXE", 2, 5, 1);

    /** Ignored; in revision 3 the supervisor-mode execute prevention. */
    public static final Field SMEP = new Field("SMEP", 2, 6, 1);

    /** Extended Accessed flag enable; reserved without ECAP.EAFS. */
    public static final Field EAFE = new Field("EAFE", 2, 7, 1);

    /**
     * Address bits [63:12] of the first-stage table; with nesting a guest physical address. Was
     * FLPTPTR.
     */
    public static final Field FSPTPTR = new Field("FSPTPTR", 2, 12, 52);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Scalable-Mode PASID Table Entry",
                    "9.6",
                    8,
                    List.of(
                            P, FPD, AW, PGTT, SSADE, SSPTPTR, DID, PWSNP, PGSNP, CD, EMTE, PAT, SRE,
                            FSPM, WPE, NXE, SMEP, EAFE, FSPTPTR),
                    List.of(SLEE, EMT, PWT, PCD, ERE));

    private PasidTableEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 8;

    /** Length of an entry in bytes. */
    public static final int BYTES = 64;

    /** Entries of the table. */
    public static final int ENTRIES = 64;

    /** PGTT: first stage only; with ECAP.FSTS. */
    public static final int PGTT_FIRST_STAGE = 0b001;

    /** PGTT: second stage only; with ECAP.SSTS. */
    public static final int PGTT_SECOND_STAGE = 0b010;

    /** PGTT: first stage nested in second stage; with ECAP.NEST. */
    public static final int PGTT_NESTED = 0b011;

    /** PGTT: pass-through; with ECAP.PT. */
    public static final int PGTT_PASS_THROUGH = 0b100;

    /** FSPM: 4-level paging. */
    public static final int FSPM_4_LEVEL = 0b00;

    /** FSPM: 5-level paging; with CAP.FS5LP. */
    public static final int FSPM_5_LEVEL = 0b01;

    /**
     * The place of a PASID in its table.
     *
     * @param pasid 0 to 2^20 - 1
     * @return bytes from the PASID table, 0 to 4032
     */
    public static int offset(int pasid) {
        return (pasid & 0x3f) * BYTES;
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
     * Whether qualified faults are not recorded.
     *
     * @param w0 word 0
     * @return FPD
     */
    public static boolean faultsDisabled(long w0) {
        return FPD.isSet(w0);
    }

    /**
     * The second-stage width code.
     *
     * @param w0 word 0
     * @return AW, 0 to 7; see {@link AddressWidth}
     */
    public static int addressWidth(long w0) {
        return (int) AW.get(w0);
    }

    /**
     * The translation type.
     *
     * @param w0 word 0
     * @return one of the {@code PGTT_} values or a reserved one, 0 to 7
     */
    public static int translationType(long w0) {
        return (int) PGTT.get(w0);
    }

    /**
     * Whether second-stage Accessed and Dirty flags are kept.
     *
     * @param w0 word 0
     * @return SSADE
     */
    public static boolean secondStageAccessDirty(long w0) {
        return SSADE.isSet(w0);
    }

    /**
     * The second-stage table.
     *
     * @param w0 word 0
     * @return a byte address, 4 KB aligned
     */
    public static long secondStageTable(long w0) {
        return SSPTPTR.address(w0);
    }

    /**
     * The domain id.
     *
     * @param w1 word 1
     * @return 0 to 65535
     */
    public static int domainId(long w1) {
        return (int) DID.get(w1);
    }

    /**
     * Whether page walks snoop.
     *
     * @param w1 word 1
     * @return PWSNP
     */
    public static boolean walkSnoops(long w1) {
        return PWSNP.isSet(w1);
    }

    /**
     * Whether requests for supervisor privilege are served.
     *
     * @param w2 word 2
     * @return SRE
     */
    public static boolean supervisorEnabled(long w2) {
        return SRE.isSet(w2);
    }

    /**
     * The first-stage paging mode.
     *
     * @param w2 word 2
     * @return one of the {@code FSPM_} values or a reserved one, 0 to 3
     */
    public static int firstStageMode(long w2) {
        return (int) FSPM.get(w2);
    }

    /**
     * The levels of first-stage paging.
     *
     * @param w2 word 2, whose FSPM is not reserved
     * @return 4 or 5
     */
    public static int firstStageLevels(long w2) {
        return 4 + (int) FSPM.get(w2);
    }

    /**
     * Whether supervisor writes obey R/W.
     *
     * @param w2 word 2
     * @return WPE
     */
    public static boolean writeProtect(long w2) {
        return WPE.isSet(w2);
    }

    /**
     * Whether Extended Accessed flags are kept.
     *
     * @param w2 word 2
     * @return EAFE
     */
    public static boolean extendedAccessed(long w2) {
        return EAFE.isSet(w2);
    }

    /**
     * The first-stage table.
     *
     * @param w2 word 2
     * @return a byte address, 4 KB aligned
     */
    public static long firstStageTable(long w2) {
        return FSPTPTR.address(w2);
    }
}
