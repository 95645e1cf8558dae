package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * From each frame back to the entries that map it, and to what it belongs to (Linux: {@code
 * mm/rmap.c}; by chains of entries, as Linux 2.5 had them, because they are exact). An entry is
 * known by the physical address of its slot; the table that the slot lies in says whose it is and
 * where. The zero page is not kept. A huge page is kept under its first frame.
 *
 * <p><b>Threading.</b> Any thread may call; only the holder of an address space's lock adds and
 * removes the slots of its tables.
 */
final class ReverseMap {

    private static final int CHUNK_SHIFT = 12;
    private static final int LOCKS = 64;
    private static final long[] NONE = {};

    private final int shift;
    private final AtomicReferenceArray<Chunk> chunks;
    private final Object[] locks = new Object[LOCKS];

    /** For frames of {@code 1 << shift} bytes below a physical address. */
    ReverseMap(int shift, long limit) {
        this.shift = shift;
        this.chunks = new AtomicReferenceArray<>((int) ((limit >>> shift >>> CHUNK_SHIFT) + 1));
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Object();
        }
    }

    /** An entry maps the frame from now on. */
    void add(long frame, long slot) {
        Chunk chunk = chunk(frame);
        int i = index(frame);
        synchronized (lock(frame)) {
            LongSet more = chunk.more(i);
            if (more != null) {
                more.add(slot);
            } else if (chunk.slots[i] == 0) {
                chunk.slots[i] = slot;
            } else {
                more = chunk.makeMore(i);
                more.add(chunk.slots[i]);
                more.add(slot);
                chunk.slots[i] = 0;
            }
        }
    }

    /** An entry maps the frame no more. */
    void remove(long frame, long slot) {
        Chunk chunk = chunk(frame);
        int i = index(frame);
        synchronized (lock(frame)) {
            LongSet more = chunk.more(i);
            boolean known = more != null ? more.remove(slot) : chunk.slots[i] == slot;
            if (!known) {
                throw new IllegalStateException(
                        "the entry at 0x%x does not map the page at 0x%x".formatted(slot, frame));
            }
            if (more == null) {
                chunk.slots[i] = 0;
            } else if (more.size() == 0) {
                chunk.dropMore(i);
            }
        }
    }

    /** The slots of the entries that map a frame, at this moment. */
    long[] slots(long frame) {
        Chunk chunk = chunk(frame);
        int i = index(frame);
        synchronized (lock(frame)) {
            LongSet more = chunk.more(i);
            if (more != null) {
                return more.toArray();
            }
            return chunk.slots[i] == 0 ? NONE : new long[] {chunk.slots[i]};
        }
    }

    /**
     * The first frame from an address on that an entry maps or that belongs to a memory object, as
     * far as can be seen without waiting; -1 if there is none.
     */
    long nextMapped(long from) {
        long frame = from >>> shift;
        for (int c = (int) (frame >>> CHUNK_SHIFT); c < chunks.length(); c++) {
            Chunk chunk = chunks.get(c);
            int i = c == (int) (frame >>> CHUNK_SHIFT) ? (int) frame & (1 << CHUNK_SHIFT) - 1 : 0;
            for (; chunk != null && i < 1 << CHUNK_SHIFT; i++) {
                if (chunk.slots[i] != 0
                        || chunk.more(i) != null
                        || chunk.owners[i] instanceof PageOwner.Cached) {
                    return ((long) c << CHUNK_SHIFT | i) << shift;
                }
            }
        }
        return -1;
    }

    /** What a frame belongs to; null if nothing is known of it. */
    @Nullable PageOwner owner(long frame) {
        synchronized (lock(frame)) {
            return chunk(frame).owners[index(frame)];
        }
    }

    void setOwner(long frame, @Nullable PageOwner owner) {
        synchronized (lock(frame)) {
            chunk(frame).owners[index(frame)] = owner;
        }
    }

    private Object lock(long frame) {
        return locks[(int) (frame >>> shift) & (LOCKS - 1)];
    }

    private int index(long frame) {
        return (int) (frame >>> shift) & ((1 << CHUNK_SHIFT) - 1);
    }

    private Chunk chunk(long frame) {
        int index = (int) (frame >>> shift >>> CHUNK_SHIFT);
        Chunk chunk = chunks.get(index);
        if (chunk == null) {
            Chunk fresh = new Chunk();
            Chunk witness = chunks.compareAndExchange(index, null, fresh);
            chunk = witness != null ? witness : fresh;
        }
        return chunk;
    }

    private static final class Chunk {
        final long[] slots = new long[1 << CHUNK_SHIFT];
        final @Nullable PageOwner[] owners = new PageOwner[1 << CHUNK_SHIFT];

        /** For frames that several entries map; there once the first one is, under any lock. */
        private volatile @Nullable LongSet @Nullable [] more;

        @Nullable LongSet more(int index) {
            @Nullable LongSet @Nullable [] all = more;
            return all == null ? null : all[index];
        }

        LongSet makeMore(int index) {
            @Nullable LongSet @Nullable [] all = more;
            if (all == null) {
                synchronized (this) {
                    all = more;
                    if (all == null) {
                        all = new @Nullable LongSet[1 << CHUNK_SHIFT];
                        more = all;
                    }
                }
            }
            LongSet set = new LongSet();
            all[index] = set;
            return set;
        }

        void dropMore(int index) {
            @Nullable LongSet @Nullable [] all = more;
            if (all != null) {
                all[index] = null;
            }
        }
    }
}
