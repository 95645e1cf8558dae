package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.OpenFile;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Memory that can be mapped shared, as {@code memfd_create(2)} makes it. It lives while it has a
 * descriptor or a mapping, and it knows who maps it, so that {@link #resize} can take pages away
 * from all of them.
 */
final class MemoryObject implements OpenFile {

    private final FramePool pool;
    private final SortedMap<Long, Frame> frames = new TreeMap<>();
    private final Map<AcmeAddressSpace, Integer> mappings = new HashMap<>();
    private final Object resizing = new Object();
    private boolean hasDescriptors = true;
    private long size;

    MemoryObject(FramePool pool, long size) {
        this.pool = pool;
        this.size = size;
    }

    @Override
    public String name() {
        return "memory-object";
    }

    /** Tells whether a page begins before the end of the object. */
    synchronized boolean holds(long index) {
        return index >= 0 && size > 0 && index <= (size - 1) / Frame.SIZE;
    }

    /**
     * A page of the object, made if it was never touched.
     *
     * @return the frame with a reference for the caller, or null beyond the end or without memory
     */
    synchronized @Nullable Frame frame(long index) {
        if (!holds(index)) {
            return null;
        }
        Frame frame = frames.get(index);
        if (frame == null) {
            frame = pool.allocate();
            if (frame == null) {
                return null;
            }
            frames.put(index, frame);
        }
        frame.retain();
        return frame;
    }

    /**
     * Changes the size. The order is the promise: first no new access can begin beyond the end,
     * then every mapping loses the pages and its devices are invalidated, and only then are the
     * pages freed.
     */
    void resize(long newSize) {
        synchronized (resizing) {
            long firstGone = (newSize + Frame.SIZE - 1) / Frame.SIZE;
            synchronized (this) {
                size = newSize;
            }
            // A fork may copy pages from a mapper that is still to come, so look for new ones.
            Set<AcmeAddressSpace> done = new HashSet<>();
            for (List<AcmeAddressSpace> next = mappersBut(done);
                    !next.isEmpty();
                    next = mappersBut(done)) {
                next.forEach(space -> space.dropPagesOf(this, firstGone));
                done.addAll(next);
            }
            synchronized (this) {
                discard(frames.tailMap(firstGone));
                Frame last = frames.get(firstGone - 1);
                if (last != null && Frame.offsetOf(newSize) != 0) {
                    last.clear(Frame.offsetOf(newSize));
                }
            }
        }
    }

    private synchronized List<AcmeAddressSpace> mappersBut(Set<AcmeAddressSpace> done) {
        return mappings.keySet().stream().filter(space -> !done.contains(space)).toList();
    }

    synchronized void mappedBy(AcmeAddressSpace space) {
        mappings.merge(space, 1, Integer::sum);
    }

    synchronized void unmappedBy(AcmeAddressSpace space) {
        mappings.computeIfPresent(space, (key, count) -> count == 1 ? null : count - 1);
        discardIfUnused();
    }

    @Override
    public synchronized void release() {
        hasDescriptors = false;
        discardIfUnused();
    }

    private void discardIfUnused() {
        if (!hasDescriptors && mappings.isEmpty()) {
            discard(frames);
        }
    }

    private void discard(SortedMap<Long, Frame> gone) {
        gone.values().forEach(pool::release);
        gone.clear();
    }
}
