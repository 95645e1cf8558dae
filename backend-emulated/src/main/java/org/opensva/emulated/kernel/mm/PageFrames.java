package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.concurrent.atomic.LongAdder;

/**
 * Pages of the size that processes use, with their reference counts, and page-table pages with
 * their populations.
 */
final class PageFrames {

    /** How much memory shall be free (Linux: {@code enum zone_watermarks}). */
    enum Watermark {
        /** Below it background reclaim begins. */
        LOW(6),
        /** Above it background reclaim ends. */
        HIGH(5);

        private final int shift;

        Watermark(int shift) {
            this.shift = shift;
        }
    }

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final HardwareEventSink events;
    private final Geometry geometry;
    private final FrameCounts counts;
    private final FrameCounts populations;
    private final ReverseMap reverse;
    private final int order;
    private final int hugeOrder;

    /**
     * For each huge page whose frames are still one block of the allocator 1, otherwise 0. Changed
     * with the monitor held.
     */
    private final FrameCounts blocks;

    private final boolean hugePages;
    private final long zeroPage;
    private final long zeroHash;
    private final LongAdder pages = new LongAdder();
    private final LongAdder tables = new LongAdder();

    PageFrames(
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            Geometry geometry,
            long memoryLimit) {
        this.memory = memory;
        this.frames = frames;
        this.events = events;
        this.geometry = geometry;
        this.counts = new FrameCounts(geometry.pageShift(), memoryLimit);
        this.populations = new FrameCounts(geometry.pageShift(), memoryLimit);
        this.reverse = new ReverseMap(geometry.pageShift(), memoryLimit);
        this.order = geometry.pageShift() - frames.frameShift();
        if (order < 0) {
            throw new IllegalArgumentException("frames are larger than pages");
        }
        this.hugeOrder = order + geometry.hugeShift() - geometry.pageShift();
        this.blocks = new FrameCounts(geometry.hugeShift(), memoryLimit);
        this.zeroPage = frames.allocate(order);
        this.zeroHash = hash(zeroPage);
        this.hugePages = canSplit();
    }

    private boolean canSplit() {
        long pair;
        try {
            pair = frames.allocate(order + 1);
        } catch (OutOfFramesException e) {
            return false;
        }
        if (!frames.split(pair, order + 1, order)) {
            frames.free(pair, order + 1);
            return false;
        }
        frames.free(pair, order);
        frames.free(pair + geometry.pageBytes(), order);
        return true;
    }

    PhysicalMemory memory() {
        return memory;
    }

    long pageBytes() {
        return geometry.pageBytes();
    }

    long hugeBytes() {
        return geometry.hugeBytes();
    }

    /** Whether the block of a huge page cannot be emptied, or is one already. */
    boolean isStuck(long block) {
        long end = block + geometry.hugeBytes();
        for (long frame = block; frame < end; frame += geometry.pageBytes()) {
            if (frame == zeroPage || reverse.owner(frame) instanceof PageOwner.Table) {
                return true;
            }
        }
        return blocks.get(block) != 0;
    }

    /** Whether less memory is free than there should be. */
    boolean isBelow(Watermark watermark) {
        long all = frames.totalFrames();
        return all > 0 && all - frames.allocatedFrames() < all >>> watermark.shift;
    }

    /** From pages back to entries. */
    ReverseMap reverse() {
        return reverse;
    }

    /** The page that every untouched page reads from; never written, never freed. */
    long zeroPage() {
        return zeroPage;
    }

    void close() {
        frames.free(zeroPage, order);
    }

    /** A zeroed page with one reference. */
    long allocatePage() throws OutOfFramesException {
        long frame = frames.allocate(order);
        counts.set(frame, 1);
        pages.increment();
        return frame;
    }

    /** A page with one reference and the contents of another one. */
    long copyPage(long source) {
        long frame = allocatePage();
        if (source != zeroPage) {
            copyTo(source, frame);
        }
        return frame;
    }

    /** Copies the contents of a page. */
    void copyTo(long source, long target) {
        byte[] contents = new byte[(int) geometry.pageBytes()];
        memory.read(source, contents, 0, contents.length);
        memory.write(target, contents, 0, contents.length);
    }

    /** A number that pages with the same contents share; never 0. */
    long hash(long frame) {
        long hash = 1;
        for (long offset = 0; offset < geometry.pageBytes(); offset += 8) {
            long mixed = (hash ^ memory.readLong(frame + offset)) * 0x9E37_79B9_7F4A_7C15L;
            hash = mixed ^ mixed >>> 29;
        }
        return hash == 0 ? 1 : hash;
    }

    /** What {@link #hash} says of a page of zeroes. */
    long zeroHash() {
        return zeroHash;
    }

    boolean isSame(long frame, long other) {
        for (long offset = 0; offset < geometry.pageBytes(); offset += 8) {
            if (memory.readLong(frame + offset) != memory.readLong(other + offset)) {
                return false;
            }
        }
        return true;
    }

    int references(long frame) {
        return counts.get(frame);
    }

    void acquirePage(long frame) {
        counts.add(frame, 1);
    }

    /** Takes a reference to a page that may be gone; false if it is. */
    boolean tryAcquirePage(long frame) {
        return counts.addUnlessZero(frame);
    }

    /** Gives a reference back, and with the last one the page. */
    void releasePage(long frame) {
        if (counts.add(frame, -1) == 0) {
            if (reverse.owner(frame) instanceof PageOwner.Merged merged) {
                merged.pages().forget(frame, merged.hash());
            }
            reverse.setOwner(frame, null);
            if (blocks.get(frame) != 0) {
                breakBlock(frame);
            }
            pages.decrement();
            free(frame);
        }
    }

    /** From now on the frames of a huge page are the allocator's blocks each on its own. */
    private synchronized void breakBlock(long frame) {
        if (blocks.get(frame) != 0) {
            frames.split(frame & -geometry.hugeBytes(), hugeOrder, order);
            blocks.set(frame, 0);
        }
    }

    /**
     * A zeroed huge page, each of whose pages has one reference; -1 if no block is free or the
     * allocator has none that can be split.
     */
    long allocateHugePage() {
        if (!hugePages) {
            return -1;
        }
        long block;
        try {
            block = frames.allocate(hugeOrder);
        } catch (OutOfFramesException e) {
            return -1;
        }
        long end = block + geometry.hugeBytes();
        for (long frame = block; frame < end; frame += geometry.pageBytes()) {
            counts.set(frame, 1);
        }
        pages.add(geometry.hugeBytes() >>> geometry.pageShift());
        synchronized (this) {
            blocks.set(block, 1);
        }
        return block;
    }

    /** Takes a reference to each page of a huge one. */
    void acquireHugePage(long block) {
        long end = block + geometry.hugeBytes();
        for (long frame = block; frame < end; frame += geometry.pageBytes()) {
            counts.add(frame, 1);
        }
    }

    /** Whether each page of a huge one has one reference only. */
    boolean isExclusiveHugePage(long block) {
        long end = block + geometry.hugeBytes();
        for (long frame = block; frame < end; frame += geometry.pageBytes()) {
            if (counts.get(frame) != 1) {
                return false;
            }
        }
        return true;
    }

    /** Gives a reference to each page of a huge one back, and those pages that have no other. */
    void releaseHugePage(long block) {
        long end = block + geometry.hugeBytes();
        if (!isExclusiveHugePage(block) || !takeBlock(block)) {
            for (long frame = block; frame < end; frame += geometry.pageBytes()) {
                releasePage(frame);
            }
            return;
        }
        long frame = block;
        while (frame < end && counts.compareAndSet(frame, 1, 0)) {
            reverse.setOwner(frame, null);
            frame += geometry.pageBytes();
        }
        pages.add(-(frame - block >>> geometry.pageShift()));
        if (frame == end) {
            events.record(HardwareEvent.Kind.FRAME_FREED, -1, -1, block, geometry.hugeBytes());
            frames.free(block, hugeOrder);
            return;
        }
        // Somebody looks at one of the pages in passing.
        frames.split(block, hugeOrder, order);
        for (long free = block; free < frame; free += geometry.pageBytes()) {
            free(free);
        }
        for (; frame < end; frame += geometry.pageBytes()) {
            releasePage(frame);
        }
    }

    private synchronized boolean takeBlock(long block) {
        boolean whole = blocks.get(block) != 0;
        blocks.set(block, 0);
        return whole;
    }

    long allocateTable() {
        long table = frames.allocate(order);
        populations.set(table, 0);
        tables.increment();
        return table;
    }

    /** How many entries of a table are in use; the argument changes it. */
    int populate(long table, int delta) {
        return delta == 0 ? populations.get(table) : populations.add(table, delta);
    }

    void freeTable(long table) {
        reverse.setOwner(table, null);
        tables.decrement();
        free(table);
    }

    long pageCount() {
        return pages.sum();
    }

    long tableCount() {
        return tables.sum();
    }

    private void free(long frame) {
        events.record(HardwareEvent.Kind.FRAME_FREED, -1, -1, frame, geometry.pageBytes());
        frames.free(frame, order);
    }
}
