package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.OutOfFramesException;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * The pages of one memory object (Linux: {@code struct address_space}), each with a reference.
 *
 * <p>Those of an object without a disk go to swap. Those of a file are read from its disk; one that
 * may have been written to since is <em>dirty</em>: it is written back before its frame is given to
 * anyone else. Entries let writes to a page of a file through only while it is dirty.
 *
 * <p>Guarded by the monitor of the memory object.
 */
final class PageCache {

    private final MemoryObject owner;
    private final PageFrames frames;
    private final SwapArea swap;
    private final @Nullable DiskFile disk;

    /** Page index to frame, or to the bitwise complement of a swap slot. */
    private final Map<Long, Long> pages = new HashMap<>();

    /** Pages that differ from the disk, or may; for files only. */
    private final NavigableSet<Long> dirty = new TreeSet<>();

    /** Pages that are on their way to the disk. */
    private final Set<Long> writing = new HashSet<>();

    PageCache(MemoryObject owner, PageFrames frames, SwapArea swap, @Nullable DiskFile disk) {
        this.owner = owner;
        this.frames = frames;
        this.swap = swap;
        this.disk = disk;
    }

    /** Finds a page, or brings it to memory, or makes it. */
    long get(long index) throws OutOfFramesException {
        Long cached = pages.get(index);
        if (cached != null && cached >= 0) {
            return cached;
        }
        long frame = frames.allocatePage();
        if (cached != null) {
            swap.load(~cached, frames.memory(), frame);
            swap.release(~cached);
        } else if (disk != null) {
            disk.load(index, frames.memory(), frame);
        }
        keep(index, frame);
        return frame;
    }

    /** Makes a page that does not exist of a frame of zeroes; false if it does. */
    boolean adopt(long index, long frame) {
        if (disk != null || pages.containsKey(index)) {
            return false;
        }
        frames.acquirePage(frame);
        keep(index, frame);
        return true;
    }

    private void keep(long index, long frame) {
        pages.put(index, frame);
        frames.reverse().setOwner(frame, new PageOwner.Cached(owner, index));
    }

    /** Whether a frame is that of a page. */
    boolean isAt(long index, long frame) {
        Long cached = pages.get(index);
        return cached != null && cached == frame;
    }

    /** The aligned block that holds pages from a first one on, in order; -1 if none does. */
    long block(long first, int count) {
        Long block = pages.get(first);
        if (block == null || block < 0 || (block & frames.hugeBytes() - 1) != 0) {
            return -1;
        }
        for (int i = 1; i < count; i++) {
            if (!isAt(first + i, block + i * frames.pageBytes())) {
                return -1;
            }
        }
        return block;
    }

    /** The page is going to be written to. */
    void markDirty(long index) {
        if (disk != null) {
            dirty.add(index);
        }
    }

    /** Whether a page must be written back. */
    boolean isDirty(long index) {
        return dirty.contains(index);
    }

    /** Notes that a page is being written back; false if there is no need. */
    boolean beginWriteBack(long index) {
        return dirty.remove(index) && writing.add(index);
    }

    /** Notes that a page is being written back no more. */
    void endWriteBack(long index) {
        writing.remove(index);
    }

    /** Writes a page to the disk. */
    void save(long index, long frame) {
        if (disk != null) {
            disk.save(index, frames.memory(), frame);
        }
    }

    /** The pages of a range that are dirty or on their way to the disk. */
    List<Long> toWriteBack(long from, long to) {
        NavigableSet<Long> found = new TreeSet<>(dirty.subSet(from, to));
        writing.stream().filter(index -> index >= from && index < to).forEach(found::add);
        return List.copyOf(found);
    }

    /** The frame of a page that is dirty or on its way to the disk; -1 if it is neither. */
    long frameToWriteBack(long index) {
        Long cached = pages.get(index);
        boolean needed = dirty.contains(index) || writing.contains(index);
        return needed && cached != null && cached >= 0 ? cached : -1;
    }

    /** Replaces the frame of a page by another one, which gets the contents. */
    void move(long index, long frame, long target) {
        frames.copyTo(frame, target);
        frames.acquirePage(target);
        keep(index, target);
        frames.releasePage(frame);
    }

    /** Takes a page out of memory that nobody maps; false if there is no room for it. */
    boolean evict(long index, long frame) {
        if (disk != null) {
            if (dirty.remove(index)) {
                disk.save(index, frames.memory(), frame);
            }
            pages.remove(index);
        } else {
            long slot = swap.save(frames.memory(), frame);
            if (slot < 0) {
                return false;
            }
            pages.put(index, ~slot);
        }
        frames.reverse().setOwner(frame, null);
        frames.releasePage(frame);
        return true;
    }

    /** Takes the pages of a range out of memory that nobody maps. */
    void evictUnmapped(long from, long to) {
        for (long index : known(from, to)) {
            Long frame = pages.get(index);
            if (frame != null && frame >= 0 && frames.references(frame) == 1) {
                evict(index, frame);
            }
        }
    }

    /** Forgets the pages of a range, here and on the disk. */
    void discard(long from, long to) {
        for (long index : known(from, to)) {
            Long cached = pages.remove(index);
            if (cached != null) {
                drop(cached);
            }
        }
        dirty.subSet(from, to).clear();
        if (disk != null) {
            disk.discard(from, to);
        }
    }

    /** The pages of a range, in memory or not, in order. */
    private long[] known(long from, long to) {
        // As long as the shorter of the two ways.
        return to - from < pages.size()
                ? LongStream.range(from, to).filter(pages::containsKey).toArray()
                : pages.keySet().stream()
                        .mapToLong(Long::longValue)
                        .filter(index -> index >= from && index < to)
                        .sorted()
                        .toArray();
    }

    /** Fills a part of a page with zeroes, if it is anything else. */
    void clear(long index, long offset, long length) throws OutOfFramesException {
        if (pages.containsKey(index) || disk != null && disk.has(index)) {
            long frame = get(index);
            markDirty(index);
            frames.memory().fill(frame + offset, length, (byte) 0);
        }
    }

    private void drop(long cached) {
        if (cached < 0) {
            swap.release(~cached);
        } else {
            frames.releasePage(cached);
        }
    }
}
