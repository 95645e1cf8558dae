package org.opensva.api.accelerator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A scatter-gather list in the process's memory: the bytes of a source or destination that lie in
 * several places.
 *
 * <p>A list is one segment or more. A segment is an array of entries of {@value #ENTRY_SIZE} bytes,
 * little-endian, at any address:
 *
 * <pre>
 * offset  bits    field
 * 0x00    [63:0]  virtual address
 * 0x08    [62:0]  length in bytes
 *         [63]    0: that many bytes of data at the address
 *                 1: the next segment of the list, that many bytes long; only in the last entry
 * </pre>
 *
 * <p>The list has at most {@value #MAX_ENTRIES} entries in all, links included, so that one that
 * runs in a circle is an error. The device reads it once, before the first byte of data, and keeps
 * to what it read.
 *
 * @param ranges the pieces in order
 */
public record ScatterList(List<Operand> ranges) {

    /** Size of an entry in bytes. */
    public static final int ENTRY_SIZE = 16;

    /** The greatest number of entries of a list, over all its segments. */
    public static final int MAX_ENTRIES = 4096;

    /** In the word of the length: the entry leads to the next segment. */
    public static final long NEXT_SEGMENT = 1L << 63;

    /** Copies the ranges and checks how many there are. */
    public ScatterList {
        ranges = List.copyOf(ranges);
        if (ranges.size() > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    ranges.size() + " ranges, allowed: 0.." + MAX_ENTRIES);
        }
    }

    /**
     * The size in memory, as one segment.
     *
     * @return bytes
     */
    public long size() {
        return (long) ranges.size() * ENTRY_SIZE;
    }

    /**
     * The bytes of the list as one segment.
     *
     * @return {@link #size} bytes
     */
    public byte[] encode() {
        byte[] bytes = new byte[ranges.size() * ENTRY_SIZE];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (Operand range : ranges) {
            buffer.putLong(range.address()).putLong(range.length());
        }
        return bytes;
    }
}
