package org.opensva.smmuv3.layout;

/**
 * The fields of event records and the arithmetic to compose them. A record is 32 bytes: four
 * little-endian 64-bit words. The fields of one event are listed by {@link EventType#structure()}.
 *
 * <p>Source: IHI 0070 G.b section 7.3 for names, widths and the positions that its text gives;
 * positions in figures as in Linux {@code arm-smmu-v3.h}. The fields Overlay, DirtyBit and
 * AssuredOnly that SMMUv3.4 adds to F_PERMISSION, for features of permission indirection and
 * overlays, have no layout here: they are 0 in an SMMU without those features.
 */
public final class EventRecord {
    /** Which event; see {@link EventType}. */
    public static final Field NUMBER = new Field("EventNumber", 0, 0, 8);

    /** The transaction had a SubstreamID. */
    public static final Field SSV = new Field("SSV", 0, 11, 1);

    /** SubstreamID; UNKNOWN when SSV is 0. */
    public static final Field SUBSTREAMID = new Field("SubstreamID", 0, 12, 20);

    /** StreamID. */
    public static final Field STREAMID = new Field("StreamID", 0, 32, 32);

    /** Implementation defined cause. */
    public static final Field REASON = new Field("Reason", 1, 0, 16);

    /** Stall tag, to be given to CMD_RESUME; UNKNOWN when Stall is 0. */
    public static final Field STAG = new Field("STAG", 1, 0, 16);

    /** The abort arose from a granule protection check. */
    public static final Field GPCF = new Field("GPCF", 1, 16, 1);

    /** The transaction is stalled. */
    public static final Field STALL = new Field("Stall", 1, 31, 1);

    /** 1 privileged, 0 unprivileged; after STE overrides. */
    public static final Field PNU = new Field("PnU", 1, 33, 1);

    /** 1 instruction, 0 data; after STE overrides. */
    public static final Field IND = new Field("InD", 1, 34, 1);

    /** 1 read, 0 write. */
    public static final Field RNW = new Field("RnW", 1, 35, 1);

    /** The IPA is Non-secure; only on the Secure Event queue with S2 1, otherwise 0. */
    public static final Field NSIPA = new Field("NSIPA", 1, 38, 1);

    /** 1 stage 2, 0 stage 1. */
    public static final Field S2 = new Field("S2", 1, 39, 1);

    /** What failed; see the {@code CLASS_} values. */
    public static final Field CLASS = new Field("CLASS", 1, 40, 2);

    /** F_PERMISSION with CLASS TT: 1 the descriptor was read, 0 written. */
    public static final Field TTRNW = new Field("TTRnW", 1, 44, 1);

    /** Address of the transaction. */
    public static final Field INPUTADDR = new Field("InputAddr", 2, 0, 64);

    /** Address bits [63:12] of a request. */
    public static final Field INPUT_PAGE = new Field("InputAddr", 2, 12, 52);

    /** Address bits [55:12] that stage 2 could not translate. */
    public static final Field IPA = new Field("IPA", 3, 12, 44);

    /** Physical address bits [55:3] of the fetch that aborted. */
    public static final Field FETCHADDR = new Field("FetchAddr", 3, 3, 53);

    /** F_BAD_ATS_TREQ: number of smallest translation units requested. */
    public static final Field TREQ_SPAN = new Field("Span", 1, 0, 4);

    /** F_BAD_ATS_TREQ: privileged access requested. */
    public static final Field TREQ_P = new Field("P", 1, 28, 1);

    /** F_BAD_ATS_TREQ: execute access requested. */
    public static final Field TREQ_X = new Field("X", 1, 29, 1);

    /** F_BAD_ATS_TREQ: write access requested. */
    public static final Field TREQ_W = new Field("W", 1, 30, 1);

    /** F_BAD_ATS_TREQ: read access requested. */
    public static final Field TREQ_R = new Field("R", 1, 31, 1);

    /** E_PAGE_REQUEST: unprivileged execute expected. */
    public static final Field HINT_UX = new Field("uX", 1, 33, 1);

    /** E_PAGE_REQUEST: unprivileged write expected. */
    public static final Field HINT_UW = new Field("uW", 1, 34, 1);

    /** E_PAGE_REQUEST: unprivileged read expected. */
    public static final Field HINT_UR = new Field("uR", 1, 35, 1);

    /** E_PAGE_REQUEST: privileged execute expected. */
    public static final Field HINT_PX = new Field("pX", 1, 37, 1);

    /** E_PAGE_REQUEST: privileged write expected. */
    public static final Field HINT_PW = new Field("pW", 1, 38, 1);

    /** E_PAGE_REQUEST: privileged read expected. */
    public static final Field HINT_PR = new Field("pR", 1, 39, 1);

    /** E_PAGE_REQUEST: span in units of 4096 bytes. */
    public static final Field HINT_SPAN = new Field("Span", 1, 44, 8);

    /** Length of a record in 64-bit words. */
    public static final int WORDS = 4;

    /** Length of a record in bytes. */
    public static final int BYTES = 32;

    /** CLASS: fetch of a CD. */
    public static final int CLASS_CD = 0b00;

    /** CLASS: fetch of a stage 1 translation table descriptor. */
    public static final int CLASS_TT = 0b01;

    /** CLASS: the input address. */
    public static final int CLASS_IN = 0b10;

    private EventRecord() {}

    /**
     * Word 0 of every record.
     *
     * @param type the event
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the transaction had a SubstreamID; if not, the SubstreamID is written as 0
     * @param substreamId SubstreamID, 0 to 2^20 - 1
     * @return the word
     */
    public static long header(EventType type, int streamId, boolean ssv, int substreamId) {
        long substream = ssv ? SSV.mask() | SUBSTREAMID.place(substreamId) : 0;
        return type.number() | substream | STREAMID.place(streamId);
    }

    /**
     * Word 0 of C_BAD_SUBSTREAMID, which has no SSV: its SubstreamID is always valid.
     *
     * @param streamId StreamID as an unsigned 32-bit number
     * @param substreamId SubstreamID, 0 to 2^20 - 1
     * @return the word
     */
    public static long badSubstreamHeader(int streamId, int substreamId) {
        return EventType.C_BAD_SUBSTREAMID.number()
                | SUBSTREAMID.place(substreamId)
                | STREAMID.place(streamId);
    }

    /**
     * The access part of word 1, to be combined with {@link #stage} and {@link #stalled} by OR.
     *
     * @param privileged the access was privileged
     * @param instruction the access was an instruction fetch
     * @param read the access was a read
     * @return PnU, InD and RnW in place
     */
    public static long access(boolean privileged, boolean instruction, boolean read) {
        return (privileged ? PNU.mask() : 0)
                | (instruction ? IND.mask() : 0)
                | (read ? RNW.mask() : 0);
    }

    /**
     * The stage part of word 1.
     *
     * @param stage2 the fault was at stage 2
     * @param faultClass one of the {@code CLASS_} values
     * @return S2 and CLASS in place
     */
    public static long stage(boolean stage2, int faultClass) {
        return (stage2 ? S2.mask() : 0) | CLASS.place(faultClass);
    }

    /**
     * The stall part of word 1, for a transaction that is stalled.
     *
     * @param stag stall tag, 0 to 65535
     * @return Stall and STAG in place
     */
    public static long stalled(int stag) {
        return STALL.mask() | STAG.place(stag);
    }

    /**
     * The request part of word 1 of F_BAD_ATS_TREQ.
     *
     * @param read read access requested; always so in PCIe ATS
     * @param write write access requested
     * @param execute execute access requested
     * @param privileged privileged access requested
     * @param span number of smallest translation units, 0 to 15
     * @return R, W, X, P and Span in place
     */
    public static long translationRequest(
            boolean read, boolean write, boolean execute, boolean privileged, int span) {
        return (read ? TREQ_R.mask() : 0)
                | (write ? TREQ_W.mask() : 0)
                | (execute ? TREQ_X.mask() : 0)
                | (privileged ? TREQ_P.mask() : 0)
                | TREQ_SPAN.place(span);
    }

    /**
     * The event number; {@link EventType#of(int)} names it.
     *
     * @param w0 word 0
     * @return 0 to 255
     */
    public static int number(long w0) {
        return (int) NUMBER.get(w0);
    }

    /**
     * The StreamID.
     *
     * @param w0 word 0
     * @return an unsigned 32-bit number
     */
    public static int streamId(long w0) {
        return (int) STREAMID.get(w0);
    }

    /**
     * The SubstreamID.
     *
     * @param w0 word 0
     * @return 0 to 2^20 - 1
     */
    public static int substreamId(long w0) {
        return (int) SUBSTREAMID.get(w0);
    }

    /**
     * The stall tag.
     *
     * @param w1 word 1 of a record whose Stall is 1
     * @return 0 to 65535
     */
    public static int stag(long w1) {
        return (int) STAG.get(w1);
    }

    /**
     * What failed.
     *
     * @param w1 word 1
     * @return one of the {@code CLASS_} values, or 3, which is reserved
     */
    public static int faultClass(long w1) {
        return (int) CLASS.get(w1);
    }
}
