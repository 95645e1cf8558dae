package org.opensva.smmuv3.layout;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The commands, by opcode.
 *
 * <p>Source: IHI 0070 G.b section 4.1.1. 0x80 to 0x8f are implementation defined; every other
 * number without a constant here is reserved and raises CERROR_ILL. CMD_CFGI_ALL is {@link
 * #CFGI_STE_RANGE} with {@link Command#RANGE_ALL}.
 */
public enum Opcode {
    /** CMD_PREFETCH_CONFIG. */
    PREFETCH_CONFIG(
            0x01, "4.2.1", false, Command.SSEC, Command.SSV, Command.SUBSTREAMID, Command.STREAMID),
    /** CMD_PREFETCH_ADDR. */
    PREFETCH_ADDR(
            0x02,
            "4.2.2",
            false,
            Command.SSEC,
            Command.SSV,
            Command.SUBSTREAMID,
            Command.STREAMID,
            Command.PREFETCH_SIZE,
            Command.STRIDE,
            Command.ADDRESS),
    /** CMD_CFGI_STE. */
    CFGI_STE(0x03, "4.3.1", false, Command.SSEC, Command.STREAMID, Command.LEAF),
    /** CMD_CFGI_STE_RANGE. */
    CFGI_STE_RANGE(0x04, "4.3.2", false, Command.SSEC, Command.STREAMID, Command.RANGE),
    /** CMD_CFGI_CD. */
    CFGI_CD(
            0x05,
            "4.3.3",
            false,
            Command.SSEC,
            Command.SUBSTREAMID,
            Command.STREAMID,
            Command.LEAF),
    /** CMD_CFGI_CD_ALL. */
    CFGI_CD_ALL(0x06, "4.3.4", false, Command.SSEC, Command.STREAMID),
    /** CMD_CFGI_VMS_PIDM. */
    CFGI_VMS_PIDM(0x07, "4.3.5", false, Command.SSEC, Command.VMID),
    /** CMD_TLBI_NH_ALL. */
    TLBI_NH_ALL(0x10, "4.4.2.1", false, Command.VMID),
    /** CMD_TLBI_NH_ASID. */
    TLBI_NH_ASID(0x11, "4.4.2.2", false, Command.VMID, Command.ASID),
    /** CMD_TLBI_NH_VA. */
    TLBI_NH_VA(
            0x12,
            "4.4.2.4",
            false,
            Command.NUM,
            Command.SCALE,
            Command.VMID,
            Command.ASID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_NH_VAA. */
    TLBI_NH_VAA(
            0x13,
            "4.4.2.3",
            false,
            Command.NUM,
            Command.SCALE,
            Command.VMID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_EL3_ALL. */
    TLBI_EL3_ALL(0x18, "4.4.2.5", true),
    /** CMD_TLBI_EL3_VA. */
    TLBI_EL3_VA(
            0x1a,
            "4.4.2.6",
            true,
            Command.NUM,
            Command.SCALE,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_EL2_ALL. */
    TLBI_EL2_ALL(0x20, "4.4.2.7", false),
    /** CMD_TLBI_EL2_ASID. */
    TLBI_EL2_ASID(0x21, "4.4.2.10", false, Command.ASID),
    /** CMD_TLBI_EL2_VA. */
    TLBI_EL2_VA(
            0x22,
            "4.4.2.8",
            false,
            Command.NUM,
            Command.SCALE,
            Command.ASID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_EL2_VAA. */
    TLBI_EL2_VAA(
            0x23,
            "4.4.2.9",
            false,
            Command.NUM,
            Command.SCALE,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_S12_VMALL. */
    TLBI_S12_VMALL(0x28, "4.4.3.2", false, Command.VMID),
    /** CMD_TLBI_S2_IPA. */
    TLBI_S2_IPA(
            0x2a,
            "4.4.3.1",
            false,
            Command.NUM,
            Command.SCALE,
            Command.VMID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.IPA),
    /** CMD_TLBI_NSNH_ALL. */
    TLBI_NSNH_ALL(0x30, "4.4.4.1", false),
    /** CMD_ATC_INV. */
    ATC_INV(
            0x40,
            "4.5.1",
            false,
            Command.GLOBAL,
            Command.SSV,
            Command.SUBSTREAMID,
            Command.STREAMID,
            Command.ATC_SIZE,
            Command.ADDRESS),
    /** CMD_PRI_RESP. */
    PRI_RESP(
            0x41,
            "4.5.2",
            false,
            Command.SSV,
            Command.SUBSTREAMID,
            Command.STREAMID,
            Command.PRGINDEX,
            Command.RESPONSE),
    /** CMD_RESUME. */
    RESUME(
            0x44,
            "4.7.1",
            false,
            Command.SSEC,
            Command.ACTION,
            Command.ABORT,
            Command.STREAMID,
            Command.STAG),
    /** CMD_STALL_TERM. */
    STALL_TERM(0x45, "4.7.2", false, Command.SSEC, Command.STREAMID),
    /** CMD_SYNC. */
    SYNC(
            0x46,
            "4.7.3",
            false,
            Command.CS,
            Command.MSH,
            Command.MSIATTR,
            Command.MSIDATA,
            Command.MSIADDRESS),
    /** CMD_TLBI_S_EL2_ALL. */
    TLBI_S_EL2_ALL(0x50, "4.4.2.11", true),
    /** CMD_TLBI_S_EL2_ASID. */
    TLBI_S_EL2_ASID(0x51, "4.4.2.14", true, Command.ASID),
    /** CMD_TLBI_S_EL2_VA. */
    TLBI_S_EL2_VA(
            0x52,
            "4.4.2.12",
            true,
            Command.NUM,
            Command.SCALE,
            Command.ASID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_S_EL2_VAA. */
    TLBI_S_EL2_VAA(
            0x53,
            "4.4.2.13",
            true,
            Command.NUM,
            Command.SCALE,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.ADDRESS),
    /** CMD_TLBI_S_S12_VMALL. */
    TLBI_S_S12_VMALL(0x58, "4.4.3.4", true, Command.VMID),
    /** CMD_TLBI_S_S2_IPA. */
    TLBI_S_S2_IPA(
            0x5a,
            "4.4.3.3",
            true,
            Command.NUM,
            Command.SCALE,
            Command.VMID,
            Command.LEAF,
            Command.TTL128,
            Command.TTL,
            Command.TG,
            Command.IPA),
    /** CMD_TLBI_SNH_ALL. */
    TLBI_SNH_ALL(0x60, "4.4.4.2", true),
    /** CMD_DPTI_ALL. */
    DPTI_ALL(0x70, "4.6.1", false),
    /** CMD_DPTI_PA. */
    DPTI_PA(0x73, "4.6.2", false, Command.LEAF, Command.DPT_SIZE, Command.IPA);

    private static final @Nullable Opcode[] BY_CODE = byCode();

    private final int code;
    private final boolean secureOnly;
    private final Structure structure;

    Opcode(int code, String section, boolean secureOnly, Field... operands) {
        this.code = code;
        this.secureOnly = secureOnly;
        List<Field> fields = new ArrayList<>();
        fields.add(Command.OPCODE);
        fields.addAll(List.of(operands));
        this.structure = new Structure("CMD_" + name(), section, Command.WORDS, fields, List.of());
    }

    private static @Nullable Opcode[] byCode() {
        @Nullable Opcode[] table = new @Nullable Opcode[256];
        for (Opcode opcode : values()) {
            table[opcode.code] = opcode;
        }
        return table;
    }

    /**
     * Names an opcode.
     *
     * @param code the number; bits above 7 are ignored
     * @return the command, or null if the number is reserved or implementation defined
     */
    public static @Nullable Opcode of(int code) {
        return BY_CODE[code & 0xff];
    }

    /**
     * The opcode.
     *
     * @return 1 to 255
     */
    public int code() {
        return code;
    }

    /**
     * Whether the command is illegal on the Non-secure Command queue whatever is implemented.
     *
     * @return true for commands of the Secure queue
     */
    public boolean secureOnly() {
        return secureOnly;
    }

    /**
     * The command's fields, the opcode first. Bits of no field are RES0.
     *
     * @return the structure, named as in the specification
     */
    public Structure structure() {
        return structure;
    }
}
