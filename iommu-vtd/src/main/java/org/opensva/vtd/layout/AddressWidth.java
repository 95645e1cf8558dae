package org.opensva.vtd.layout;

/**
 * The encoding of second-stage widths: AW of context entries and PASID table entries.
 *
 * <p>Source: sections 9.3 and 9.6 (AW) and 11.4.2 (CAP.SAGAW); the bit of CAP.SAGAW that allows a
 * width has the number of its AW.
 */
public final class AddressWidth {
    /** AW: 39 bits, 3 levels. */
    public static final int AW_39 = 0b001;

    /** AW: 48 bits, 4 levels. */
    public static final int AW_48 = 0b010;

    /** AW: 57 bits, 5 levels. */
    public static final int AW_57 = 0b011;

    private AddressWidth() {}

    /**
     * Whether an implementation has a width.
     *
     * @param aw AW, 0 to 7
     * @param cap CAP
     * @return true if AW names a width and CAP.SAGAW has its bit
     */
    public static boolean supported(int aw, long cap) {
        return aw >= AW_39
                && aw <= AW_57
                && (CapabilityRegisters.Cap.SAGAW.get(cap) >>> aw & 1) != 0;
    }

    /**
     * The levels of the table.
     *
     * @param aw {@link #AW_39} to {@link #AW_57}
     * @return 3 to 5
     */
    public static int levels(int aw) {
        return aw + 2;
    }

    /**
     * The width of its input addresses.
     *
     * @param aw {@link #AW_39} to {@link #AW_57}
     * @return 39, 48 or 57 bits
     */
    public static int bits(int aw) {
        return 30 + 9 * aw;
    }
}
