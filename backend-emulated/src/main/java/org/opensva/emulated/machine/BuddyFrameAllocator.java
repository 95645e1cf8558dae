package org.opensva.emulated.machine;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A buddy allocator with small caches of single frames in front of it, so that threads that fault
 * pages in rarely meet at one lock.
 *
 * <p>Freed frames are filled with a pattern that the machine chooses, best a page-table entry that
 * is valid and points far outside of memory: a walker that reaches a freed table then aborts loudly
 * instead of finding nothing. Freeing what is not allocated, twice, or with another order is
 * refused.
 *
 * <p>Blocks are zeroed when they are handed out.
 */
public final class BuddyFrameAllocator implements FrameAllocator {

    private static final int FRAME_SHIFT = 12;
    private static final int MAX_ORDER = 20;
    private static final int STRIPES = 4;
    private static final int STRIPE_FRAMES = 64;

    /** Larger blocks are poisoned at their beginning only: they are mostly never touched. */
    private static final int POISONED_FRAMES = 1024;

    private final PhysicalMemory memory;
    private final long base;
    private final long bytes;
    private final byte[] poisoned;
    private final BuddyFreeLists free;
    private final ReentrantLock lock = new ReentrantLock();
    private final Stripe[] stripes;
    private final LongAdder allocated = new LongAdder();

    /**
     * Creates an allocator with every frame free.
     *
     * @param memory what the frames are part of
     * @param base first physical address, a multiple of 4096
     * @param bytes number of bytes, a multiple of 4096
     * @param poison what each eight bytes of a freed frame hold
     */
    public BuddyFrameAllocator(PhysicalMemory memory, long base, long bytes, long poison) {
        this(memory, base, bytes, poison, STRIPES);
    }

    /**
     * Creates an allocator with every frame free, and so many caches of single frames.
     *
     * @param memory what the frames are part of
     * @param base first physical address, a multiple of 4096
     * @param bytes number of bytes, a multiple of 4096
     * @param poison what each eight bytes of a freed frame hold
     * @param caches a power of two; with 1 the same calls give the same frames, whatever thread
     *     makes them
     */
    public BuddyFrameAllocator(
            PhysicalMemory memory, long base, long bytes, long poison, int caches) {
        stripes = new Stripe[caches];
        if (!memory.contains(base, bytes)) {
            throw new IllegalArgumentException(
                    "there is no memory of %d bytes at 0x%x".formatted(bytes, base));
        }
        this.memory = memory;
        this.base = base;
        this.bytes = bytes;
        this.poisoned = poisonedFrame(poison);
        this.free = new BuddyFreeLists(base >>> FRAME_SHIFT, bytes >>> FRAME_SHIFT, MAX_ORDER);
        for (int i = 0; i < caches; i++) {
            stripes[i] = new Stripe();
        }
    }

    @Override
    public int frameShift() {
        return FRAME_SHIFT;
    }

    @Override
    public long allocate(int order) {
        if (order < 0 || order > MAX_ORDER) {
            throw new IllegalArgumentException("order " + order + " is not in 0..20");
        }
        long frame = order == 0 ? takeSingle() : takeBlock(order);
        if (frame < 0) {
            throw new OutOfFramesException(
                    "no block of %d KiB is free; %d of %d KiB are in use"
                            .formatted(4L << order, allocatedFrames() * 4, bytes >>> 10));
        }
        allocated.add(1L << order);
        long address = frame << FRAME_SHIFT;
        memory.fill(address, 1L << (order + FRAME_SHIFT), (byte) 0);
        return address;
    }

    @Override
    public void free(long address, int order) {
        if (order < 0
                || order > MAX_ORDER
                || !isWithin(address)
                || !free.beginFree(address >>> FRAME_SHIFT, order)) {
            throw notAllocated(address, order);
        }
        long spoiled = Math.min(1L << order, POISONED_FRAMES);
        for (long i = 0; i < spoiled; i++) {
            long frame = address + (i << FRAME_SHIFT);
            // What nobody ever wrote to is not made real by poison.
            if (!(memory instanceof ChunkedMemory sparse) || sparse.isTouched(frame)) {
                memory.write(frame, poisoned, 0, poisoned.length);
            }
        }
        allocated.add(-(1L << order));
        if (order == 0) {
            putSingle(address >>> FRAME_SHIFT);
        } else {
            lock.lock();
            try {
                free.put(address >>> FRAME_SHIFT, order);
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public boolean split(long address, int order, int pieces) {
        if (pieces < 0
                || pieces > order
                || order > MAX_ORDER
                || !isWithin(address)
                || !free.split(address >>> FRAME_SHIFT, order, pieces)) {
            throw notAllocated(address, order);
        }
        return true;
    }

    private boolean isWithin(long address) {
        return Long.compareUnsigned(address - base, bytes) < 0
                && (address & ((1L << FRAME_SHIFT) - 1)) == 0;
    }

    private static IllegalArgumentException notAllocated(long address, int order) {
        return new IllegalArgumentException(
                "no block of order %d is allocated at 0x%x".formatted(order, address));
    }

    @Override
    public long totalFrames() {
        return bytes >>> FRAME_SHIFT;
    }

    @Override
    public long allocatedFrames() {
        return allocated.sum();
    }

    private Stripe stripe() {
        return stripes[(int) Thread.currentThread().threadId() & (stripes.length - 1)];
    }

    private long takeSingle() {
        Stripe stripe = stripe();
        stripe.lock.lock();
        try {
            if (stripe.count == 0) {
                refill(stripe);
            }
            if (stripe.count > 0) {
                long frame = stripe.frames[--stripe.count];
                free.markAllocated(frame, 0);
                return frame;
            }
        } finally {
            stripe.lock.unlock();
        }
        return takeBlock(0);
    }

    /**
     * Fills an empty cache from its end, because it is used from there: pages that are touched one
     * after the other then lie so in memory, and a device can merge requests to them, which is why
     * Linux orders them, too (mm/page_alloc.c, rmqueue_bulk).
     */
    private void refill(Stripe stripe) {
        int wanted = STRIPE_FRAMES / 2;
        int at = wanted;
        lock.lock();
        try {
            while (at > 0) {
                long frame = free.take(0);
                if (frame < 0) {
                    break;
                }
                free.markCached(frame);
                stripe.frames[--at] = frame;
            }
        } finally {
            lock.unlock();
        }
        stripe.count = wanted - at;
        System.arraycopy(stripe.frames, at, stripe.frames, 0, stripe.count);
    }

    private void putSingle(long frame) {
        Stripe stripe = stripe();
        stripe.lock.lock();
        try {
            if (stripe.count == STRIPE_FRAMES) {
                drain(stripe, STRIPE_FRAMES / 2);
            }
            free.markCached(frame);
            stripe.frames[stripe.count++] = frame;
        } finally {
            stripe.lock.unlock();
        }
    }

    private void drain(Stripe stripe, int keep) {
        lock.lock();
        try {
            while (stripe.count > keep) {
                free.put(stripe.frames[--stripe.count], 0);
            }
        } finally {
            lock.unlock();
        }
    }

    private long takeBlock(int order) {
        long frame = tryBlock(order);
        if (frame < 0) {
            // What is missing may lie in the caches of single frames.
            for (Stripe stripe : stripes) {
                stripe.lock.lock();
                try {
                    drain(stripe, 0);
                } finally {
                    stripe.lock.unlock();
                }
            }
            frame = tryBlock(order);
        }
        return frame;
    }

    private long tryBlock(int order) {
        lock.lock();
        try {
            long frame = free.take(order);
            if (frame >= 0) {
                free.markAllocated(frame, order);
            }
            return frame;
        } finally {
            lock.unlock();
        }
    }

    private static byte[] poisonedFrame(long poison) {
        byte[] frame = new byte[1 << FRAME_SHIFT];
        for (int i = 0; i < frame.length; i++) {
            frame[i] = (byte) (poison >>> ((i & 7) << 3));
        }
        return frame;
    }

    private static final class Stripe {
        private final ReentrantLock lock = new ReentrantLock();
        private final long[] frames = new long[STRIPE_FRAMES];
        private int count;
    }
}
