package org.opensva.linux.idxd.spec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The state that IAA compresses from: {@code struct aecs_comp_table_record} in {@code
 * drivers/crypto/intel/iaa/iaa_crypto.h}, with the fixed Huffman codes of RFC 1951 section 3.2.6
 * and the header of a final block, as the mode {@code fixed} of the kernel's own driver has it
 * ({@code iaa_crypto_comp_fixed.c}).
 */
public final class CompressionState {

    /** Size in bytes. */
    public static final int SIZE = 1568;

    /** What its address is a multiple of ({@code IAA_AECS_ALIGN}). */
    public static final int ALIGNMENT = 32;

    /** Where the number of bits is that come before the first symbol. */
    static final int HEADER_BITS = 28;

    /** Where these bits are. */
    static final int HEADER = 32;

    /** Where the codes of literals, lengths and the end of the block are, four bytes each. */
    static final int LITERALS = 288;

    /** How many of them. */
    static final int LITERAL_COUNT = 286;

    /** Where the codes of distances are, four bytes each. */
    static final int DISTANCES = 1440;

    /** How many of them. */
    static final int DISTANCE_COUNT = 30;

    /** A code in bits 14:0, its length from here. */
    static final int LENGTH_SHIFT = 15;

    private static final int FINAL_BLOCK = 1;
    private static final int FIXED_CODES = 1 << 1;

    private CompressionState() {}

    /**
     * The state of one block with fixed codes, which ends the stream.
     *
     * @return {@link #SIZE} bytes
     */
    public static byte[] fixed() {
        ByteBuffer state = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        state.putInt(HEADER_BITS, 3);
        state.put(HEADER, (byte) (FINAL_BLOCK | FIXED_CODES));
        for (int symbol = 0; symbol < LITERAL_COUNT; symbol++) {
            state.putInt(LITERALS + 4 * symbol, literal(symbol));
        }
        for (int symbol = 0; symbol < DISTANCE_COUNT; symbol++) {
            state.putInt(DISTANCES + 4 * symbol, code(5, symbol));
        }
        return state.array();
    }

    /** The table of RFC 1951 section 3.2.6. */
    private static int literal(int symbol) {
        if (symbol < 144) {
            return code(8, 0x30 + symbol);
        }
        if (symbol < 256) {
            return code(9, 0x190 + symbol - 144);
        }
        return symbol < 280 ? code(7, symbol - 256) : code(8, 0xc0 + symbol - 280);
    }

    private static int code(int length, int bits) {
        return length << LENGTH_SHIFT | bits;
    }
}
