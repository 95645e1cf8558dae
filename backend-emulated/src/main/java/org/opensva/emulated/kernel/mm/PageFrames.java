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

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final HardwareEventSink events;
    private final Geometry geometry;
    private final FrameCounts counts;
    private final int order;
    private final long zeroPage;
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
        this.order = geometry.pageShift() - frames.frameShift();
        if (order < 0) {
            throw new IllegalArgumentException("frames are larger than pages");
        }
        this.zeroPage = frames.allocate(order);
    }

    PhysicalMemory memory() {
        return memory;
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
            byte[] contents = new byte[(int) geometry.pageBytes()];
            memory.read(source, contents, 0, contents.length);
            memory.write(frame, contents, 0, contents.length);
        }
        return frame;
    }

    int references(long frame) {
        return counts.get(frame);
    }

    void acquirePage(long frame) {
        counts.add(frame, 1);
    }

    /** Gives a reference back, and with the last one the page. */
    void releasePage(long frame) {
        if (counts.add(frame, -1) == 0) {
            pages.decrement();
            free(frame);
        }
    }

    long allocateTable() {
        long table = frames.allocate(order);
        counts.set(table, 0);
        tables.increment();
        return table;
    }

    /** How many entries of a table are in use; the argument changes it. */
    int populate(long table, int delta) {
        return delta == 0 ? counts.get(table) : counts.add(table, delta);
    }

    void freeTable(long table) {
        counts.set(table, 0);
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
