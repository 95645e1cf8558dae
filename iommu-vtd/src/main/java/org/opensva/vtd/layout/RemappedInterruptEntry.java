package org.opensva.vtd.layout;

import java.util.List;

/**
 * The interrupt remapping table entry (IRTE) for remapped interrupts: IM is 0. 16 bytes, two 64-bit
 * words. The fields up to IM, V, SID, SQ and SVT are shared with {@link PostedInterruptEntry}.
 *
 * <p>Source: section 9.10; positions as in Linux {@code include/linux/dmar.h} and, for remapped
 * interrupts, VirtualBox {@code iommu-intel.h}. The overlay of {@link #STRUCTURE} is the
 * destination with IRTA.EIME 0, when the other bits of DST are reserved.
 */
public final class RemappedInterruptEntry {
    /** Present. */
    public static final Field P = new Field("P", 0, 0, 1);

    /** Fault processing disable; counts even if P is 0. */
    public static final Field FPD = new Field("FPD", 0, 1, 1);

    /** Destination mode: 0 physical, 1 logical. */
    public static final Field DM = new Field("DM", 0, 2, 1);

    /** Redirection hint. */
    public static final Field RH = new Field("RH", 0, 3, 1);

    /** Trigger mode: 0 edge, 1 level. */
    public static final Field TM = new Field("TM", 0, 4, 1);

    /** Delivery mode; see the {@code DLM_} values. */
    public static final Field DLM = new Field("DLM", 0, 5, 3);

    /** For software. */
    public static final Field AVAIL = new Field("AVAIL", 0, 8, 4);

    /** Mode: 0 remapped, 1 posted. */
    public static final Field IM = new Field("IM", 0, 15, 1);

    /** Vector. */
    public static final Field V = new Field("V", 0, 16, 8);

    /** Destination id. */
    public static final Field DST = new Field("DST", 0, 32, 32);

    /** IRTA.EIME 0: destination id, 8 bits. */
    public static final Field DST_XAPIC = new Field("DST_XAPIC", 0, 40, 8);

    /** Source id, or start and end bus in bits [15:8] and [7:0]. */
    public static final Field SID = new Field("SID", 1, 0, 16);

    /** Source id qualifier; see {@link FunctionMask}. */
    public static final Field SQ = new Field("SQ", 1, 16, 2);

    /** Source validation type; see the {@code SVT_} values. */
    public static final Field SVT = new Field("SVT", 1, 18, 2);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "IRTE (remapped)",
                    "9.10",
                    2,
                    List.of(P, FPD, DM, RH, TM, DLM, AVAIL, IM, V, DST, SID, SQ, SVT),
                    List.of(DST_XAPIC));

    private RemappedInterruptEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of an entry in bytes. */
    public static final int BYTES = 16;

    /** SVT: no check. */
    public static final int SVT_NONE = 0b00;

    /** SVT: the source id, as SQ compares it. */
    public static final int SVT_SOURCE_ID = 0b01;

    /** SVT: the bus, between start and end. */
    public static final int SVT_BUS_RANGE = 0b10;

    /** SVT: reserved. */
    public static final int SVT_RESERVED = 0b11;

    /** DLM: fixed. */
    public static final int DLM_FIXED = 0b000;

    /** DLM: lowest priority. */
    public static final int DLM_LOWEST = 0b001;

    /** DLM: system management. */
    public static final int DLM_SMI = 0b010;

    /** DLM: non-maskable. */
    public static final int DLM_NMI = 0b100;

    /** DLM: init. */
    public static final int DLM_INIT = 0b101;

    /** DLM: external, as from an 8259. */
    public static final int DLM_EXTINT = 0b111;

    /**
     * The place of an entry.
     *
     * @param index interrupt index, 0 to 65535
     * @return bytes from the table, 0 to 1048560
     */
    public static int offset(int index) {
        return index * BYTES;
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
     * Whether the entry is a {@link PostedInterruptEntry}.
     *
     * @param w0 word 0
     * @return IM
     */
    public static boolean posted(long w0) {
        return IM.isSet(w0);
    }

    /**
     * The vector, of either kind of entry.
     *
     * @param w0 word 0
     * @return 0 to 255
     */
    public static int vector(long w0) {
        return (int) V.get(w0);
    }

    /**
     * The destination id.
     *
     * @param w0 word 0
     * @param extended IRTA.EIME
     * @return 32 bits if extended, otherwise 0 to 255
     */
    public static int destination(long w0, boolean extended) {
        return (int) (extended ? DST.get(w0) : DST_XAPIC.get(w0));
    }

    /**
     * The bits of word 0 that must be 0.
     *
     * @param extended IRTA.EIME
     * @return the mask
     */
    public static long reservedBits0(boolean extended) {
        long reserved = 0xff00_7000L;
        return extended ? reserved : reserved | DST.mask() & ~DST_XAPIC.mask();
    }

    /**
     * The bits of word 1 that must be 0.
     *
     * @return the mask
     */
    public static long reservedBits1() {
        return -1L << 20;
    }

    /**
     * The source validation type.
     *
     * @param w1 word 1, of either kind of entry
     * @return one of the {@code SVT_} values
     */
    public static int validation(long w1) {
        return (int) SVT.get(w1);
    }

    /**
     * The source id to compare.
     *
     * @param w1 word 1, of either kind of entry
     * @return 0 to 65535
     */
    public static int sourceId(long w1) {
        return (int) SID.get(w1);
    }

    /**
     * The bits of the source id that {@link #SVT_SOURCE_ID} compares.
     *
     * @param w1 word 1, of either kind of entry
     * @return a mask of 16 bits
     */
    public static int comparedBits(long w1) {
        return FunctionMask.compared((int) SQ.get(w1));
    }

    /**
     * The first bus that {@link #SVT_BUS_RANGE} accepts.
     *
     * @param w1 word 1, of either kind of entry
     * @return 0 to 255
     */
    public static int startBus(long w1) {
        return sourceId(w1) >>> 8;
    }

    /**
     * The last bus that {@link #SVT_BUS_RANGE} accepts.
     *
     * @param w1 word 1, of either kind of entry
     * @return 0 to 255
     */
    public static int endBus(long w1) {
        return sourceId(w1) & 0xff;
    }
}
