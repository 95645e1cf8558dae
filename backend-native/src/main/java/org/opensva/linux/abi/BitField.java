package org.opensva.linux.abi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A field of a record that a device reads or writes: some bits of a little-endian word, whatever
 * the byte order of the processor.
 *
 * @param offset of the word in the record, in bytes
 * @param low the lowest bit of the field in the word
 * @param width how many bits, 1 to 64
 */
public record BitField(int offset, int low, int width) {

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_WORD =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Checks the shape: bits of one 32-bit word, or a whole word of 64 bits. */
    public BitField {
        boolean whole = low == 0 && width == Long.SIZE;
        boolean part = low >= 0 && width >= 1 && low + width <= Integer.SIZE;
        if (offset < 0 || !(whole || part)) {
            throw new IllegalArgumentException(
                    "no field: offset %d, bit %d, width %d".formatted(offset, low, width));
        }
    }

    /**
     * Bits of a 32-bit word.
     *
     * @param index which word of the record
     * @param high the highest bit
     * @param low the lowest bit
     * @return the field
     */
    public static BitField bits(int index, int high, int low) {
        return new BitField(index * Integer.BYTES, low, high - low + 1);
    }

    /**
     * A whole 32-bit word.
     *
     * @param index which word of the record
     * @return the field
     */
    public static BitField word(int index) {
        return bits(index, 31, 0);
    }

    /**
     * A whole 64-bit word, which need not be aligned.
     *
     * @param offset of its first byte
     * @return the field
     */
    public static BitField quad(int offset) {
        return new BitField(offset, 0, Long.SIZE);
    }

    /**
     * Writes the field and leaves the bits beside it alone.
     *
     * @param bytes where the record is
     * @param base of the record
     * @param value unsigned
     * @throws IllegalArgumentException if the value does not fit
     */
    public void set(byte[] bytes, int base, long value) {
        if (width == Long.SIZE) {
            LONG_WORD.set(bytes, base + offset, value);
            return;
        }
        if (value >>> width != 0) {
            throw new IllegalArgumentException("0x%x does not fit %d bits".formatted(value, width));
        }
        int mask = (int) ((1L << width) - 1) << low;
        int word = (int) WORD.get(bytes, base + offset);
        WORD.set(bytes, base + offset, word & ~mask | (int) value << low);
    }

    /**
     * Writes the field of a record of its own.
     *
     * @param record the record
     * @param value unsigned
     * @throws IllegalArgumentException if the value does not fit
     */
    public void set(byte[] record, long value) {
        set(record, 0, value);
    }

    /**
     * Reads the field.
     *
     * @param record the record
     * @return the value, unsigned if it has less than 64 bits
     */
    public long get(byte[] record) {
        if (width == Long.SIZE) {
            return (long) LONG_WORD.get(record, offset);
        }
        int word = (int) WORD.get(record, offset);
        return (Integer.toUnsignedLong(word) >>> low) & ((1L << width) - 1);
    }
}
