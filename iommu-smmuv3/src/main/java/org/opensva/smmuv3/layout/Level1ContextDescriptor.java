package org.opensva.smmuv3.layout;

import java.util.List;

/**
 * The level 1 context descriptor (L1CD): one 64-bit word that locates a leaf table of CDs.
 *
 * <p>Source: IHI 0070 G.b section 5.3, checked against Linux {@code arm-smmu-v3.h}.
 */
public final class Level1ContextDescriptor {
    /** L2Ptr is valid; when 0 the SubstreamID is C_BAD_SUBSTREAMID. */
    public static final Field V = new Field("V", 0, 0, 1);

    /** Address bits [55:12] of the leaf table. */
    public static final Field L2PTR = new Field("L2Ptr", 0, 12, 44);

    /** Every field of this structure, with the fields that share bits with others apart. */
    public static final Structure STRUCTURE =
            new Structure("L1CD", "5.3", 1, List.of(V, L2PTR), List.of());

    private Level1ContextDescriptor() {}

    /** Length of a descriptor in bytes. */
    public static final int BYTES = 8;

    /**
     * Whether the descriptor is valid.
     *
     * @param descriptor the descriptor
     * @return V
     */
    public static boolean valid(long descriptor) {
        return V.isSet(descriptor);
    }

    /**
     * The address of the leaf table.
     *
     * @param descriptor the descriptor
     * @return a byte address, 4 KB aligned; an IPA when stage 2 translates
     */
    public static long leafTable(long descriptor) {
        return L2PTR.address(descriptor);
    }
}
