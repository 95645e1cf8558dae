package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * A PRI queue entry: one PCIe page request or Stop Marker. 16 bytes.
 *
 * <p>Source: IHI 0070 G.b chapter 8; bit positions as in Linux {@code arm-smmu-v3.h}. A Stop Marker
 * has SSV 1, Last 1, W 0 and R 0.
 */
public final class PageRequestEntry {
    /** StreamID of the requester. */
    public static final Field STREAMID = new Field("StreamID", 0, 0, 32);

    /** PASID of the request; UNKNOWN when SSV is 0. */
    public static final Field SUBSTREAMID = new Field("SubstreamID", 0, 32, 20);

    /** Privileged access requested; 0 when SSV is 0. */
    public static final Field PRIV = new Field("Priv", 0, 58, 1);

    /** Execute access requested; 0 when SSV is 0. */
    public static final Field X = new Field("X", 0, 59, 1);

    /** Read access requested. */
    public static final Field R = new Field("R", 0, 60, 1);

    /** Write access requested. */
    public static final Field W = new Field("W", 0, 61, 1);

    /** Last request of its group. */
    public static final Field LAST = new Field("Last", 0, 62, 1);

    /** The request carried a PASID. */
    public static final Field SSV = new Field("SSV", 0, 63, 1);

    /** Page request group index. */
    public static final Field PRGINDEX = new Field("PRGIndex", 1, 0, 9);

    /** Address bits [63:12] of the page. */
    public static final Field ADDRESS = new Field("Address", 1, 12, 52);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure(
                    "PRI queue entry",
                    "8",
                    2,
                    List.of(STREAMID, SUBSTREAMID, PRIV, X, R, W, LAST, SSV, PRGINDEX, ADDRESS),
                    List.of());

    private PageRequestEntry() {}

    /** Length of an entry in 64-bit words. */
    public static final int WORDS = 2;

    /** Length of an entry in bytes. */
    public static final int BYTES = 16;

    /**
     * Whether the entry is a Stop Marker.
     *
     * @param w0 word 0
     * @return true if SSV and Last are 1 and R and W are 0
     */
    public static boolean isStopMarker(long w0) {
        long mask = SSV.mask() | LAST.mask() | R.mask() | W.mask();
        return (w0 & mask) == (SSV.mask() | LAST.mask());
    }

    /**
     * Word 0 of an entry.
     *
     * @param streamId StreamID as an unsigned 32-bit number
     * @param ssv whether the request carried a PASID; if not, the PASID, X and Priv are written as
     *     0
     * @param pasid the PASID, 0 to 2^20 - 1
     * @param read read access requested
     * @param write write access requested
     * @param execute execute access requested
     * @param privileged privileged access requested
     * @param last last request of its group
     * @return the word
     */
    public static long word0(
            int streamId,
            boolean ssv,
            int pasid,
            boolean read,
            boolean write,
            boolean execute,
            boolean privileged,
            boolean last) {
        long word = STREAMID.place(streamId);
        if (ssv) {
            word |= SSV.mask() | SUBSTREAMID.place(pasid);
            word |= (execute ? X.mask() : 0) | (privileged ? PRIV.mask() : 0);
        }
        word |= (read ? R.mask() : 0) | (write ? W.mask() : 0);
        return word | (last ? LAST.mask() : 0);
    }

    /**
     * Word 1 of an entry.
     *
     * @param address any address within the page
     * @param prgIndex page request group index, 0 to 511
     * @return the word
     */
    public static long word1(long address, int prgIndex) {
        return ADDRESS.address(address) | PRGINDEX.place(prgIndex);
    }
}
