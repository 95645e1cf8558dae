package org.opensva.smmuv3.layout;

/**
 * Arithmetic of the range operands of TLB invalidation commands.
 *
 * <p>Source: IHI 0070 G.b section 4.4.1.1: the range is (NUM + 1) * 2^SCALE granules and begins at
 * Address.
 */
public final class TlbRange {
    private TlbRange() {}

    /** Greatest NUM. */
    public static final int MAX_NUM = 31;

    /** Greatest effective SCALE: greater values are treated as this one. */
    public static final int MAX_SCALE = 39;

    /** Greatest SCALE when SMMU_IDR5.DS is 0, because bit 25 of the command is RES0 then. */
    public static final int MAX_SCALE_WITHOUT_DS = 31;

    /**
     * The number of granules that the operands span.
     *
     * @param num NUM, 0 to {@link #MAX_NUM}
     * @param scale SCALE, 0 to 63; taken as at most {@link #MAX_SCALE}
     * @return the count, at most 2^44
     */
    public static long granules(int num, int scale) {
        return (num + 1L) << Math.min(scale, MAX_SCALE);
    }

    /**
     * The number of bytes that the operands span.
     *
     * @param num NUM, 0 to {@link #MAX_NUM}
     * @param scale SCALE, 0 to 63; taken as at most {@link #MAX_SCALE}
     * @param granule the granule that TG selects
     * @return bytes, at most 2^60
     */
    public static long bytes(int num, int scale, Granule granule) {
        return granules(num, scale) << granule.shift();
    }

    /**
     * Whether the combination NUM = 0, SCALE = 0, TTL = 0 with a granule is used, which is reserved
     * and raises CERROR_ILL.
     *
     * @param tg TG
     * @param num NUM
     * @param scale SCALE
     * @param ttl TTL
     * @return true if reserved
     */
    public static boolean reserved(int tg, int num, int scale, int ttl) {
        return tg != 0 && num == 0 && scale == 0 && ttl == 0;
    }
}
