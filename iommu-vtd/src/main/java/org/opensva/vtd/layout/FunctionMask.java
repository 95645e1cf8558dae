package org.opensva.vtd.layout;

/**
 * The encoding of source-id masks: FM of context-cache invalidations and SQ of interrupt remapping
 * table entries.
 *
 * <p>Source: sections 6.5.2.1 (FM) and 9.10 (SQ); the masks as in QEMU {@code intel_iommu.c}.
 */
public final class FunctionMask {
    /** Compare the whole source id. */
    public static final int NONE = 0b00;

    /** Ignore bit 2 of the function number. */
    public static final int BIT_2 = 0b01;

    /** Ignore bits [2:1] of the function number. */
    public static final int BITS_2_1 = 0b10;

    /** Ignore the function number. */
    public static final int BITS_2_0 = 0b11;

    private FunctionMask() {}

    /**
     * The bits of a source id that are compared.
     *
     * @param code FM or SQ, 0 to 3
     * @return 0xffff, 0xfffb, 0xfff9 or 0xfff8
     */
    public static int compared(int code) {
        return 0xffff & ~(7 & ~(7 >>> (code & 3)));
    }
}
