package org.opensva.emulated.kernel.mm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * One counter for each page frame (Linux: fields of {@code struct page}): how many entries and
 * memory objects refer to a page, or how many entries of a page-table page are not zero. Opened
 * stretch by stretch when first used.
 */
final class FrameCounts {

    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
    private static final int CHUNK_SHIFT = 14;

    private final int shift;
    private final AtomicReferenceArray<int[]> chunks;

    /** Counters for frames of {@code 1 << shift} bytes below a physical address. */
    FrameCounts(int shift, long limit) {
        this.shift = shift;
        this.chunks = new AtomicReferenceArray<>((int) ((limit >>> shift >>> CHUNK_SHIFT) + 1));
    }

    int get(long frame) {
        return (int) INTS.getVolatile(chunk(frame), index(frame));
    }

    void set(long frame, int value) {
        INTS.setVolatile(chunk(frame), index(frame), value);
    }

    /** Adds and returns the new value. */
    int add(long frame, int delta) {
        return (int) INTS.getAndAdd(chunk(frame), index(frame), delta) + delta;
    }

    /** Sets the counter, if it has the expected value. */
    boolean compareAndSet(long frame, int expected, int value) {
        return INTS.compareAndSet(chunk(frame), index(frame), expected, value);
    }

    /** Adds one, unless the counter is 0. */
    boolean addUnlessZero(long frame) {
        int[] chunk = chunk(frame);
        int index = index(frame);
        int value;
        do {
            value = (int) INTS.getVolatile(chunk, index);
            if (value == 0) {
                return false;
            }
        } while (!INTS.compareAndSet(chunk, index, value, value + 1));
        return true;
    }

    private int index(long frame) {
        return (int) (frame >>> shift) & ((1 << CHUNK_SHIFT) - 1);
    }

    private int[] chunk(long frame) {
        int index = (int) (frame >>> shift >>> CHUNK_SHIFT);
        int[] chunk = chunks.get(index);
        if (chunk == null) {
            int[] fresh = new int[1 << CHUNK_SHIFT];
            int[] witness = chunks.compareAndExchange(index, null, fresh);
            chunk = witness != null ? witness : fresh;
        }
        return chunk;
    }
}
