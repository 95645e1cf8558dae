package org.opensva.vtd.layout;

import java.util.List;

/**
 * The fault record: a fault recording register. 16 bytes, two 64-bit words.
 *
 * <p>Source: sections 9.9 and 11.4.7; positions as in VirtualBox {@code iommu-intel.h}, Linux
 * {@code drivers/iommu/intel/iommu.h} and Intel's public register descriptions of processors.
 */
public final class FaultRecord {
    /** Fault information: address bits [63:12] of a DMA request. */
    public static final Field FI = new Field("FI", 0, 12, 52);

    /** Interrupt remapping fault: the interrupt index; FI bits [47:12] are 0. */
    public static final Field INDEX = new Field("FI_INDEX", 0, 48, 16);

    /** Source id. */
    public static final Field SID = new Field("SID", 1, 0, 16);

    /** Low bit of the request type; see {@link #type}. */
    public static final Field T2 = new Field("T2", 1, 28, 1);

    /** Supervisor privilege was requested; valid with PP. */
    public static final Field PRIV = new Field("PRIV", 1, 29, 1);

    /** Execute permission was requested; valid with PP. */
    public static final Field EXE = new Field("EXE", 1, 30, 1);

    /** The request had a PASID. */
    public static final Field PP = new Field("PP", 1, 31, 1);

    /** Fault reason; see {@link FaultReason}. */
    public static final Field FR = new Field("FR", 1, 32, 8);

    /** PASID; valid with PP. */
    public static final Field PV = new Field("PV", 1, 40, 20);

    /** Address type; see the {@code AT_} values. */
    public static final Field AT = new Field("AT", 1, 60, 2);

    /** High bit of the request type; see {@link #type}. */
    public static final Field T1 = new Field("T1", 1, 62, 1);

    /** A fault is recorded; write 1 to clear. */
    public static final Field F = new Field("F", 1, 63, 1);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "FRCD_REG",
                    "11.4.7",
                    2,
                    List.of(FI, SID, T2, PRIV, EXE, PP, FR, PV, AT, T1, F),
                    List.of(INDEX));

    private FaultRecord() {}

    /** Length of a record in bytes. */
    public static final int BYTES = 16;

    /** Request type: write. */
    public static final int TYPE_WRITE = 0b00;

    /** Request type: page request. */
    public static final int TYPE_PAGE_REQUEST = 0b01;

    /** Request type: read. */
    public static final int TYPE_READ = 0b10;

    /** Request type: AtomicOp. */
    public static final int TYPE_ATOMIC = 0b11;

    /** AT: untranslated. */
    public static final int AT_UNTRANSLATED = 0b00;

    /** AT: translation request. */
    public static final int AT_TRANSLATION_REQUEST = 0b01;

    /** AT: translated. */
    public static final int AT_TRANSLATED = 0b10;

    /**
     * The request type of a record, {T1, T2}.
     *
     * @param w1 word 1
     * @return one of the {@code TYPE_} values
     */
    public static int type(long w1) {
        return (int) (T1.get(w1) << 1 | T2.get(w1));
    }

    /**
     * The fault reason as a number; {@link FaultReason#of(int)} names it.
     *
     * @param w1 word 1
     * @return 0 to 255
     */
    public static int reason(long w1) {
        return (int) FR.get(w1);
    }

    /**
     * The source id.
     *
     * @param w1 word 1
     * @return 0 to 65535
     */
    public static int sourceId(long w1) {
        return (int) SID.get(w1);
    }

    /**
     * The PASID, valid with PP.
     *
     * @param w1 word 1
     * @return 0 to 2^20 - 1
     */
    public static int pasid(long w1) {
        return (int) PV.get(w1);
    }

    /**
     * The faulting page of a DMA request.
     *
     * @param w0 word 0
     * @return a byte address, 4 KB aligned
     */
    public static long address(long w0) {
        return FI.address(w0);
    }

    /**
     * Composes word 0 of a DMA remapping fault.
     *
     * @param address the faulting address
     * @return word 0
     */
    public static long encodeLow(long address) {
        return FI.address(address);
    }

    /**
     * Composes word 0 of an interrupt remapping fault.
     *
     * @param index the interrupt index, 0 to 65535
     * @return word 0
     */
    public static long encodeLowInterrupt(int index) {
        return INDEX.place(index);
    }

    /**
     * Composes word 1 of a fault of a request without PASID.
     *
     * @param reason the fault reason
     * @param sourceId bus, device and function, 16 bits
     * @param type one of the {@code TYPE_} values
     * @param addressType one of the {@code AT_} values
     * @return word 1 with F set
     */
    public static long encodeHigh(FaultReason reason, int sourceId, int type, int addressType) {
        return F.mask()
                | SID.place(sourceId)
                | FR.place(reason.code())
                | AT.place(addressType)
                | T1.place(type >>> 1)
                | T2.place(type);
    }

    /**
     * Composes what a PASID adds to word 1.
     *
     * @param pasid PASID, 0 to 2^20 - 1
     * @param execute whether execute permission was requested
     * @param privileged whether supervisor privilege was requested
     * @return bits to combine with {@link #encodeHigh} by OR
     */
    public static long encodePasid(int pasid, boolean execute, boolean privileged) {
        return PP.mask()
                | PV.place(pasid)
                | (execute ? EXE.mask() : 0)
                | (privileged ? PRIV.mask() : 0);
    }
}
