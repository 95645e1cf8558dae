package org.opensva.vtd.layout;

import java.util.List;

/**
 * The context entry of scalable mode: the PASID directory of one function. 32 bytes, four 64-bit
 * words; words 2 and 3 are reserved.
 *
 * <p>Source: section 9.4; positions as in VirtualBox {@code iommu-intel.h} and OpenVMM's transcript
 * of revision 4.1.
 */
public final class ScalableContextEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /**
     * Device-TLB enable: translated and translation requests are served; reserved without ECAP.DT.
     */
    public static final Field DTE = new Field("DTE", 0, 2, 1);

    /** Requests with PASID are served; reserved without ECAP.PASID. */
    public static final Field PASIDE = new Field("PASIDE", 0, 3, 1);

    /** Page requests are served; reserved without ECAP.PRS. */
    public static final Field PRE = new Field("PRE", 0, 4, 1);

    /** Size of the PASID directory: 2^(PDTS + 7) entries. */
    public static final Field PDTS = new Field("PDTS", 0, 9, 3);

    /** Address bits [63:12] of the PASID directory. */
    public static final Field PASIDDIRPTR = new Field("PASIDDIRPTR", 0, 12, 52);

    /** PASID of requests without PASID; reserved without ECAP.RPS. */
    public static final Field RID_PASID = new Field("RID_PASID", 1, 0, 20);

    /** Privilege of requests without PASID; reserved without ECAP.RPRIVS. */
    public static final Field RID_PRIV = new Field("RID_PRIV", 1, 20, 1);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Scalable-Mode Context Entry",
                    "9.4",
                    4,
                    List.of(P, FPD, DTE, PASIDE, PRE, PDTS, PASIDDIRPTR, RID_PASID, RID_PRIV),
                    List.of());

    private ScalableContextEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 4;

    /** Length of an entry in bytes. */
    public static final int BYTES = 32;

    /** Entries of the table: half the functions of a bus. */
    public static final int ENTRIES = 128;

    /**
     * The place of a function in its lower or upper context table.
     *
     * @param sourceId bus, device and function, 16 bits
     * @return bytes from the context table, 0 to 4064
     */
    public static int offset(int sourceId) {
        return (sourceId & 0x7f) * BYTES;
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
     * Whether translated and translation requests are served.
     *
     * @param w0 word 0
     * @return DTE
     */
    public static boolean deviceTlbEnabled(long w0) {
        return DTE.isSet(w0);
    }

    /**
     * Whether requests with PASID are served.
     *
     * @param w0 word 0
     * @return PASIDE
     */
    public static boolean pasidEnabled(long w0) {
        return PASIDE.isSet(w0);
    }

    /**
     * Whether page requests are served.
     *
     * @param w0 word 0
     * @return PRE
     */
    public static boolean pageRequestEnabled(long w0) {
        return PRE.isSet(w0);
    }

    /**
     * The number of PASIDs that the directory spans.
     *
     * @param w0 word 0
     * @return 2^13 to 2^20, the first PASID beyond
     */
    public static int pasidLimit(long w0) {
        return 1 << (int) PDTS.get(w0) + 13;
    }

    /**
     * The PASID directory.
     *
     * @param w0 word 0
     * @return a byte address, 4 KB aligned
     */
    public static long pasidDirectory(long w0) {
        return PASIDDIRPTR.address(w0);
    }

    /**
     * The PASID of requests without PASID.
     *
     * @param w1 word 1
     * @return 0 to 2^20 - 1
     */
    public static int ridPasid(long w1) {
        return (int) RID_PASID.get(w1);
    }

    /**
     * Whether requests without PASID are privileged.
     *
     * @param w1 word 1
     * @return RID_PRIV
     */
    public static boolean ridPrivileged(long w1) {
        return RID_PRIV.isSet(w1);
    }
}
