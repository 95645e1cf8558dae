package org.opensva.emulated.machine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The books of the buddy allocator: what each block is, and a doubly linked free list for each
 * order. Books for a stretch of memory are opened when a block in it first changes hands, so that
 * terabytes of untouched memory cost nothing.
 *
 * <p>{@link #take} and {@link #put} need the allocator's lock; the marks are atomic.
 */
final class BuddyFreeLists {

    private static final VarHandle STATES = MethodHandles.arrayElementVarHandle(byte[].class);

    private static final int CHUNK_SHIFT = 15;
    private static final int CHUNK_FRAMES = 1 << CHUNK_SHIFT;

    private static final int UNKNOWN = 0;
    private static final int FREE = 0x20;
    private static final int ALLOCATED = 0x40;
    private static final int CACHED = 0x60;
    private static final int FREEING = 0x61;

    private final long base;
    private final long count;
    private final int maxOrder;

    /** First free block of each order, relative to base, or -1. */
    private final int[] heads;

    private final AtomicReferenceArray<Chunk> chunks;

    BuddyFreeLists(long base, long count, int maxOrder) {
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "%d frames are more than an allocator can keep".formatted(count));
        }
        this.base = base;
        this.count = count;
        this.maxOrder = maxOrder;
        this.heads = new int[maxOrder + 1];
        Arrays.fill(heads, -1);
        this.chunks =
                new AtomicReferenceArray<>((int) ((count + CHUNK_FRAMES - 1) >>> CHUNK_SHIFT));
        // From the top down, so that low addresses are handed out first.
        long end = base + count;
        while (end > base) {
            int order = Math.min(maxOrder, Long.numberOfTrailingZeros(end));
            while (end - (1L << order) < base) {
                order--;
            }
            end -= 1L << order;
            push((int) (end - base), order);
        }
    }

    /** Takes a block off the lists, splitting a larger one if needed; -1 if there is none. */
    long take(int order) {
        int from = order;
        while (from <= maxOrder && heads[from] < 0) {
            from++;
        }
        if (from > maxOrder) {
            return -1;
        }
        int block = heads[from];
        unlink(block, from);
        while (from > order) {
            from--;
            push(block + (1 << from), from);
        }
        return base + block;
    }

    /** Puts a block back and merges it with its buddies. */
    void put(long frame, int order) {
        int block = (int) (frame - base);
        setState(block, UNKNOWN);
        int at = order;
        while (at < maxOrder) {
            long buddy = ((base + block) ^ (1L << at)) - base;
            if (buddy < 0 || buddy + (1L << at) > count || state((int) buddy) != (FREE | at)) {
                break;
            }
            unlink((int) buddy, at);
            block = Math.min(block, (int) buddy);
            at++;
        }
        push(block, at);
    }

    void markAllocated(long frame, int order) {
        setState((int) (frame - base), ALLOCATED | order);
    }

    void markCached(long frame) {
        setState((int) (frame - base), CACHED);
    }

    /** Claims the right to free a block; false if it is not allocated with that order. */
    boolean beginFree(long frame, int order) {
        int block = (int) (frame - base);
        return STATES.compareAndSet(
                chunk(block).states,
                block & (CHUNK_FRAMES - 1),
                (byte) (ALLOCATED | order),
                (byte) FREEING);
    }

    /** Makes smaller allocated blocks of one; false if it is not allocated with that order. */
    boolean split(long frame, int order, int pieces) {
        if (!beginFree(frame, order)) {
            return false;
        }
        // The first piece last: until then nobody may free or split any.
        for (long piece = 1L << order; piece > 0; ) {
            piece -= 1L << pieces;
            markAllocated(frame + piece, pieces);
        }
        return true;
    }

    private void push(int block, int order) {
        int head = heads[order];
        setState(block, FREE | order);
        Chunk chunk = chunk(block);
        chunk.next[block & (CHUNK_FRAMES - 1)] = head;
        chunk.previous[block & (CHUNK_FRAMES - 1)] = -1;
        if (head >= 0) {
            chunk(head).previous[head & (CHUNK_FRAMES - 1)] = block;
        }
        heads[order] = block;
    }

    private void unlink(int block, int order) {
        Chunk chunk = chunk(block);
        int next = chunk.next[block & (CHUNK_FRAMES - 1)];
        int previous = chunk.previous[block & (CHUNK_FRAMES - 1)];
        if (next >= 0) {
            chunk(next).previous[next & (CHUNK_FRAMES - 1)] = previous;
        }
        if (previous >= 0) {
            chunk(previous).next[previous & (CHUNK_FRAMES - 1)] = next;
        } else {
            heads[order] = next;
        }
        setState(block, UNKNOWN);
    }

    private int state(int block) {
        return (byte) STATES.getVolatile(chunk(block).states, block & (CHUNK_FRAMES - 1));
    }

    private void setState(int block, int state) {
        STATES.setVolatile(chunk(block).states, block & (CHUNK_FRAMES - 1), (byte) state);
    }

    private Chunk chunk(int block) {
        int index = block >>> CHUNK_SHIFT;
        Chunk chunk = chunks.get(index);
        if (chunk == null) {
            Chunk fresh = new Chunk();
            Chunk witness = chunks.compareAndExchange(index, null, fresh);
            chunk = witness != null ? witness : fresh;
        }
        return chunk;
    }

    private static final class Chunk {
        private final byte[] states = new byte[CHUNK_FRAMES];
        private final int[] next = new int[CHUNK_FRAMES];
        private final int[] previous = new int[CHUNK_FRAMES];
    }
}
