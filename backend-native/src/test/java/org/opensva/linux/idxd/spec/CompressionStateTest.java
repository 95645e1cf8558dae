package org.opensva.linux.idxd.spec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** What the device would write with this state is what any decompressor reads. */
class CompressionStateTest {

    private static final int END_OF_BLOCK = 256;

    private final ByteBuffer state =
            ByteBuffer.wrap(CompressionState.fixed()).order(ByteOrder.LITTLE_ENDIAN);
    private final BitSet bits = new BitSet();
    private int length;

    private void put(long value, int count) {
        for (int i = 0; i < count; i++) {
            bits.set(length++, (value >>> i & 1) != 0);
        }
    }

    /** Codes begin with their most significant bit (RFC 1951 section 3.1.1). */
    private void putCode(int table, int symbol) {
        int entry = state.getInt(table + 4 * symbol);
        int count = entry >>> CompressionState.LENGTH_SHIFT;
        int code = entry & (1 << CompressionState.LENGTH_SHIFT) - 1;
        put(Integer.reverse(code) >>> 32 - count, count);
    }

    private void begin() {
        int header = state.getInt(CompressionState.HEADER_BITS);
        put(state.getLong(CompressionState.HEADER), header);
    }

    private byte[] inflated(int expected) throws DataFormatException {
        byte[] stream = ByteBuffer.allocate(length / 8 + 2).put(bits.toByteArray()).array();
        byte[] found = new byte[expected + 1];
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(stream);
            int count = inflater.inflate(found);
            assertEquals(expected, count);
            assertEquals(0, inflater.inflate(found, count, 1));
            assertEquals(true, inflater.finished());
        }
        return java.util.Arrays.copyOf(found, expected);
    }

    @Test
    void everyLiteralHasTheCodeThatDecompressorsKnow() throws DataFormatException {
        byte[] text = new byte[4096];
        new SplittableRandom(1951).nextBytes(text);
        for (int i = 0; i < 256; i++) {
            text[i] = (byte) i;
        }
        begin();
        for (byte literal : text) {
            putCode(CompressionState.LITERALS, literal & 0xff);
        }
        putCode(CompressionState.LITERALS, END_OF_BLOCK);
        assertArrayEquals(text, inflated(text.length));
    }

    /**
     * Each length and each distance that needs no window larger than the device has, and beyond.
     */
    @Test
    void everyLengthAndEveryDistanceHasTheCodeThatDecompressorsKnow() throws DataFormatException {
        int[] extraOfLength = {
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
        };
        int[] firstLength = {
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99,
            115, 131, 163, 195, 227, 258
        };
        begin();
        int expected = 33_000;
        for (int i = 0; i < expected; i++) {
            putCode(CompressionState.LITERALS, i & 0xff);
        }
        for (int symbol = 0; symbol < CompressionState.DISTANCE_COUNT; symbol++) {
            int which = symbol % firstLength.length;
            putCode(CompressionState.LITERALS, 257 + which);
            put(0, extraOfLength[which]);
            putCode(CompressionState.DISTANCES, symbol);
            put(0, Math.max(0, symbol / 2 - 1));
            expected += firstLength[which];
        }
        putCode(CompressionState.LITERALS, END_OF_BLOCK);
        inflated(expected);
    }

    /** Sizes and places as a C compiler lays {@code struct aecs_comp_table_record} out. */
    @Test
    void theStateHasTheSizeAndTheEntriesOfTheKernelsDriver() {
        assertEquals(1568, CompressionState.fixed().length);
        assertEquals(3, state.getInt(28));
        assertEquals(3, state.get(32));
        assertEquals(0x40030, state.getInt(288));
        assertEquals(0x48190, state.getInt(288 + 4 * 144));
        assertEquals(0x38000, state.getInt(288 + 4 * 256));
        assertEquals(0x400c5, state.getInt(288 + 4 * 285));
        assertEquals(0x28000, state.getInt(1440));
        assertEquals(0x2801d, state.getInt(1440 + 4 * 29));
        assertEquals(0, state.getInt(1560));
    }
}
