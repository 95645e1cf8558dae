package org.opensva.vtd.layout;

/**
 * The fields of invalidation queue descriptors. A descriptor is 16 or 32 bytes, as IQA.DW says: two
 * or four little-endian 64-bit words, of which words 2 and 3 are reserved. The fields of one
 * descriptor are listed by {@link DescriptorType#structure()}; different descriptors use the same
 * bits for different fields.
 *
 * <p>Source: sections 6.5.2.1 to 6.5.2.8 and 7.6.1; positions as in VirtualBox {@code
 * iommu-intel.h}, QEMU {@code intel_iommu_internal.h} and Linux {@code
 * drivers/iommu/intel/iommu.h}, for the page group response the latter two.
 */
public final class InvalidationDescriptor {
    /** Bits [3:0] of the type. */
    public static final Field TYPE_LO = new Field("Type_lo", 0, 0, 4);

    /** Bits [6:4] of the type. */
    public static final Field TYPE_HI = new Field("Type_hi", 0, 9, 3);

    /** Context cache, PASID cache, IOTLB, PASID-based IOTLB: granularity; see the constants. */
    public static final Field GRANULARITY = new Field("G", 0, 4, 2);

    /** Domain id. */
    public static final Field DID = new Field("DID", 0, 16, 16);

    /** Context cache: source id. */
    public static final Field CC_SID = new Field("SID", 0, 32, 16);

    /** Context cache: function mask; see {@link FunctionMask}. */
    public static final Field FM = new Field("FM", 0, 48, 2);

    /** PASID. */
    public static final Field PASID = new Field("PASID", 0, 32, 20);

    /** IOTLB: drain writes. */
    public static final Field DW = new Field("DW", 0, 6, 1);

    /** IOTLB: drain reads. */
    public static final Field DR = new Field("DR", 0, 7, 1);

    /** IOTLB, PASID-based IOTLB: address mask, 2^AM pages of 4 KB. */
    public static final Field AM = new Field("AM", 1, 0, 6);

    /** IOTLB, PASID-based IOTLB: no table entry above the leaves changed. */
    public static final Field IH = new Field("IH", 1, 6, 1);

    /** Address bits [63:12]. */
    public static final Field ADDR = new Field("ADDR", 1, 12, 52);

    /** Device-TLB: bits [3:0] of the physical function; reserved without ECAP.DIT. */
    public static final Field PFSID_LO = new Field("PFSID_lo", 0, 12, 4);

    /** Device-TLB: bits [15:4] of the physical function; reserved without ECAP.DIT. */
    public static final Field PFSID_HI = new Field("PFSID_hi", 0, 52, 12);

    /** Device-TLB: maximum of pending invalidations; 0 is 32. */
    public static final Field MIP = new Field("MIP", 0, 16, 5);

    /** Device-TLB: source id. */
    public static final Field DEVICE_SID = new Field("SID", 0, 32, 16);

    /** Device-TLB: more than one page; see {@link DeviceTlbRange}. */
    public static final Field DEVICE_S = new Field("S", 1, 0, 1);

    /** PASID-based device-TLB: maximum of pending invalidations; 0 is 32. */
    public static final Field PASID_DEVICE_MIP = new Field("MIP", 0, 4, 5);

    /** PASID-based device-TLB: source id. */
    public static final Field PASID_DEVICE_SID = new Field("SID", 0, 16, 16);

    /** PASID-based device-TLB: for all PASIDs. */
    public static final Field PASID_DEVICE_G = new Field("G", 1, 0, 1);

    /** PASID-based device-TLB: more than one page; see {@link DeviceTlbRange}. */
    public static final Field PASID_DEVICE_S = new Field("S", 1, 11, 1);

    /** Interrupt entry cache: 0 everything, 1 by index. */
    public static final Field IEC_G = new Field("G", 0, 4, 1);

    /** Interrupt entry cache: index mask, 2^IM entries; at most ECAP.MHMV. */
    public static final Field IM = new Field("IM", 0, 27, 5);

    /** Interrupt entry cache: interrupt index. */
    public static final Field IIDX = new Field("IIDX", 0, 32, 16);

    /** Wait: set ICS.IWC and signal the event when done. */
    public static final Field IF = new Field("IF", 0, 4, 1);

    /** Wait: write the status when done. */
    public static final Field SW = new Field("SW", 0, 5, 1);

    /** Wait: fence, later descriptors start after this one. */
    public static final Field FN = new Field("FN", 0, 6, 1);

    /** Wait: drain page requests; reserved without ECAP.PDS. */
    public static final Field PD = new Field("PD", 0, 7, 1);

    /** Wait: status data. */
    public static final Field STDATA = new Field("STDATA", 0, 32, 32);

    /** Wait: status address bits [63:2]. */
    public static final Field STADDR = new Field("STADDR", 1, 2, 62);

    /** Page group response: the PASID counts. */
    public static final Field PP = new Field("PP", 0, 4, 1);

    /** Page group response, before revision 4.0: words 2 and 3 hold private data. */
    public static final Field PDP = new Field("PDP", 0, 5, 1);

    /** Page group response: response code; see {@link PageRequestDescriptor}. */
    public static final Field RESPONSE_CODE = new Field("RC", 0, 12, 4);

    /** Page group response: requester id. */
    public static final Field RID = new Field("RID", 0, 16, 16);

    /** Page group response: LPIG of the request. */
    public static final Field LPIG = new Field("LPIG", 1, 2, 1);

    /** Page group response: page request group index. */
    public static final Field PRGI = new Field("PRGI", 1, 3, 9);

    /** Length of a 128-bit descriptor in 64-bit words. */
    public static final int WORDS_128 = 2;

    /** Length of a 256-bit descriptor in 64-bit words. */
    public static final int WORDS_256 = 4;

    /** Context cache G: everything. */
    public static final int CC_GLOBAL = 0b01;

    /** Context cache G: one domain. */
    public static final int CC_DOMAIN = 0b10;

    /** Context cache G: one device, or several by FM; 0b00 is reserved. */
    public static final int CC_DEVICE = 0b11;

    /** IOTLB G: everything. */
    public static final int IOTLB_GLOBAL = 0b01;

    /** IOTLB G: one domain. */
    public static final int IOTLB_DOMAIN = 0b10;

    /** IOTLB G: pages of one domain; 0b00 is reserved. */
    public static final int IOTLB_PAGE = 0b11;

    /** PASID cache G: every PASID of one domain. */
    public static final int PC_DOMAIN = 0b00;

    /** PASID cache G: one PASID of one domain. */
    public static final int PC_PASID = 0b01;

    /** PASID cache G: everything; 0b10 is reserved. */
    public static final int PC_GLOBAL = 0b11;

    /** PASID-based IOTLB G: one PASID of one domain. */
    public static final int PASID_IOTLB_PASID = 0b10;

    /** PASID-based IOTLB G: pages of one PASID of one domain; 0b00 and 0b01 are reserved. */
    public static final int PASID_IOTLB_PAGE = 0b11;

    /** Interrupt entry cache G: everything. */
    public static final int IEC_GLOBAL = 0;

    /** Interrupt entry cache G: by index. */
    public static final int IEC_INDEX = 1;

    private InvalidationDescriptor() {}

    /**
     * The type as a number; {@link DescriptorType#of(int)} names it.
     *
     * @param w0 word 0
     * @return 0 to 127
     */
    public static int type(long w0) {
        return (int) (TYPE_HI.get(w0) << 4 | TYPE_LO.get(w0));
    }

    /**
     * A type number at its place in word 0.
     *
     * @param code 0 to 127
     * @return the bits
     */
    public static long placeType(int code) {
        return TYPE_LO.place(code) | TYPE_HI.place(code >>> 4);
    }

    /**
     * The granularity.
     *
     * @param w0 word 0 of a context cache, PASID cache, IOTLB or PASID-based IOTLB descriptor
     * @return 0 to 3
     */
    public static int granularity(long w0) {
        return (int) GRANULARITY.get(w0);
    }

    /**
     * The domain id.
     *
     * @param w0 word 0
     * @return 0 to 65535
     */
    public static int domainId(long w0) {
        return (int) DID.get(w0);
    }

    /**
     * The PASID.
     *
     * @param w0 word 0
     * @return 0 to 2^20 - 1
     */
    public static int pasid(long w0) {
        return (int) PASID.get(w0);
    }

    /**
     * The physical function of a device-TLB invalidation, with or without PASID.
     *
     * @param w0 word 0
     * @return PFSID, 0 to 65535
     */
    public static int pfsid(long w0) {
        return (int) (PFSID_HI.get(w0) << 4 | PFSID_LO.get(w0));
    }

    /**
     * A physical function at its places in word 0.
     *
     * @param pfsid 0 to 65535
     * @return the bits
     */
    public static long placePfsid(int pfsid) {
        return PFSID_LO.place(pfsid) | PFSID_HI.place(pfsid >>> 4);
    }

    /**
     * The first address of a page-selective IOTLB invalidation, aligned to its span: lower bits are
     * ignored.
     *
     * @param w1 word 1
     * @return a byte address; 0 if AM spans everything
     */
    public static long firstAddress(long w1) {
        int shift = 12 + (int) AM.get(w1);
        return shift >= 64 ? 0 : ADDR.address(w1) & -1L << shift;
    }

    /**
     * The last address of a page-selective IOTLB invalidation.
     *
     * @param w1 word 1
     * @return a byte address, as an unsigned number
     */
    public static long lastAddress(long w1) {
        int shift = 12 + (int) AM.get(w1);
        return shift >= 64 ? -1L : ADDR.address(w1) | ~(-1L << shift);
    }

    /**
     * Where a wait descriptor writes its status.
     *
     * @param w1 word 1 of a wait descriptor
     * @return a byte address, 4-byte aligned
     */
    public static long statusAddress(long w1) {
        return STADDR.address(w1);
    }

    /**
     * What a wait descriptor writes.
     *
     * @param w0 word 0 of a wait descriptor
     * @return 32 bits
     */
    public static int statusData(long w0) {
        return (int) STDATA.get(w0);
    }
}
