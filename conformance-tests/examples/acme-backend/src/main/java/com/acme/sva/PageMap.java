package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The page tables of an address space: which frame is behind a page, and what may be done to it
 * now. Not thread-safe: the address space's lock guards it.
 *
 * <p>Every change of an entry that a device may have cached keeps one order, and keeps it here:
 * <em>clear the entry, invalidate, then free or set</em>. A device that asks again meanwhile waits
 * for the lock and finds the new state; a device that used the old entry has finished when the
 * invalidation returns.
 */
final class PageMap {

    /**
     * What is behind a page.
     *
     * @param frame the memory
     * @param access a set of {@link Access} bits that are allowed without a fault
     */
    record Entry(Frame frame, int access) {}

    private final FramePool pool;
    private final Consumer<AddressRange> invalidation;
    private final NavigableMap<Long, Entry> entries = new TreeMap<>();

    PageMap(FramePool pool, Consumer<AddressRange> invalidation) {
        this.pool = pool;
        this.invalidation = invalidation;
    }

    @Nullable Entry get(long page) {
        return entries.get(page);
    }

    /**
     * Sets an entry and takes over the caller's reference to the frame. Replacing a frame is how
     * copy-on-write is broken: the device must not read the old page once the new one can be
     * written.
     */
    Entry set(long page, Frame frame, int access) {
        Entry old = entries.remove(page);
        if (old != null) {
            invalidation.accept(AddressRange.of(page, Frame.SIZE));
            if (old.frame() != frame) {
                pool.release(old.frame());
            }
        }
        Entry entry = new Entry(frame, access);
        entries.put(page, entry);
        return entry;
    }

    /** Removes a range. The frames are freed after the invalidation, never before. */
    void clear(long start, long end) {
        SortedMap<Long, Entry> range = entries.subMap(start, end);
        if (range.isEmpty()) {
            return;
        }
        List<Entry> gone = List.copyOf(range.values());
        range.clear();
        invalidation.accept(new AddressRange(start, end));
        gone.forEach(entry -> pool.release(entry.frame()));
    }

    /** Takes rights away from a range; rights are given back by the next fault, page by page. */
    void narrow(long start, long end, int access) {
        boolean changed = false;
        for (Map.Entry<Long, Entry> slot : entries.subMap(start, end).entrySet()) {
            Entry entry = slot.getValue();
            if ((entry.access() & ~access) != 0) {
                slot.setValue(new Entry(entry.frame(), entry.access() & access));
                changed = true;
            }
        }
        if (changed) {
            invalidation.accept(new AddressRange(start, end));
        }
    }

    /** Moves entries to another place, frames included: what a device has written comes along. */
    void move(long from, long to, long length) {
        SortedMap<Long, Entry> range = entries.subMap(from, from + length);
        if (range.isEmpty()) {
            return;
        }
        List<Map.Entry<Long, Entry>> moved = new ArrayList<>(new TreeMap<>(range).entrySet());
        range.clear();
        invalidation.accept(AddressRange.of(from, length));
        moved.forEach(slot -> entries.put(slot.getKey() - from + to, slot.getValue()));
    }

    /**
     * Gives a child the same frames, without the right to write for either. The caller invalidates
     * the whole address space once, after all ranges and before fork returns.
     */
    void shareWith(PageMap child, long start, long end) {
        for (Map.Entry<Long, Entry> slot : entries.subMap(start, end).entrySet()) {
            Frame frame = slot.getValue().frame();
            Entry protectedEntry = new Entry(frame, slot.getValue().access() & ~Access.WRITE);
            frame.retain();
            slot.setValue(protectedEntry);
            child.entries.put(slot.getKey(), protectedEntry);
        }
    }
}
