package org.opensva.smmuv3.layout;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The events, by number.
 *
 * <p>Source: IHI 0070 G.b sections 7.3.2 to 7.3.21. 0xe0 to 0xef are implementation defined; every
 * other number without a constant here is reserved, and software treats it as non-fatal.
 */
public enum EventType {
    /** Unsupported upstream transaction. */
    F_UUT(
            0x01,
            "7.3.2",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.INPUTADDR),
    /** StreamID out of range. */
    C_BAD_STREAMID(0x02, "7.3.3", EventRecord.SSV, EventRecord.SUBSTREAMID, EventRecord.STREAMID),
    /** Fetch of an STE or L1STD aborted. */
    F_STE_FETCH(
            0x03,
            "7.3.4",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.GPCF,
            EventRecord.FETCHADDR),
    /** Invalid STE. */
    C_BAD_STE(0x04, "7.3.5", EventRecord.SSV, EventRecord.SUBSTREAMID, EventRecord.STREAMID),
    /** Translation request refused. */
    F_BAD_ATS_TREQ(
            0x05,
            "7.3.6",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.TREQ_SPAN,
            EventRecord.TREQ_P,
            EventRecord.TREQ_X,
            EventRecord.TREQ_W,
            EventRecord.TREQ_R,
            EventRecord.INPUT_PAGE),
    /** Transaction refused by STE.S1DSS. */
    F_STREAM_DISABLED(
            0x06, "7.3.7", EventRecord.SSV, EventRecord.SUBSTREAMID, EventRecord.STREAMID),
    /** Translated transaction refused. */
    F_TRANSL_FORBIDDEN(
            0x07,
            "7.3.8",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.RNW,
            EventRecord.INPUTADDR),
    /** SubstreamID out of range or not allowed. */
    C_BAD_SUBSTREAMID(0x08, "7.3.9", EventRecord.SUBSTREAMID, EventRecord.STREAMID),
    /** Fetch of a CD or L1CD aborted. */
    F_CD_FETCH(
            0x09,
            "7.3.10",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.GPCF,
            EventRecord.FETCHADDR),
    /** Invalid CD. */
    C_BAD_CD(0x0a, "7.3.11", EventRecord.SSV, EventRecord.SUBSTREAMID, EventRecord.STREAMID),
    /** Access to a translation table aborted. */
    F_WALK_EABT(
            0x0b,
            "7.3.12",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.GPCF,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.S2,
            EventRecord.CLASS,
            EventRecord.INPUTADDR,
            EventRecord.FETCHADDR),
    /** No translation. */
    F_TRANSLATION(
            0x10,
            "7.3.13",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.STAG,
            EventRecord.STALL,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.NSIPA,
            EventRecord.S2,
            EventRecord.CLASS,
            EventRecord.INPUTADDR,
            EventRecord.IPA),
    /** Output address out of range. */
    F_ADDR_SIZE(
            0x11,
            "7.3.14",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.STAG,
            EventRecord.STALL,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.NSIPA,
            EventRecord.S2,
            EventRecord.CLASS,
            EventRecord.INPUTADDR,
            EventRecord.IPA),
    /** Access flag is 0. */
    F_ACCESS(
            0x12,
            "7.3.15",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.STAG,
            EventRecord.STALL,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.NSIPA,
            EventRecord.S2,
            EventRecord.CLASS,
            EventRecord.INPUTADDR,
            EventRecord.IPA),
    /** Access not permitted. */
    F_PERMISSION(
            0x13,
            "7.3.16",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.STAG,
            EventRecord.STALL,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.NSIPA,
            EventRecord.S2,
            EventRecord.CLASS,
            EventRecord.TTRNW,
            EventRecord.INPUTADDR,
            EventRecord.IPA),
    /** Conflicting TLB entries. */
    F_TLB_CONFLICT(
            0x20,
            "7.3.17",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.PNU,
            EventRecord.IND,
            EventRecord.RNW,
            EventRecord.NSIPA,
            EventRecord.S2,
            EventRecord.INPUTADDR,
            EventRecord.IPA),
    /** Conflicting configuration cache entries. */
    F_CFG_CONFLICT(
            0x21,
            "7.3.18",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON),
    /** Hint of accesses to come. */
    E_PAGE_REQUEST(
            0x24,
            "7.3.19",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.HINT_UX,
            EventRecord.HINT_UW,
            EventRecord.HINT_UR,
            EventRecord.HINT_PX,
            EventRecord.HINT_PW,
            EventRecord.HINT_PR,
            EventRecord.HINT_SPAN,
            EventRecord.INPUT_PAGE),
    /** Fetch of a virtual machine structure aborted. */
    F_VMS_FETCH(
            0x25,
            "7.3.20",
            EventRecord.SSV,
            EventRecord.SUBSTREAMID,
            EventRecord.STREAMID,
            EventRecord.REASON,
            EventRecord.GPCF,
            EventRecord.FETCHADDR);

    private static final @Nullable EventType[] BY_NUMBER = byNumber();

    private final int number;
    private final Structure structure;

    EventType(int number, String section, Field... fields) {
        this.number = number;
        List<Field> all = new ArrayList<>();
        all.add(EventRecord.NUMBER);
        all.addAll(List.of(fields));
        this.structure = new Structure(name(), section, EventRecord.WORDS, all, List.of());
    }

    private static @Nullable EventType[] byNumber() {
        @Nullable EventType[] table = new @Nullable EventType[256];
        for (EventType type : values()) {
            table[type.number] = type;
        }
        return table;
    }

    /**
     * Names an event number.
     *
     * @param number the number; bits above 7 are ignored
     * @return the event, or null if the number is reserved or implementation defined
     */
    public static @Nullable EventType of(int number) {
        return BY_NUMBER[number & 0xff];
    }

    /**
     * The event number.
     *
     * @return 1 to 255
     */
    public int number() {
        return number;
    }

    /**
     * Whether the event can report a stalled transaction: the four faults that CD.S and STE.S2S
     * govern (section 5.5).
     *
     * @return true for F_TRANSLATION, F_ADDR_SIZE, F_ACCESS and F_PERMISSION
     */
    public boolean mayStall() {
        return this == F_TRANSLATION
                || this == F_ADDR_SIZE
                || this == F_ACCESS
                || this == F_PERMISSION;
    }

    /**
     * The record's fields, the event number first. Bits of no field are RES0.
     *
     * @return the structure
     */
    public Structure structure() {
        return structure;
    }
}
