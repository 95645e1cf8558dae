package org.opensva.vtd.layout;

/**
 * Writes the two first words of invalidation queue descriptors without allocating. Operands are
 * truncated to their fields. Words 2 and 3 of 256-bit descriptors are the caller's to keep 0.
 *
 * <p>Source: section 6.5.2; see {@link InvalidationDescriptor}.
 */
public final class DescriptorEncoder {
    private DescriptorEncoder() {}

    private static long type(DescriptorType type) {
        return InvalidationDescriptor.placeType(type.code());
    }

    private static long bit(Field field, boolean value) {
        return value ? field.mask() : 0;
    }

    /**
     * Context-cache invalidation (section 6.5.2.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param granularity {@link InvalidationDescriptor#CC_GLOBAL} or another
     * @param did domain id, 0 to 65535
     * @param sid source id, 0 to 65535
     * @param functionMask code of {@link FunctionMask}
     */
    public static void contextCache(
            long[] queue, int at, int granularity, int did, int sid, int functionMask) {
        queue[at] =
                type(DescriptorType.CONTEXT_CACHE)
                        | InvalidationDescriptor.GRANULARITY.place(granularity)
                        | InvalidationDescriptor.DID.place(did)
                        | InvalidationDescriptor.CC_SID.place(sid)
                        | InvalidationDescriptor.FM.place(functionMask);
        queue[at + 1] = 0;
    }

    /**
     * IOTLB invalidation (section 6.5.2.3).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param granularity {@link InvalidationDescriptor#IOTLB_GLOBAL} or another
     * @param did domain id, 0 to 65535
     * @param drainReads whether reads drain
     * @param drainWrites whether writes drain
     * @param address byte address; bits [11:0] are dropped
     * @param addressMask 2^n pages of 4 KB
     * @param hint only leaf entries changed
     */
    public static void iotlb(
            long[] queue,
            int at,
            int granularity,
            int did,
            boolean drainReads,
            boolean drainWrites,
            long address,
            int addressMask,
            boolean hint) {
        queue[at] =
                type(DescriptorType.IOTLB)
                        | InvalidationDescriptor.GRANULARITY.place(granularity)
                        | InvalidationDescriptor.DID.place(did)
                        | bit(InvalidationDescriptor.DR, drainReads)
                        | bit(InvalidationDescriptor.DW, drainWrites);
        queue[at + 1] =
                InvalidationDescriptor.ADDR.address(address)
                        | InvalidationDescriptor.AM.place(addressMask)
                        | bit(InvalidationDescriptor.IH, hint);
    }

    /**
     * PASID-based IOTLB invalidation (section 6.5.2.4).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param granularity {@link InvalidationDescriptor#PASID_IOTLB_PASID} or another
     * @param did domain id, 0 to 65535
     * @param pasid PASID, 0 to 2^20 - 1
     * @param address byte address; bits [11:0] are dropped
     * @param addressMask 2^n pages of 4 KB
     * @param hint only leaf entries changed
     */
    public static void pasidIotlb(
            long[] queue,
            int at,
            int granularity,
            int did,
            int pasid,
            long address,
            int addressMask,
            boolean hint) {
        queue[at] =
                type(DescriptorType.PASID_IOTLB)
                        | InvalidationDescriptor.GRANULARITY.place(granularity)
                        | InvalidationDescriptor.DID.place(did)
                        | InvalidationDescriptor.PASID.place(pasid);
        queue[at + 1] =
                InvalidationDescriptor.ADDR.address(address)
                        | InvalidationDescriptor.AM.place(addressMask)
                        | bit(InvalidationDescriptor.IH, hint);
    }

    /**
     * PASID-cache invalidation (section 6.5.2.2).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param granularity {@link InvalidationDescriptor#PC_DOMAIN} or another
     * @param did domain id, 0 to 65535
     * @param pasid PASID, 0 to 2^20 - 1
     */
    public static void pasidCache(long[] queue, int at, int granularity, int did, int pasid) {
        queue[at] =
                type(DescriptorType.PASID_CACHE)
                        | InvalidationDescriptor.GRANULARITY.place(granularity)
                        | InvalidationDescriptor.DID.place(did)
                        | InvalidationDescriptor.PASID.place(pasid);
        queue[at + 1] = 0;
    }

    /**
     * Device-TLB invalidation (section 6.5.2.5).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param sid source id, 0 to 65535
     * @param pfsid physical function, 0 to 65535
     * @param maxPending maximum of pending invalidations, 0 to 31; 0 is 32
     * @param address byte address, aligned to the range
     * @param order 2^n pages of 4 KB, 0 to 52
     */
    public static void deviceTlb(
            long[] queue, int at, int sid, int pfsid, int maxPending, long address, int order) {
        queue[at] =
                type(DescriptorType.DEVICE_TLB)
                        | InvalidationDescriptor.DEVICE_SID.place(sid)
                        | InvalidationDescriptor.placePfsid(pfsid)
                        | InvalidationDescriptor.MIP.place(maxPending);
        queue[at + 1] =
                DeviceTlbRange.encode(address, order)
                        | bit(InvalidationDescriptor.DEVICE_S, order > 0);
    }

    /**
     * PASID-based device-TLB invalidation (section 6.5.2.6).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param sid source id, 0 to 65535
     * @param pfsid physical function, 0 to 65535
     * @param maxPending maximum of pending invalidations, 0 to 31; 0 is 32
     * @param pasid PASID, 0 to 2^20 - 1
     * @param global for all PASIDs
     * @param address byte address, aligned to the range
     * @param order 2^n pages of 4 KB, 0 to 52
     */
    public static void pasidDeviceTlb(
            long[] queue,
            int at,
            int sid,
            int pfsid,
            int maxPending,
            int pasid,
            boolean global,
            long address,
            int order) {
        queue[at] =
                type(DescriptorType.PASID_DEVICE_TLB)
                        | InvalidationDescriptor.PASID_DEVICE_SID.place(sid)
                        | InvalidationDescriptor.placePfsid(pfsid)
                        | InvalidationDescriptor.PASID_DEVICE_MIP.place(maxPending)
                        | InvalidationDescriptor.PASID.place(pasid);
        queue[at + 1] =
                DeviceTlbRange.encode(address, order)
                        | bit(InvalidationDescriptor.PASID_DEVICE_S, order > 0)
                        | bit(InvalidationDescriptor.PASID_DEVICE_G, global);
    }

    /**
     * Interrupt entry cache invalidation (section 6.5.2.7).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param granularity {@link InvalidationDescriptor#IEC_GLOBAL} or {@link
     *     InvalidationDescriptor#IEC_INDEX}
     * @param index interrupt index, 0 to 65535
     * @param indexMask 2^n entries
     */
    public static void interruptEntryCache(
            long[] queue, int at, int granularity, int index, int indexMask) {
        queue[at] =
                type(DescriptorType.INTERRUPT_ENTRY_CACHE)
                        | InvalidationDescriptor.IEC_G.place(granularity)
                        | InvalidationDescriptor.IIDX.place(index)
                        | InvalidationDescriptor.IM.place(indexMask);
        queue[at + 1] = 0;
    }

    /**
     * Invalidation wait with a status write (section 6.5.2.8).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param address status address, 4-byte aligned
     * @param data status data
     * @param interrupt also signal the completion event
     * @param fence later descriptors start after this one
     * @param drainPageRequests drain page requests
     */
    public static void waitStatus(
            long[] queue,
            int at,
            long address,
            int data,
            boolean interrupt,
            boolean fence,
            boolean drainPageRequests) {
        queue[at] =
                type(DescriptorType.WAIT)
                        | InvalidationDescriptor.SW.mask()
                        | InvalidationDescriptor.STDATA.place(data)
                        | bit(InvalidationDescriptor.IF, interrupt)
                        | bit(InvalidationDescriptor.FN, fence)
                        | bit(InvalidationDescriptor.PD, drainPageRequests);
        queue[at + 1] = InvalidationDescriptor.STADDR.address(address);
    }

    /**
     * Invalidation wait without a status write (section 6.5.2.8).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param interrupt signal the completion event
     * @param fence later descriptors start after this one
     * @param drainPageRequests drain page requests
     */
    public static void waitInterrupt(
            long[] queue, int at, boolean interrupt, boolean fence, boolean drainPageRequests) {
        queue[at] =
                type(DescriptorType.WAIT)
                        | bit(InvalidationDescriptor.IF, interrupt)
                        | bit(InvalidationDescriptor.FN, fence)
                        | bit(InvalidationDescriptor.PD, drainPageRequests);
        queue[at + 1] = 0;
    }

    /**
     * Page group response (section 7.6.1).
     *
     * @param queue where to write
     * @param at index of word 0
     * @param rid requester id, 0 to 65535
     * @param pasidPresent whether the PASID counts
     * @param pasid PASID, 0 to 2^20 - 1
     * @param group page request group index, 0 to 511
     * @param last LPIG of the request
     * @param code one of the {@code RESPONSE_} values of {@link PageRequestDescriptor}
     */
    public static void pageGroupResponse(
            long[] queue,
            int at,
            int rid,
            boolean pasidPresent,
            int pasid,
            int group,
            boolean last,
            int code) {
        queue[at] =
                type(DescriptorType.PAGE_GROUP_RESPONSE)
                        | bit(InvalidationDescriptor.PP, pasidPresent)
                        | InvalidationDescriptor.RESPONSE_CODE.place(code)
                        | InvalidationDescriptor.RID.place(rid)
                        | InvalidationDescriptor.PASID.place(pasid);
        queue[at + 1] =
                InvalidationDescriptor.PRGI.place(group) | bit(InvalidationDescriptor.LPIG, last);
    }
}
