package org.opensva.smmuv3.layout;

/**
 * Encoding of address sizes, shared by SMMU_IDR5.OAS, CD.IPS and STE.S2PS.
 *
 * <p>Source: IHI 0070 G.b sections 6.3.6, 5.4 and 5.2.
 */
public final class AddressSize {
    private AddressSize() {}

    /** Encoding of 32 bits. */
    public static final int BITS_32 = 0b000;

    /** Encoding of 36 bits. */
    public static final int BITS_36 = 0b001;

    /** Encoding of 40 bits. */
    public static final int BITS_40 = 0b010;

    /** Encoding of 42 bits. */
    public static final int BITS_42 = 0b011;

    /** Encoding of 44 bits. */
    public static final int BITS_44 = 0b100;

    /** Encoding of 48 bits. */
    public static final int BITS_48 = 0b101;

    /** Encoding of 52 bits. */
    public static final int BITS_52 = 0b110;

    /** Encoding of 56 bits, from SMMUv3.4; reserved and behaving as 52 bits from v3.1 to v3.3. */
    public static final int BITS_56 = 0b111;

    /**
     * The size an encoding stands for.
     *
     * @param encoding 0 to 7; higher bits are ignored
     * @return 32, 36, 40, 42, 44, 48, 52 or 56
     */
    public static int bits(int encoding) {
        return switch (encoding & 7) {
            case BITS_32 -> 32;
            case BITS_36 -> 36;
            case BITS_40 -> 40;
            case BITS_42 -> 42;
            case BITS_44 -> 44;
            case BITS_48 -> 48;
            case BITS_52 -> 52;
            default -> 56;
        };
    }

    /**
     * The encoding of a size.
     *
     * @param bits 32, 36, 40, 42, 44, 48, 52 or 56
     * @return the encoding
     * @throws IllegalArgumentException for any other size
     */
    public static int encode(int bits) {
        return switch (bits) {
            case 32 -> BITS_32;
            case 36 -> BITS_36;
            case 40 -> BITS_40;
            case 42 -> BITS_42;
            case 44 -> BITS_44;
            case 48 -> BITS_48;
            case 52 -> BITS_52;
            case 56 -> BITS_56;
            default -> throw new IllegalArgumentException("no encoding for " + bits + " bits");
        };
    }
}
