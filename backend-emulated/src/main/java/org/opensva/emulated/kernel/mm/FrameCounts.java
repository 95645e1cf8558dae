package org.opensva.emulated.kernel.mm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * One counter for each page frame (Linux: {@code struct page}): for a page how many entries and
 * memory objects refer to it, for a page-table page how many of its entries are not zero. Opened
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
