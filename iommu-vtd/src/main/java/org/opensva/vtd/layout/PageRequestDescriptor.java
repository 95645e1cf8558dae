package org.opensva.vtd.layout;

import java.util.List;

/**
 * The page request descriptor: an entry of the page request queue. 32 bytes, four 64-bit words.
 *
 * <p>Source: section 7.4; positions as in Linux {@code drivers/iommu/intel/prq.c} and {@code
 * iommu.h} and QEMU {@code intel_iommu_internal.h}. The overlays of {@link #STRUCTURE} are the
 * private data that revision 4.0 removed; its bits are reserved now.
 */
public final class PageRequestDescriptor {
    /** Type; {@link #TYPE_PAGE_REQUEST}. */
    public static final Field TYPE = new Field("Type", 0, 0, 8);

    /** The request has a PASID. */
    public static final Field PP = new Field("PP", 0, 8, 1);

    /** Before revision 4.0: words 2 and 3 hold private data. */
    public static final Field PDP = new Field("PDP", 0, 9, 1);

    /** Requester id. */
    public static final Field RID = new Field("RID", 0, 16, 16);

    /** PASID; valid with PP. */
    public static final Field PASID = new Field("PASID", 0, 32, 20);

    /** Execute permission is requested; valid with PP. */
    public static final Field EXE = new Field("EXE", 0, 52, 1);

    /** Supervisor privilege is requested; valid with PP. */
    public static final Field PRIV = new Field("PRIV", 0, 53, 1);

    /** Read permission is requested. */
    public static final Field R = new Field("R", 1, 0, 1);

    /** Write permission is requested. */
    public static final Field W = new Field("W", 1, 1, 1);

    /** Last page request in its group. */
    public static final Field LPIG = new Field("LPIG", 1, 2, 1);

    /** Page request group index. */
    public static final Field PRGI = new Field("PRGI", 1, 3, 9);

    /** Address bits [63:12]. */
    public static final Field ADDR = new Field("ADDR", 1, 12, 52);

    /** Before revision 4.0: private data, bits [63:0]. */
    public static final Field PRIVATE_LOW = new Field("Private_lo", 2, 0, 64);

    /** Before revision 4.0: private data, bits [127:64]. */
    public static final Field PRIVATE_HIGH = new Field("Private_hi", 3, 0, 64);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "page_req_dsc",
                    "7.4",
                    4,
                    List.of(TYPE, PP, RID, PASID, EXE, PRIV, R, W, LPIG, PRGI, ADDR),
                    List.of(PDP, PRIVATE_LOW, PRIVATE_HIGH));

    private PageRequestDescriptor() {}

    /** Length of a descriptor in 64-bit words. */
    public static final int WORDS = 4;

    /** Length of a descriptor in bytes. */
    public static final int BYTES = 32;

    /** Type: page request. */
    public static final int TYPE_PAGE_REQUEST = 0x01;

    /** Response code: success. */
    public static final int RESPONSE_SUCCESS = 0x0;

    /** Response code: invalid request, a page could not be made present. */
    public static final int RESPONSE_INVALID = 0x1;

    /**
     * Response code: response failure, permanent; the numbers between are treated alike by devices.
     */
    public static final int RESPONSE_FAILURE = 0xf;

    /**
     * The type.
     *
     * @param w0 word 0
     * @return 0 to 255
     */
    public static int type(long w0) {
        return (int) TYPE.get(w0);
    }

    /**
     * Whether the PASID, EXE and PRIV count.
     *
     * @param w0 word 0
     * @return PP
     */
    public static boolean hasPasid(long w0) {
        return PP.isSet(w0);
    }

    /**
     * The requester id.
     *
     * @param w0 word 0
     * @return 0 to 65535
     */
    public static int requesterId(long w0) {
        return (int) RID.get(w0);
    }

    /**
     * The PASID, valid with PP.
     *
     * @param w0 word 0
     * @return 0 to 2^20 - 1
     */
    public static int pasid(long w0) {
        return (int) PASID.get(w0);
    }

    /**
     * Whether the request is the last of its group.
     *
     * @param w1 word 1
     * @return LPIG
     */
    public static boolean last(long w1) {
        return LPIG.isSet(w1);
    }

    /**
     * The page request group index.
     *
     * @param w1 word 1
     * @return 0 to 511
     */
    public static int group(long w1) {
        return (int) PRGI.get(w1);
    }

    /**
     * The page.
     *
     * @param w1 word 1
     * @return a byte address, 4 KB aligned
     */
    public static long address(long w1) {
        return ADDR.address(w1);
    }

    /**
     * Whether the request is a Stop Marker: last of its group, with PASID, and for neither reading
     * nor writing.
     *
     * @param w0 word 0
     * @param w1 word 1
     * @return true for a Stop Marker
     */
    public static boolean isStopMarker(long w0, long w1) {
        return PP.isSet(w0) && (w1 & (R.mask() | W.mask() | LPIG.mask())) == LPIG.mask();
    }

    /**
     * Composes word 0.
     *
     * @param rid requester id, 0 to 65535
     * @param pasidPresent whether the request has a PASID; without it the three below must be 0
     * @param pasid PASID, 0 to 2^20 - 1
     * @param execute whether execute permission is requested
     * @param privileged whether supervisor privilege is requested
     * @return word 0
     */
    public static long encodeLow(
            int rid, boolean pasidPresent, int pasid, boolean execute, boolean privileged) {
        return TYPE_PAGE_REQUEST
                | (pasidPresent ? PP.mask() : 0)
                | RID.place(rid)
                | PASID.place(pasid)
                | (execute ? EXE.mask() : 0)
                | (privileged ? PRIV.mask() : 0);
    }

    /**
     * Composes word 1.
     *
     * @param address byte address; bits [11:0] are dropped
     * @param group page request group index, 0 to 511
     * @param last whether the request is the last of its group
     * @param read whether read permission is requested
     * @param write whether write permission is requested
     * @return word 1
     */
    public static long encodeHigh(
            long address, int group, boolean last, boolean read, boolean write) {
        return ADDR.address(address)
                | PRGI.place(group)
                | (last ? LPIG.mask() : 0)
                | (read ? R.mask() : 0)
                | (write ? W.mask() : 0);
    }
}
