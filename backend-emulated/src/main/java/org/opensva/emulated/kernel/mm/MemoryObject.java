package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A memory object that can be mapped shared, with its page cache (Linux: an inode of {@code tmpfs}
 * and its {@code address_space}).
 *
 * <p>It lives as long as it has references: one for the open file, one for each mapping. Its
 * monitor is taken below the lock of an address space, never above it.
 */
public final class MemoryObject {

    private final PageFrames frames;
    private final SwapArea swap;
    private final Geometry geometry;
    private final MemoryRelief relief;

    /** Page index to frame, or to the bitwise complement of a swap slot. */
    private final Map<Long, Long> cache = new HashMap<>();

    /** Who maps it, and how many mappings each has. */
    private final Map<ProcessAddressSpace, Integer> mappers = new LinkedHashMap<>();

    /** Held around a whole change of size, above the locks of address spaces. */
    private final ReentrantLock truncation = new ReentrantLock();

    private long size;
    private int references = 1;

    MemoryObject(
            PageFrames frames, SwapArea swap, Geometry geometry, MemoryRelief relief, long size) {
        this.relief = relief;
        this.frames = frames;
        this.swap = swap;
        this.geometry = geometry;
        this.size = size;
    }

    /**
     * The size.
     *
     * @return the number of bytes
     */
    public synchronized long size() {
        return size;
    }

    /** Takes a reference for a mapping of an address space. */
    synchronized void map(ProcessAddressSpace mapper) {
        references++;
        mappers.merge(mapper, 1, Integer::sum);
    }

    /** Gives the reference of a mapping back. */
    void unmap(ProcessAddressSpace mapper) {
        synchronized (this) {
            mappers.computeIfPresent(mapper, (key, n) -> n == 1 ? null : n - 1);
        }
        release();
    }

    /** Gives a reference back; the last one frees the pages. */
    public synchronized void release() {
        if (--references == 0) {
            size = 0;
            cache.values().forEach(this::drop);
            cache.clear();
        }
    }

    /**
     * Takes a reference to a page, which is made if it does not exist.
     *
     * @return the frame, or -1 beyond the end
     */
    synchronized long acquirePage(long index) throws OutOfFramesException {
        if (index >= pages()) {
            return -1;
        }
        Long cached = cache.get(index);
        long frame;
        if (cached == null) {
            frame = frames.allocatePage();
            keep(index, frame);
        } else if (cached < 0) {
            frame = frames.allocatePage();
            swap.load(~cached, frames.memory(), frame);
            swap.release(~cached);
            keep(index, frame);
        } else {
            frame = cached;
        }
        frames.acquirePage(frame);
        return frame;
    }

    private void keep(long index, long frame) {
        cache.put(index, frame);
        frames.reverse().setOwner(frame, new PageOwner.Cached(this, index));
    }

    /** Replaces a page in transit by another frame, which gets its contents and a reference. */
    synchronized boolean move(long index, long frame, long target, Transit transit) {
        Long cached = cache.get(index);
        if (cached == null || cached != frame || !transit.isIsolated()) {
            return false;
        }
        frames.copyTo(frame, target);
        frames.acquirePage(target);
        keep(index, target);
        frames.releasePage(frame);
        return true;
    }

    /** Moves a page in transit to swap; false if it is in use after all, or swap is full. */
    synchronized boolean evict(long index, long frame, Transit transit) {
        Long cached = cache.get(index);
        if (cached == null || cached != frame || !transit.isIsolated()) {
            return false;
        }
        return saveToSwap(index, frame);
    }

    private boolean saveToSwap(long index, long frame) {
        long slot = swap.save(frames.memory(), frame);
        if (slot < 0) {
            return false;
        }
        cache.put(index, ~slot);
        frames.reverse().setOwner(frame, null);
        frames.releasePage(frame);
        return true;
    }

    /** Moves the pages of a range to swap that nobody maps. */
    synchronized void pageOut(long from, long to) {
        for (Map.Entry<Long, Long> page : cache.entrySet()) {
            long frame = page.getValue();
            if (page.getKey() >= from
                    && page.getKey() < to
                    && frame >= 0
                    && frames.references(frame) == 1) {
                saveToSwap(page.getKey(), frame);
            }
        }
    }

    /**
     * Changes the size. Pages beyond a new end are unmapped everywhere, devices included, before
     * they are freed; the rest of the last page reads as zero if the object grows again.
     *
     * @param newSize number of bytes, at least 0
     */
    public void truncate(long newSize) {
        truncation.lock();
        try {
            while (true) {
                try {
                    resize(newSize);
                    return;
                } catch (OutOfFramesException e) {
                    if (!relief.relieve()) {
                        throw new ErrnoException(
                                Errno.ENOMEM, "ftruncate", String.valueOf(e.getMessage()));
                    }
                }
            }
        } finally {
            truncation.unlock();
        }
    }

    private void resize(long newSize) {
        synchronized (this) {
            size = newSize;
        }
        // A fork copies pages of private mappings while its parent is locked; whoever joins the
        // mappers meanwhile is found by looking again.
        Set<ProcessAddressSpace> done = new HashSet<>();
        List<ProcessAddressSpace> todo = newMappers(done);
        while (!todo.isEmpty()) {
            for (ProcessAddressSpace mapper : todo) {
                mapper.truncated(this);
                done.add(mapper);
            }
            todo = newMappers(done);
        }
        synchronized (this) {
            long kept = pages();
            cache.entrySet()
                    .removeIf(page -> {
                        if (page.getKey() < kept) {
                            return false;
                        }
                        drop(page.getValue());
                        return true;
                    });
            clearTail();
        }
    }

    private synchronized List<ProcessAddressSpace> newMappers(Set<ProcessAddressSpace> known) {
        List<ProcessAddressSpace> found = new ArrayList<>(mappers.keySet());
        found.removeAll(known);
        return found;
    }

    private void clearTail() {
        long used = size & geometry.pageMask();
        Long cached = cache.get(size >>> geometry.pageShift());
        if (used == 0 || cached == null) {
            return;
        }
        long frame = cached;
        if (cached < 0) {
            frame = acquirePage(size >>> geometry.pageShift());
            frames.releasePage(frame);
        }
        frames.memory().fill(frame + used, geometry.pageBytes() - used, (byte) 0);
    }

    /** How many pages the size covers. */
    synchronized long pages() {
        return (size >>> geometry.pageShift()) + ((size & geometry.pageMask()) != 0 ? 1 : 0);
    }

    private void drop(long cached) {
        if (cached < 0) {
            swap.release(~cached);
        } else {
            frames.releasePage(cached);
        }
    }
}
