package org.opensva.vtd.layout;

import java.util.List;

/**
 * The context entry of legacy mode: the translation of one function. 16 bytes, two 64-bit words.
 * Bits [70:67] are for software and ignored.
 *
 * <p>Source: section 9.3; positions as in VirtualBox {@code iommu-intel.h} and QEMU {@code
 * intel_iommu_internal.h}.
 */
public final class ContextEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /** Translation type; see the {@code TT_} values. */
    public static final Field TT = new Field("TT", 0, 2, 2);

    /** Address bits [63:12] of the second-stage table; ignored for pass-through. Was SLPTPTR. */
    public static final Field SSPTPTR = new Field("SSPTPTR", 0, 12, 52);

    /** Width of the second-stage table; see {@link AddressWidth}. */
    public static final Field AW = new Field("AW", 1, 0, 3);

    /** Ignored; for software. */
    public static final Field IGN = new Field("IGN", 1, 3, 4);

    /** Domain id. */
    public static final Field DID = new Field("DID", 1, 8, 16);

    /** Every field of this structure. */
    public static final Structure STRUCTURE =
            new Structure(
                    "Context Entry",
                    "9.3",
                    2,
                    List.of(P, FPD, TT, SSPTPTR, AW, IGN, DID),
                    List.of());

    private ContextEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of an entry in bytes. */
    public static final int BYTES = 16;

    /** Entries of the table: one a function of the bus. */
    public static final int ENTRIES = 256;

    /**
     * TT: untranslated requests go through second stage; translated and translation requests are
     * blocked.
     */
    public static final int TT_UNTRANSLATED = 0b00;

    /** TT: as {@link #TT_UNTRANSLATED}, and device-TLB requests are served; with ECAP.DT. */
    public static final int TT_ALL = 0b01;

    /** TT: untranslated requests pass through; with ECAP.PT. */
    public static final int TT_PASS_THROUGH = 0b10;

    /** TT: reserved. */
    public static final int TT_RESERVED = 0b11;

    /**
     * The place of a function in the context table.
     *
     * @param sourceId bus, device and function, 16 bits
     * @return bytes from the context table, 0 to 4080
     */
    public static int offset(int sourceId) {
        return (sourceId & 0xff) * BYTES;
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
     * The translation type.
     *
     * @param w0 word 0
     * @return one of the {@code TT_} values
     */
    public static int translationType(long w0) {
        return (int) TT.get(w0);
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
     * The width code.
     *
     * @param w1 word 1
     * @return AW, 0 to 7; see {@link AddressWidth}
     */
    public static int addressWidth(long w1) {
        return (int) AW.get(w1);
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
}
