package org.opensva.vtd.model;

import org.opensva.vtd.layout.FaultReason;

/**
 * The interrupt address range 0xFEEx_xxxx: 1 MB that is no memory (section 3.14). No translation
 * may lead there.
 */
final class InterruptRange {

    /** log2 of its size. */
    static final int SHIFT = 20;

    private static final long MEGABYTE = 0xfee;

    private InterruptRange() {}

    static boolean contains(long address) {
        return address >>> SHIFT == MEGABYTE;
    }

    /** The reason for an output address in the range. */
    static FaultReason reason(boolean scalable) {
        return scalable ? FaultReason.SCALABLE_INTERRUPT_RANGE : FaultReason.INTERRUPT_RANGE;
    }

    /**
     * The size of the region around an address that keeps clear of the range.
     *
     * @param address an address outside the range
     * @param shift log2 of the size of a region around the address
     * @return the same, or less if that region holds the range
     */
    static int clear(long address, int shift) {
        return shift > SHIFT && (address >>> SHIFT ^ MEGABYTE) >>> shift - SHIFT == 0
                ? SHIFT
                : shift;
    }
}
