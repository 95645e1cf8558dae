package org.opensva.smmuv3.layout;

/**
 * The operand fields of commands. A command is 16 bytes: two little-endian 64-bit words. The fields
 * of one command are listed by {@link Opcode#structure()}; different commands use the same bits for
 * different fields.
 *
 * <p>Source: IHI 0070 G.b sections 4.1.6, 4.2 to 4.7 for names, widths and the positions the text
 * gives; positions in figures as in Linux {@code arm-smmu-v3.h}. Operands that exist on the Secure
 * or Realm Command queue only (NS of CMD_PREFETCH_ADDR, MSI_NS of CMD_SYNC) are RES0 on the
 * Non-secure queue and have no field here.
 */
public final class Command {
    /** Which command; see {@link Opcode}. */
    public static final Field OPCODE = new Field("Opcode", 0, 0, 8);

    /** CMD_ATC_INV: invalidate for all PASIDs; IGNORED when SSV is 0. */
    public static final Field GLOBAL = new Field("G", 0, 9, 1);

    /** The StreamID is Secure; must be 0 on the Non-secure queue or the command is illegal. */
    public static final Field SSEC = new Field("SSec", 0, 10, 1);

    /** A SubstreamID is supplied. */
    public static final Field SSV = new Field("SSV", 0, 11, 1);

    /** SubstreamID or PASID. */
    public static final Field SUBSTREAMID = new Field("SubstreamID", 0, 12, 20);

    /** StreamID. */
    public static final Field STREAMID = new Field("StreamID", 0, 32, 32);

    /** TLBI: range multiplier less one. */
    public static final Field NUM = new Field("NUM", 0, 12, 5);

    /** TLBI: range exponent. */
    public static final Field SCALE = new Field("SCALE", 0, 20, 6);

    /** TLBI and CFGI_VMS_PIDM: virtual machine. */
    public static final Field VMID = new Field("VMID", 0, 32, 16);

    /** TLBI: address space. */
    public static final Field ASID = new Field("ASID", 0, 48, 16);

    /** CMD_RESUME: 1 retry, 0 terminate. */
    public static final Field ACTION = new Field("Ac", 0, 12, 1);

    /** CMD_RESUME: 1 terminate with abort, 0 as RAZ/WI; IGNORED for retry. */
    public static final Field ABORT = new Field("Ab", 0, 13, 1);

    /** CMD_SYNC: completion signal; see the {@code CS_} values. */
    public static final Field CS = new Field("CS", 0, 12, 2);

    /** CMD_SYNC: shareability of the MSI write. */
    public static final Field MSH = new Field("MSH", 0, 22, 2);

    /** CMD_SYNC: memory type of the MSI write, encoded as STE.MemAttr. */
    public static final Field MSIATTR = new Field("MSIAttr", 0, 24, 4);

    /** CMD_SYNC: payload of the MSI write. */
    public static final Field MSIDATA = new Field("MSIData", 0, 32, 32);

    /** Only leaf entries need to be invalidated. */
    public static final Field LEAF = new Field("Leaf", 1, 0, 1);

    /** CMD_CFGI_STE_RANGE: 2^(Range+1) StreamIDs; 31 is CMD_CFGI_ALL. */
    public static final Field RANGE = new Field("Range", 1, 0, 5);

    /** CMD_PREFETCH_ADDR: 2^Size translations. */
    public static final Field PREFETCH_SIZE = new Field("Size", 1, 0, 5);

    /** CMD_PREFETCH_ADDR: every 2^(12+Stride) bytes. */
    public static final Field STRIDE = new Field("Stride", 1, 5, 5);

    /** CMD_ATC_INV: 4096 * 2^Size bytes; 52 is everything. */
    public static final Field ATC_SIZE = new Field("Size", 1, 0, 6);

    /** TLBI: TTL is of 128-bit descriptors. */
    public static final Field TTL128 = new Field("TTL128", 1, 7, 1);

    /** TLBI: level of the leaf entry, 0 for any. */
    public static final Field TTL = new Field("TTL", 1, 8, 2);

    /** TLBI: granule, encoded as {@link Granule#commandTg()}; 0 for any and no range. */
    public static final Field TG = new Field("TG", 1, 10, 2);

    /** Virtual address bits [63:12]. */
    public static final Field ADDRESS = new Field("Address", 1, 12, 52);

    /** CMD_TLBI_S2_IPA: address bits [55:12]. */
    public static final Field IPA = new Field("IPA", 1, 12, 44);

    /** CMD_PRI_RESP: page request group index. */
    public static final Field PRGINDEX = new Field("PRGIndex", 1, 0, 9);

    /** CMD_PRI_RESP: response; see the {@code RESP_} values. */
    public static final Field RESPONSE = new Field("Resp", 1, 12, 2);

    /** CMD_RESUME: stall tag of the event record. */
    public static final Field STAG = new Field("STAG", 1, 0, 16);

    /** CMD_SYNC: MSI address bits [55:2]; zero sends no MSI. */
    public static final Field MSIADDRESS = new Field("MSIAddress", 1, 2, 54);

    /** CMD_DPTI_PA: encoded size of the region. */
    public static final Field DPT_SIZE = new Field("SIZE", 1, 8, 4);

    /** Length of a command in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of a command in bytes. */
    public static final int BYTES = 16;

    /** CS: no signal. */
    public static final int CS_NONE = 0b00;

    /** CS: interrupt, as an MSI or wired. */
    public static final int CS_IRQ = 0b01;

    /** CS: wake-up event. */
    public static final int CS_SEV = 0b10;

    /** CS: reserved, CERROR_ILL. */
    public static final int CS_RESERVED = 0b11;

    /** Resp: Response Failure, permanent. */
    public static final int RESP_FAILURE = 0b00;

    /** Resp: Invalid Request, a page could not be made present. */
    public static final int RESP_INVALID = 0b01;

    /** Resp: Success. */
    public static final int RESP_SUCCESS = 0b10;

    /** Resp: reserved, CERROR_ILL. */
    public static final int RESP_RESERVED = 0b11;

    /** Range that makes CMD_CFGI_STE_RANGE a CMD_CFGI_ALL. */
    public static final int RANGE_ALL = 31;

    /** Size of a CMD_ATC_INV that spans every address. */
    public static final int ATC_SIZE_ALL = 52;

    private Command() {}

    /**
     * The opcode as a number; {@link Opcode#of(int)} names it.
     *
     * @param w0 word 0
     * @return 0 to 255
     */
    public static int opcode(long w0) {
        return (int) OPCODE.get(w0);
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
     * Whether a SubstreamID is supplied.
     *
     * @param w0 word 0
     * @return SSV
     */
    public static boolean ssv(long w0) {
        return SSV.isSet(w0);
    }

    /**
     * The SubstreamID, or the PASID.
     *
     * @param w0 word 0
     * @return 0 to 2^20 - 1
     */
    public static int substreamId(long w0) {
        return (int) SUBSTREAMID.get(w0);
    }

    /**
     * The virtual machine identifier.
     *
     * @param w0 word 0
     * @return 0 to 65535
     */
    public static int vmid(long w0) {
        return (int) VMID.get(w0);
    }

    /**
     * The address space identifier.
     *
     * @param w0 word 0
     * @return 0 to 65535
     */
    public static int asid(long w0) {
        return (int) ASID.get(w0);
    }

    /**
     * The first StreamID of a CMD_CFGI_STE_RANGE, whose low Range + 1 bits are ignored.
     *
     * @param w0 word 0
     * @param w1 word 1
     * @return StreamID as an unsigned 32-bit number in a long
     */
    public static long rangeFirst(long w0, long w1) {
        return STREAMID.get(w0) & ~(rangeCount(w1) - 1);
    }

    /**
     * The number of StreamIDs of a CMD_CFGI_STE_RANGE.
     *
     * @param w1 word 1
     * @return 2 to 2^32, a power of two
     */
    public static long rangeCount(long w1) {
        return 2L << RANGE.get(w1);
    }

    /**
     * The first address of a CMD_ATC_INV, aligned to its span.
     *
     * @param w1 word 1, whose Size is at most 52
     * @return a byte address; 0 for a Size of 52
     */
    public static long atcFirst(long w1) {
        long size = ATC_SIZE.get(w1);
        return size >= ATC_SIZE_ALL ? 0 : w1 & -1L << 12 + size;
    }

    /**
     * The last address of a CMD_ATC_INV.
     *
     * @param w1 word 1, whose Size is at most 52
     * @return a byte address, as an unsigned number
     */
    public static long atcLast(long w1) {
        long size = ATC_SIZE.get(w1);
        return size >= ATC_SIZE_ALL ? -1L : w1 | ~(-1L << 12 + size);
    }
}
