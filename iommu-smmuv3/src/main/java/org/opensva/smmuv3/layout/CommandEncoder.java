package org.opensva.smmuv3.layout;

/**
 * Writes commands, two words each, without allocating. Operands are truncated to their fields.
 *
 * <p>Source: IHI 0070 G.b chapter 4; see {@link Command}.
 */
public final class CommandEncoder {
    private CommandEncoder() {}

    private static long substream(boolean ssv, int pasid) {
        return ssv ? Command.SSV.mask() | Command.SUBSTREAMID.place(pasid) : 0;
    }

    private static long tags(int vmid, int asid) {
        return Command.VMID.place(vmid) | Command.ASID.place(asid);
    }

    /**
     * CMD_PREFETCH_CONFIG (section 4.2.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the SubstreamID counts
     * @param pasid SubstreamID or PASID, 0 to 2^20 - 1
     */
    public static void prefetchConfig(long[] queue, int at, int streamId, boolean ssv, int pasid) {
        queue[at] =
                Opcode.PREFETCH_CONFIG.code()
                        | substream(ssv, pasid)
                        | Command.STREAMID.place(streamId);
        queue[at + 1] = 0;
    }

    /**
     * CMD_CFGI_STE (section 4.3.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param leaf only leaf entries need to go
     */
    public static void cfgiSte(long[] queue, int at, int streamId, boolean leaf) {
        queue[at] = Opcode.CFGI_STE.code() | Command.STREAMID.place(streamId);
        queue[at + 1] = leaf ? 1 : 0;
    }

    /**
     * CMD_CFGI_STE_RANGE (section 4.3.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param range 2^(range+1) StreamIDs, 0 to 31
     */
    public static void cfgiSteRange(long[] queue, int at, int streamId, int range) {
        queue[at] = Opcode.CFGI_STE_RANGE.code() | Command.STREAMID.place(streamId);
        queue[at + 1] = Command.RANGE.place(range);
    }

    /**
     * CMD_CFGI_ALL (section 4.3.6).
     *
     * @param queue where to write
     * @param at index of word 0
     */
    public static void cfgiAll(long[] queue, int at) {
        queue[at] = Opcode.CFGI_STE_RANGE.code();
        queue[at + 1] = Command.RANGE_ALL;
    }

    /**
     * CMD_CFGI_CD (section 4.3.3).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param pasid SubstreamID or PASID, 0 to 2^20 - 1
     * @param leaf only leaf entries need to go
     */
    public static void cfgiCd(long[] queue, int at, int streamId, int pasid, boolean leaf) {
        queue[at] =
                Opcode.CFGI_CD.code()
                        | Command.SUBSTREAMID.place(pasid)
                        | Command.STREAMID.place(streamId);
        queue[at + 1] = leaf ? 1 : 0;
    }

    /**
     * CMD_CFGI_CD_ALL (section 4.3.4).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     */
    public static void cfgiCdAll(long[] queue, int at, int streamId) {
        queue[at] = Opcode.CFGI_CD_ALL.code() | Command.STREAMID.place(streamId);
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_NH_ALL (section 4.4.2.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param vmid virtual machine, 0 to 65535
     */
    public static void tlbiNhAll(long[] queue, int at, int vmid) {
        queue[at] = Opcode.TLBI_NH_ALL.code() | Command.VMID.place(vmid);
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_NH_ASID (section 4.4.2.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param vmid virtual machine, 0 to 65535
     * @param asid address space, 0 to 65535
     */
    public static void tlbiNhAsid(long[] queue, int at, int vmid, int asid) {
        queue[at] = Opcode.TLBI_NH_ASID.code() | tags(vmid, asid);
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_EL2_ALL (section 4.4.2.7).
     *
     * @param queue where to write
     * @param at index of word 0
     */
    public static void tlbiEl2All(long[] queue, int at) {
        queue[at] = Opcode.TLBI_EL2_ALL.code();
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_EL2_ASID (section 4.4.2.10).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param asid address space, 0 to 65535
     */
    public static void tlbiEl2Asid(long[] queue, int at, int asid) {
        queue[at] = Opcode.TLBI_EL2_ASID.code() | tags(0, asid);
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_S12_VMALL (section 4.4.3.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param vmid virtual machine, 0 to 65535
     */
    public static void tlbiS12Vmall(long[] queue, int at, int vmid) {
        queue[at] = Opcode.TLBI_S12_VMALL.code() | Command.VMID.place(vmid);
        queue[at + 1] = 0;
    }

    /**
     * CMD_TLBI_NSNH_ALL (section 4.4.4.1).
     *
     * @param queue where to write
     * @param at index of word 0
     */
    public static void tlbiNsnhAll(long[] queue, int at) {
        queue[at] = Opcode.TLBI_NSNH_ALL.code();
        queue[at + 1] = 0;
    }

    /**
     * CMD_ATC_INV (section 4.5.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the SubstreamID counts
     * @param pasid SubstreamID or PASID, 0 to 2^20 - 1
     * @param global for all PASIDs of the device
     * @param address first address, aligned to the span
     * @param size 4096 * 2^size bytes, 0 to 52
     */
    public static void atcInv(
            long[] queue,
            int at,
            int streamId,
            boolean ssv,
            int pasid,
            boolean global,
            long address,
            int size) {
        queue[at] =
                Opcode.ATC_INV.code()
                        | (global ? Command.GLOBAL.mask() : 0)
                        | substream(ssv, pasid)
                        | Command.STREAMID.place(streamId);
        queue[at + 1] = Command.ADDRESS.address(address) | Command.ATC_SIZE.place(size);
    }

    /**
     * CMD_PRI_RESP (section 4.5.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the SubstreamID counts
     * @param pasid SubstreamID or PASID, 0 to 2^20 - 1
     * @param prgIndex page request group index, 0 to 511
     * @param response one of the {@code RESP_} values
     */
    public static void priResp(
            long[] queue,
            int at,
            int streamId,
            boolean ssv,
            int pasid,
            int prgIndex,
            int response) {
        queue[at] =
                Opcode.PRI_RESP.code() | substream(ssv, pasid) | Command.STREAMID.place(streamId);
        queue[at + 1] = Command.PRGINDEX.place(prgIndex) | Command.RESPONSE.place(response);
    }

    /**
     * CMD_RESUME (section 4.7.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param stag stall tag of the event record
     * @param retry retry instead of terminate
     * @param abort terminate with abort instead of RAZ/WI
     */
    public static void resume(
            long[] queue, int at, int streamId, int stag, boolean retry, boolean abort) {
        queue[at] =
                Opcode.RESUME.code()
                        | (retry ? Command.ACTION.mask() : 0)
                        | (abort ? Command.ABORT.mask() : 0)
                        | Command.STREAMID.place(streamId);
        queue[at + 1] = Command.STAG.place(stag);
    }

    /**
     * CMD_STALL_TERM (section 4.7.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     */
    public static void stallTerm(long[] queue, int at, int streamId) {
        queue[at] = Opcode.STALL_TERM.code() | Command.STREAMID.place(streamId);
        queue[at + 1] = 0;
    }

    /**
     * CMD_SYNC without an MSI (section 4.7.3).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param signal one of the {@code CS_} values
     */
    public static void sync(long[] queue, int at, int signal) {
        queue[at] = Opcode.SYNC.code() | Command.CS.place(signal);
        queue[at + 1] = 0;
    }

    /**
     * CMD_SYNC that writes an MSI (section 4.7.3).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param address target, a multiple of 4
     * @param data payload
     * @param shareability MSH, 0 to 3
     * @param memAttr MSIAttr, encoded as STE.MemAttr
     */
    public static void syncMsi(
            long[] queue, int at, long address, int data, int shareability, int memAttr) {
        queue[at] =
                Opcode.SYNC.code()
                        | Command.CS.place(Command.CS_IRQ)
                        | Command.MSH.place(shareability)
                        | Command.MSIATTR.place(memAttr)
                        | Command.MSIDATA.place(data);
        queue[at + 1] = Command.MSIADDRESS.address(address);
    }

    /**
     * CMD_PREFETCH_ADDR (section 4.2.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the SubstreamID counts
     * @param pasid SubstreamID or PASID, 0 to 2^20 - 1
     * @param address first address
     * @param size 2^size translations, 0 to 31
     * @param stride every 2^(12+stride) bytes, 0 to 31
     */
    public static void prefetchAddr(
            long[] queue,
            int at,
            int streamId,
            boolean ssv,
            int pasid,
            long address,
            int size,
            int stride) {
        queue[at] =
                Opcode.PREFETCH_ADDR.code()
                        | substream(ssv, pasid)
                        | Command.STREAMID.place(streamId);
        queue[at + 1] =
                Command.ADDRESS.address(address)
                        | Command.PREFETCH_SIZE.place(size)
                        | Command.STRIDE.place(stride);
    }

    /**
     * A TLB invalidation by address without range operands: one of TLBI_NH_VA, TLBI_NH_VAA,
     * TLBI_EL2_VA, TLBI_EL2_VAA and TLBI_S2_IPA (sections 4.4.2 and 4.4.3).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param opcode which of them
     * @param vmid virtual machine, 0 to 65535; 0 where the command has none
     * @param asid address space, 0 to 65535; 0 where the command has none
     * @param address any address within the page
     * @param leaf only leaf entries need to go
     */
    public static void tlbiAddress(
            long[] queue, int at, Opcode opcode, int vmid, int asid, long address, boolean leaf) {
        queue[at] = opcode.code() | tags(vmid, asid);
        queue[at + 1] = address(opcode, address) | (leaf ? 1 : 0);
    }

    /**
     * The range form of {@link #tlbiAddress} (section 4.4.1.1): (num + 1) * 2^scale granules from
     * the address.
     *
     * @param queue where to write
     * @param at index of word 0
     * @param opcode TLBI_NH_VA, TLBI_NH_VAA, TLBI_EL2_VA, TLBI_EL2_VAA or TLBI_S2_IPA
     * @param vmid virtual machine, 0 to 65535; 0 where the command has none
     * @param asid address space, 0 to 65535; 0 where the command has none
     * @param address first address
     * @param leaf only leaf entries need to go
     * @param granule granule of the tables
     * @param num NUM, 0 to 31
     * @param scale SCALE, 0 to 39
     * @param ttl level of the leaf entries, 0 if any; with num and scale 0 it must not be 0
     */
    public static void tlbiRange(
            long[] queue,
            int at,
            Opcode opcode,
            int vmid,
            int asid,
            long address,
            boolean leaf,
            Granule granule,
            int num,
            int scale,
            int ttl) {
        queue[at] =
                opcode.code()
                        | Command.NUM.place(num)
                        | Command.SCALE.place(scale)
                        | tags(vmid, asid);
        queue[at + 1] =
                address(opcode, address)
                        | Command.TG.place(granule.commandTg())
                        | Command.TTL.place(ttl)
                        | (leaf ? 1 : 0);
    }

    private static long address(Opcode opcode, long address) {
        return opcode == Opcode.TLBI_S2_IPA
                ? Command.IPA.address(address)
                : Command.ADDRESS.address(address);
    }
}
