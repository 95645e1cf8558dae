package org.opensva.uacce.queue;

import org.opensva.api.memory.MmioRegion;

/**
 * The SHARED region of a queue: the status word, which the device writes, and the parameters, which
 * the user writes and the device latches at START.
 *
 * <pre>
 * offset  access  bits     field
 * 0x00    RO      [7:0]    error ({@link QueueError#code}); [31:8] 0
 *                 [63:32]  how often the queue was started, modulo 2^32
 * 0x08    RO      [63:0]   address that could not be reached, or 0
 * 0x10    RW      [63:0]   address of the submission ring
 * 0x18    RW      [63:0]   address of the completion ring
 * 0x20    RW      [63:0]   entries of each ring; 0 for none
 * </pre>
 *
 * <p>Naturally aligned accesses of 1, 2, 4 and 8 bytes reach a field or part of it. Writes to RO
 * fields are ignored; everything else reads as zero and ignores writes.
 */
public final class SharedPage implements MmioRegion {

    /** Offset of the status word. */
    public static final int STATUS = 0x00;

    /** Offset of the address that could not be reached. */
    public static final int FAULT_ADDRESS = 0x08;

    /** Offset of the address of the submission ring. */
    public static final int SUBMISSION_RING = 0x10;

    /** Offset of the address of the completion ring. */
    public static final int COMPLETION_RING = 0x18;

    /** Offset of the number of entries of each ring. */
    public static final int DEPTH = 0x20;

    /** Mask of the error in the status word. */
    public static final int STATUS_ERROR_MASK = 0xff;

    /** Shift of the number of starts in the status word. */
    public static final int STATUS_STARTS_SHIFT = 32;

    private static final int END = 0x28;

    private final long size;
    private final long[] fields = new long[END / Long.BYTES];

    SharedPage(long size) {
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public synchronized long read(long offset, int width) {
        if (!decodes(offset, width)) {
            return 0;
        }
        long field = fields[(int) offset >>> 3];
        return field >>> shift(offset) & mask(width);
    }

    @Override
    public synchronized void write(long offset, int width, long value) {
        if (!decodes(offset, width) || offset < SUBMISSION_RING) {
            return;
        }
        long mask = mask(width) << shift(offset);
        int index = (int) offset >>> 3;
        fields[index] = fields[index] & ~mask | value << shift(offset) & mask;
    }

    private static boolean decodes(long offset, int width) {
        return offset >= 0 && offset < END && (offset & width - 1) == 0;
    }

    private static int shift(long offset) {
        return ((int) offset & 7) * Byte.SIZE;
    }

    private static long mask(int width) {
        return width == Long.BYTES ? -1L : (1L << width * Byte.SIZE) - 1;
    }

    synchronized RingParameters latch() {
        return new RingParameters(
                fields[SUBMISSION_RING >>> 3], fields[COMPLETION_RING >>> 3], fields[DEPTH >>> 3]);
    }

    /** A new start: the error of the last one is over. */
    synchronized int started() {
        int starts = (int) (fields[0] >>> STATUS_STARTS_SHIFT) + 1;
        fields[STATUS >>> 3] = (long) starts << STATUS_STARTS_SHIFT;
        fields[FAULT_ADDRESS >>> 3] = 0;
        return starts;
    }

    /** The first error of a start stays. */
    synchronized void error(QueueError error, long address) {
        if ((fields[STATUS >>> 3] & STATUS_ERROR_MASK) == 0) {
            fields[STATUS >>> 3] |= error.code();
            fields[FAULT_ADDRESS >>> 3] = address;
        }
    }
}
