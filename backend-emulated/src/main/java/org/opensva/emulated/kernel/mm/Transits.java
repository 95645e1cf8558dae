package org.opensva.emulated.kernel.mm;

import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The pages that are on their way to another frame or out of memory. While a page is, every entry
 * that mapped it is {@linkplain EntryFormat#transit in transit}, and who faults on one waits for
 * the end of the journey (Linux: {@code migration_entry_wait}).
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class Transits {

    private final PageFrames frames;
    private final EntryFormat entries;
    private final Geometry geometry;
    private final SwapArea swap;
    private final Map<Long, Transit> underWay = new ConcurrentHashMap<>();

    Transits(PageFrames frames, EntryFormat entries, Geometry geometry, SwapArea swap) {
        this.frames = frames;
        this.entries = entries;
        this.geometry = geometry;
        this.swap = swap;
    }

    /** A journey of a page that has not begun. */
    Transit of(long frame) {
        return new Transit(this, frame);
    }

    /** Waits while a page is in transit. */
    void await(long frame) {
        Transit transit = underWay.get(frame);
        if (transit != null) {
            transit.await();
        }
    }

    boolean enter(long frame, Transit transit) {
        return underWay.putIfAbsent(frame, transit) == null;
    }

    void leave(long frame, Transit transit) {
        underWay.remove(frame, transit);
    }

    PageFrames frames() {
        return frames;
    }

    EntryFormat entries() {
        return entries;
    }

    SwapArea swap() {
        return swap;
    }

    /** Has every entry that maps a page looked at, under the lock of its address space. */
    void revisit(long frame, PageVisits.Revisit what) {
        for (long slot : frames.reverse().slots(frame)) {
            if (!(frames.reverse().owner(geometry.pageOf(slot)) instanceof PageOwner.Table table)) {
                continue;
            }
            long index = (slot & geometry.pageMask()) >>> 3;
            long address = table.base() + (index << geometry.levelShift(table.level()));
            if (table.level() == Geometry.LAST_LEVEL) {
                table.space().visits().revisit(slot, address, frame, what);
            } else {
                table.space().visits().splitAt(address);
            }
        }
    }

    /** Splits the huge page that a frame is part of, wherever it is mapped as one. */
    void splitAround(long frame) {
        long head = frame & -geometry.hugeBytes();
        for (long slot : frames.reverse().slots(head)) {
            if (frames.reverse().owner(geometry.pageOf(slot)) instanceof PageOwner.Table table
                    && table.level() == Geometry.HUGE_LEVEL) {
                long index = (slot & geometry.pageMask()) >>> 3;
                table.space().visits().splitAt(table.base() + (index << geometry.hugeShift()));
            }
        }
    }
}
