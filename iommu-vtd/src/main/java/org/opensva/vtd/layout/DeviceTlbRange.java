package org.opensva.vtd.layout;

/**
 * The encoding of address ranges in device-TLB invalidations, which is that of PCI Express ATS:
 * with S set, the lowest address bit from 12 on that is 0 tells the size, 2^(n + 1) pages for n
 * bits of 1 below it.
 *
 * <p>Source: sections 6.5.2.5 and 6.5.2.6; the same arithmetic as Linux {@code
 * qi_flush_dev_iotlb_pasid}.
 */
public final class DeviceTlbRange {
    /** The order that spans every address: 2^52 pages. */
    public static final int ORDER_ALL = 52;

    private DeviceTlbRange() {}

    /**
     * The address bits that name a range; with an order above 0, S goes with them.
     *
     * @param address byte address; bits below the size of the range are dropped
     * @param order 2^order pages of 4 KB, 0 to {@link #ORDER_ALL}; greater values are taken as that
     * @return bits [63:12]
     */
    public static long encode(long address, int order) {
        if (order <= 0) {
            return address & -1L << 12;
        }
        int top = 11 + Math.min(order, ORDER_ALL);
        long below = ~(-1L << top) & -1L << 12;
        return address & -2L << top | below;
    }

    /**
     * The order of a range.
     *
     * @param w1 word 1 of the descriptor
     * @param s S of the descriptor
     * @return 0 to {@link #ORDER_ALL}
     */
    public static int order(long w1, boolean s) {
        return s ? Math.min(Long.numberOfTrailingZeros(~(w1 >>> 12)) + 1, ORDER_ALL) : 0;
    }

    /**
     * The first address of a range.
     *
     * @param w1 word 1 of the descriptor
     * @param s S of the descriptor
     * @return a byte address
     */
    public static long firstAddress(long w1, boolean s) {
        int shift = 12 + order(w1, s);
        return shift == 64 ? 0 : w1 & -1L << shift;
    }

    /**
     * The last address of a range.
     *
     * @param w1 word 1 of the descriptor
     * @param s S of the descriptor
     * @return a byte address, as an unsigned number
     */
    public static long lastAddress(long w1, boolean s) {
        int shift = 12 + order(w1, s);
        return shift == 64 ? -1L : w1 | ~(-1L << shift);
    }
}
