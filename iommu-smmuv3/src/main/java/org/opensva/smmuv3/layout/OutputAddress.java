package org.opensva.smmuv3.layout;

/**
 * The output address of a VMSAv8-64 descriptor, which spreads over other bits in the 52-bit
 * formats.
 *
 * <p>Source: the Arm A-profile architecture's VMSAv8-64 with FEAT_LPA and FEAT_LPA2, which IHI 0070
 * G.b sections 5.4 (CD.DS, CD.IPS) and 5.2 (STE.S2DS, STE.S2PS) adopt. The formats are the same at
 * both stages and for table, block and page descriptors.
 */
public final class OutputAddress {
    private OutputAddress() {}

    private static final long LOW_48 = (1L << 48) - 1;
    private static final long LOW_50 = (1L << 50) - 1;

    /**
     * The address in the 48-bit format.
     *
     * @param descriptor the descriptor
     * @param shift log2 of the alignment: the granule for tables and pages, the block size for
     *     blocks
     * @return address bits [47:shift]
     */
    public static long bits48(long descriptor, int shift) {
        return descriptor & LOW_48 & -1L << shift;
    }

    /**
     * The address in the 52-bit format of the 64 KB granule: bits [15:12] hold address bits
     * [51:48].
     *
     * @param descriptor the descriptor
     * @param shift log2 of the alignment, at least 16
     * @return address bits [51:shift]
     */
    public static long bits52Large(long descriptor, int shift) {
        return bits48(descriptor, shift) | (descriptor & 0xf000L) << 36;
    }

    /**
     * The address in the 52-bit format of the 4 KB and 16 KB granules: bits [9:8] hold address bits
     * [51:50].
     *
     * @param descriptor the descriptor
     * @param shift log2 of the alignment
     * @return address bits [51:shift]
     */
    public static long bits52Small(long descriptor, int shift) {
        return descriptor & LOW_50 & -1L << shift | (descriptor & 0x300L) << 42;
    }

    /**
     * The address of a descriptor in the format that a configuration selects.
     *
     * @param descriptor the descriptor
     * @param granule granule of the table
     * @param shift log2 of the alignment
     * @param wide whether 52-bit addresses are in force: CD.DS or STE.S2DS for 4 KB and 16 KB, a
     *     52-bit output size for 64 KB
     * @return a byte address
     */
    public static long of(long descriptor, Granule granule, int shift, boolean wide) {
        if (!wide) {
            return bits48(descriptor, shift);
        }
        return granule == Granule.K64
                ? bits52Large(descriptor, shift)
                : bits52Small(descriptor, shift);
    }

    /**
     * The descriptor bits that hold an address.
     *
     * @param address a byte address, aligned as the descriptor needs
     * @param granule granule of the table
     * @param wide as in {@link #of}
     * @return the bits, to be combined with the attributes by OR
     */
    public static long encode(long address, Granule granule, boolean wide) {
        if (!wide) {
            return address & LOW_48 & -1L << granule.shift();
        }
        if (granule == Granule.K64) {
            return address & LOW_48 & -1L << 16 | address >>> 36 & 0xf000L;
        }
        return address & LOW_50 & -1L << granule.shift() | address >>> 42 & 0x300L;
    }
}
