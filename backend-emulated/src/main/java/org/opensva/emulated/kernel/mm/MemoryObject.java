package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A memory object that can be mapped (Linux: an inode): without a disk as of {@code tmpfs}, or a
 * file whose pages are written back to its disk.
 *
 * <p>It lives as long as it has references: one for the open file, one for each mapping. Its
 * monitor is taken below the lock of an address space, never above it.
 */
public final class MemoryObject {

    private final PageFrames frames;
    private final Geometry geometry;
    private final MemoryRelief relief;
    private final boolean onDisk;
    private final PageCache cache;

    /** Who maps it, and how many mappings each has. */
    private final Map<ProcessAddressSpace, Integer> mappers = new LinkedHashMap<>();

    /** Held around what takes pages away for good, above the locks of address spaces. */
    private final ReentrantLock truncation = new ReentrantLock();

    private long size;
    private int references = 1;

    /** The pages that are being punched out; who faults on one waits. */
    private @Nullable Hole hole;

    private record Hole(long from, long to, Arrival made) {}

    MemoryObject(
            PageFrames frames,
            SwapArea swap,
            Geometry geometry,
            MemoryRelief relief,
            long size,
            boolean onDisk) {
        this.relief = relief;
        this.frames = frames;
        this.geometry = geometry;
        this.size = size;
        this.onDisk = onDisk;
        this.cache =
                new PageCache(
                        this,
                        frames,
                        swap,
                        onDisk ? new DiskFile(geometry.granule().bytes()) : null);
    }

    /**
     * The size.
     *
     * @return the number of bytes
     */
    public synchronized long size() {
        return size;
    }

    /**
     * Whether pages are written back, so that what is written to them must be noticed (Linux:
     * {@code vma_wants_writenotify}).
     */
    boolean isOnDisk() {
        return onDisk;
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

    /** Takes a reference for a call under way, of which somebody has one already. */
    synchronized void acquire() {
        references++;
    }

    /** Gives a reference back; the last one frees the pages. */
    public synchronized void release() {
        if (--references == 0) {
            size = 0;
            cache.discard(0, Long.MAX_VALUE);
        }
    }

    /**
     * Takes a reference to a page, which is made if it does not exist.
     *
     * @param write whether an entry will let writes through
     * @return the frame, or -1 beyond the end
     * @throws PageInTransitException while the page is being punched out
     */
    synchronized long acquirePage(long index, boolean write) throws OutOfFramesException {
        if (index >= pages()) {
            return -1;
        }
        Hole punched = hole;
        if (punched != null && index >= punched.from() && index < punched.to()) {
            throw new PageInTransitException(punched.made()::await);
        }
        long frame = cache.get(index);
        if (write) {
            cache.markDirty(index);
        }
        frames.acquirePage(frame);
        return frame;
    }

    /** Makes a page that does not exist of a frame of zeroes, with a reference of its own. */
    synchronized boolean adopt(long index, long frame) {
        return index < pages() && hole == null && cache.adopt(index, frame);
    }

    /** The block that holds pages from a first one on, whole and in order; -1 if none does. */
    synchronized long blockAt(long first, int count) {
        return first + count <= pages() ? cache.block(first, count) : -1;
    }

    /**
     * Takes a reference to each page of a block.
     *
     * @param write whether an entry will let writes through
     * @return the block, or -1 if the pages are not in one, or not for long
     */
    synchronized long acquireBlock(long first, int count, boolean write) {
        Hole punched = hole;
        long block = blockAt(first, count);
        if (block < 0
                || punched != null && first < punched.to() && punched.from() < first + count) {
            return -1;
        }
        if (write) {
            markDirty(first, count);
        }
        frames.acquireHugePage(block);
        return block;
    }

    /** Pages that a huge page maps will be written to. */
    synchronized void markDirty(long first, int count) {
        for (long index = first; index < first + count; index++) {
            cache.markDirty(index);
        }
    }

    /** A page that an entry maps will be written to. */
    synchronized void markDirty(long index) {
        cache.markDirty(index);
    }

    /** Notes that a page is being written back; false if there is no need, or it is gone. */
    synchronized boolean beginWriteBack(long index, long frame) {
        return cache.isAt(index, frame) && cache.beginWriteBack(index);
    }

    /**
     * Writes a page back, whose entries let no writes through unless it is dirty again.
     *
     * @param isProtected says so
     * @return false if it is not so
     */
    synchronized boolean writeBack(long index, long frame, boolean isProtected) {
        if (!cache.isAt(index, frame)) {
            return true;
        }
        if (!isProtected && !cache.isDirty(index)) {
            return false;
        }
        cache.save(index, frame);
        return true;
    }

    /** Ends what {@link #beginWriteBack} began. */
    synchronized void endWriteBack(long index) {
        cache.endWriteBack(index);
    }

    /** The pages of a range that must be written back, or are being. */
    synchronized List<Long> pagesToWriteBack(long from, long to) {
        return cache.toWriteBack(from, to);
    }

    /** The frame of a page that must be written back, or is being; -1 if there is no need. */
    synchronized long frameToWriteBack(long index) {
        return cache.frameToWriteBack(index);
    }

    /** Replaces a page in transit by another frame, which gets its contents and a reference. */
    synchronized boolean move(long index, long frame, long target, Transit transit) {
        if (!cache.isAt(index, frame) || !transit.isIsolated()) {
            return false;
        }
        cache.move(index, frame, target);
        return true;
    }

    /** Takes a page in transit out of memory; false if it is in use after all, or swap is full. */
    synchronized boolean evict(long index, long frame, Transit transit) {
        return cache.isAt(index, frame) && transit.isIsolated() && cache.evict(index, frame);
    }

    /** Takes the pages of a range out of memory that nobody maps. */
    synchronized void pageOut(long from, long to) {
        cache.evictUnmapped(from, to);
    }

    /**
     * Changes the size. Pages beyond a new end are unmapped everywhere, devices included, before
     * they are freed; the rest of the last page reads as zero if the object grows again.
     *
     * @param newSize number of bytes, at least 0
     * @throws ErrnoException {@code ENOMEM}
     */
    public void truncate(long newSize) {
        truncation.lock();
        try {
            synchronized (this) {
                size = newSize;
            }
            // No page comes back: there is none beyond the end.
            zapMappers(pages(), Long.MAX_VALUE >>> geometry.pageShift(), true);
            synchronized (this) {
                cache.discard(pages(), Long.MAX_VALUE);
            }
            clear("ftruncate", newSize, geometry.roundUp(newSize));
        } finally {
            truncation.unlock();
        }
    }

    /**
     * Makes a hole. Its pages are unmapped everywhere, devices included, before they are freed;
     * private copies of them stay.
     *
     * @param offset the first byte, at least 0
     * @param length number of bytes, more than 0; with the offset not beyond what a long holds
     * @throws ErrnoException {@code ENOMEM}
     */
    public void punch(long offset, long length) {
        truncation.lock();
        try {
            long end = Math.min(offset + length, geometry.roundUp(size()));
            long whole = geometry.roundUp(offset);
            long wholeEnd = geometry.pageOf(end);
            if (whole < wholeEnd) {
                punchPages(whole >>> geometry.pageShift(), wholeEnd >>> geometry.pageShift());
            }
            clear("fallocate", offset, Math.min(whole, end));
            clear("fallocate", Math.max(offset, Math.max(whole, wholeEnd)), end);
        } finally {
            truncation.unlock();
        }
    }

    private void punchPages(long from, long to) {
        Arrival made = new Arrival();
        synchronized (this) {
            hole = new Hole(from, to, made);
        }
        try {
            zapMappers(from, to, false);
            synchronized (this) {
                cache.discard(from, to);
            }
        } finally {
            synchronized (this) {
                hole = null;
            }
            made.announce();
        }
    }

    /**
     * Unmaps a range of pages everywhere. A fork copies private mappings while its parent is
     * locked; whoever joins the mappers meanwhile is found by looking again.
     */
    private void zapMappers(long from, long to, boolean copiesToo) {
        Set<ProcessAddressSpace> done = new HashSet<>();
        List<ProcessAddressSpace> todo = newMappers(done);
        while (!todo.isEmpty()) {
            for (ProcessAddressSpace mapper : todo) {
                mapper.zapObject(this, from, to, copiesToo);
                done.add(mapper);
            }
            todo = newMappers(done);
        }
    }

    private synchronized List<ProcessAddressSpace> newMappers(Set<ProcessAddressSpace> known) {
        List<ProcessAddressSpace> found = new ArrayList<>(mappers.keySet());
        found.removeAll(known);
        return found;
    }

    /** Fills a part of one page with zeroes. */
    private void clear(String call, long from, long to) {
        while (from < to) {
            try {
                synchronized (this) {
                    cache.clear(
                            from >>> geometry.pageShift(), from & geometry.pageMask(), to - from);
                }
                return;
            } catch (OutOfFramesException e) {
                if (!relief.relieve()) {
                    throw new ErrnoException(Errno.ENOMEM, call, String.valueOf(e.getMessage()));
                }
            }
        }
    }

    /** How many pages the size covers. */
    synchronized long pages() {
        return (size >>> geometry.pageShift()) + ((size & geometry.pageMask()) != 0 ? 1 : 0);
    }
}
