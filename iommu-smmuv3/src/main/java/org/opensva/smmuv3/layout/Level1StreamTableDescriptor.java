package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * The level 1 stream table descriptor (L1STD): one 64-bit word that locates an array of STEs.
 *
 * <p>Source: IHI 0070 G.b section 5.1, checked against Linux {@code arm-smmu-v3.h}.
 */
public final class Level1StreamTableDescriptor {
    /** 0 invalid, 1 to 11 an array of 2^(Span-1) STEs, 12 to 31 reserved and behaving as 0. */
    public static final Field SPAN = new Field("Span", 0, 0, 5);

    /** Address bits [55:6] of the array. */
    public static final Field L2PTR = new Field("L2Ptr", 0, 6, 50);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure("L1STD", "5.1", 1, List.of(SPAN, L2PTR), List.of());

    private Level1StreamTableDescriptor() {}

    /** Length of a descriptor in bytes. */
    public static final int BYTES = 8;

    /** Greatest Span that is not reserved. */
    public static final int MAX_SPAN = 11;

    /**
     * The Span field as it is written; reserved values are not folded to 0.
     *
     * @param descriptor the descriptor
     * @return 0 to 31
     */
    public static int span(long descriptor) {
        return (int) SPAN.get(descriptor);
    }

    /**
     * The array address, aligned as the SMMU aligns it: bits [5 + Span - 1 : 0] are taken as zero.
     *
     * @param descriptor a descriptor whose Span is 1 to {@link #MAX_SPAN}
     * @return the byte address of the first STE of the array
     */
    public static long arrayAddress(long descriptor) {
        return L2PTR.address(descriptor) & (-1L << (5 + span(descriptor)));
    }
}
