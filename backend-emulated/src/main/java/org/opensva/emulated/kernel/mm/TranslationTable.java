package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The page tables of one address space, in physical memory.
 *
 * <p>A table is complete before it is linked, and entries are written with release semantics: a
 * hardware walker sees either nothing or all of it. Tables that have become empty are unlinked by
 * {@link #prune} and freed by the caller once no walker can hold them.
 *
 * <p>Changes need the address space's lock for writing, look-ups for reading; with the {@linkplain
 * FaultLocks lock of a table} that for reading is enough to fill its entries and to widen them.
 */
final class TranslationTable {

    /** Sees the leaves and swap references of a range, in address order. */
    interface Visitor {
        /**
         * May change the entry at {@code slot}. At {@link Geometry#HUGE_LEVEL} it is a leaf, whose
         * whole page lies in the range only if the caller has split those at its bounds.
         */
        void entry(long address, int level, long slot, long entry);
    }

    private static final AtomicLongFieldUpdater<TranslationTable> PAGES =
            AtomicLongFieldUpdater.newUpdater(TranslationTable.class, "pages");

    private final ProcessAddressSpace owner;
    private final PhysicalMemory memory;
    private final PageFrames frames;
    private final EntryFormat entries;
    private final Geometry geometry;
    private final long root;

    /** Leaves that refer to a page; a huge one counts as one. */
    private volatile long pages;

    TranslationTable(
            ProcessAddressSpace owner, PageFrames frames, EntryFormat entries, Geometry geometry) {
        this.owner = owner;
        this.memory = frames.memory();
        this.frames = frames;
        this.entries = entries;
        this.geometry = geometry;
        this.root = frames.allocateTable();
        frames.reverse().setOwner(root, new PageOwner.Table(owner, 0, geometry.firstLevel()));
    }

    long root() {
        return root;
    }

    /**
     * The entry for the page of an address, 0 if there is none. For an address in a huge page it is
     * the entry that the page alone would have, as far as {@link EntryFormat#allows} and {@link
     * EntryFormat#frame} go.
     */
    long entry(long address) {
        long table = root;
        for (int level = geometry.firstLevel(); level < Geometry.LAST_LEVEL; level++) {
            long entry = memory.readLong(table + geometry.entryOffset(address, level));
            if (!entries.isTable(entry)) {
                return entries.isValid(entry)
                        ? entry | address & geometry.hugeBytes() - 1 & -geometry.pageBytes()
                        : 0;
            }
            table = entries.frame(entry);
        }
        return memory.readLong(table + geometry.entryOffset(address, Geometry.LAST_LEVEL));
    }

    /** Where the entry of the last level for an address is, 0 if there is no table for it. */
    long slot(long address) {
        return slot(address, Geometry.LAST_LEVEL);
    }

    /** Where the entry that can map the huge page of an address is, 0 if there is no table. */
    long hugeSlot(long address) {
        return slot(address, Geometry.HUGE_LEVEL);
    }

    private long slot(long address, int last) {
        long table = root;
        for (int level = geometry.firstLevel(); level < last; level++) {
            long entry = memory.readLong(table + geometry.entryOffset(address, level));
            if (!entries.isTable(entry)) {
                return 0;
            }
            table = entries.frame(entry);
        }
        return table + geometry.entryOffset(address, last);
    }

    /** The huge leaf at an address, 0 if there is something else or nothing. */
    long hugeEntry(long address) {
        long slot = hugeSlot(address);
        if (slot == 0) {
            return 0;
        }
        long entry = memory.readLong(slot);
        return entries.isTable(entry) ? 0 : entry;
    }

    /** As {@link #slot}, but makes the tables that are missing; no huge page may be there. */
    long makeSlot(long address) {
        return makeSlot(address, Geometry.LAST_LEVEL);
    }

    /** As {@link #hugeSlot}, but makes the tables that are missing. */
    long makeHugeSlot(long address) {
        return makeSlot(address, Geometry.HUGE_LEVEL);
    }

    private long makeSlot(long address, int last) {
        long table = root;
        for (int level = geometry.firstLevel(); level < last; level++) {
            long slot = table + geometry.entryOffset(address, level);
            long entry = memory.readLong(slot);
            if (entries.isTable(entry)) {
                table = entries.frame(entry);
            } else {
                long next = allocateTable(address, level + 1);
                replaceTable(slot, 0, entries.table(next));
                table = next;
            }
        }
        return table + geometry.entryOffset(address, last);
    }

    /** A table of some level that is to be linked where it translates an address. */
    long allocateTable(long address, int level) throws OutOfFramesException {
        long table = frames.allocateTable();
        long span = 1L << geometry.levelShift(level - 1);
        frames.reverse().setOwner(table, new PageOwner.Table(owner, address & -span, level));
        return table;
    }

    /** Changes a leaf or swap reference whose value is known; neither is a table. */
    void replace(long slot, long old, long value) {
        long before = mapped(old);
        long after = mapped(value);
        // Who reads the reverse map and then the entry never finds the page without being in it.
        if (before != after) {
            disown(slot, old);
            if (after >= 0) {
                PAGES.incrementAndGet(this);
                frames.reverse().add(after, slot);
            }
        }
        replaceTable(slot, old, value);
    }

    /** Notes a leaf in a table that is not linked yet. */
    void adopt(long slot, long entry) {
        memory.writeLong(slot, entry);
        if (mapped(entry) >= 0) {
            PAGES.incrementAndGet(this);
            frames.reverse().add(mapped(entry), slot);
        }
    }

    /** How many entries map pages that are counted. */
    long pages() {
        return pages;
    }

    /** Forgets a leaf in a table that is linked no more. */
    void disown(long slot, long entry) {
        if (mapped(entry) >= 0) {
            PAGES.decrementAndGet(this);
            frames.reverse().remove(mapped(entry), slot);
        }
    }

    /** Changes an entry of which only tables are known to the reverse map. */
    void replaceTable(long slot, long old, long value) {
        if (old == 0 != (value == 0)) {
            frames.populate(geometry.pageOf(slot), value == 0 ? -1 : 1);
        }
        memory.writeLong(slot, value);
    }

    /** The frame that a leaf refers to with a reference, -1 if it refers to none. */
    private long mapped(long entry) {
        return entries.hasFrame(entry) && entries.kind(entry) != EntryFormat.ZERO_PAGE
                ? entries.frame(entry)
                : -1;
    }

    /** Visits what is not zero in a range, whose bounds are multiples of the page size. */
    void visit(long start, long end, Visitor visitor) {
        visit(geometry.firstLevel(), root, start, end, visitor);
    }

    private void visit(int level, long table, long start, long end, Visitor visitor) {
        long span = 1L << geometry.levelShift(level);
        long at = start;
        while (at < end) {
            long next = Math.min(end, (at & -span) + span);
            long slot = table + geometry.entryOffset(at, level);
            long entry = memory.readLong(slot);
            if (entry != 0) {
                if (level == Geometry.LAST_LEVEL || !entries.isTable(entry)) {
                    visitor.entry(at, level, slot, entry);
                } else {
                    visit(level + 1, entries.frame(entry), at, next, visitor);
                }
            }
            at = next;
        }
    }

    /** Unlinks the tables of a range that hold nothing, and lists them. The root stays. */
    void prune(long start, long end, LongList unlinked) {
        prune(geometry.firstLevel(), root, start, end, unlinked);
    }

    private void prune(int level, long table, long start, long end, LongList unlinked) {
        if (level == Geometry.LAST_LEVEL) {
            return;
        }
        long span = 1L << geometry.levelShift(level);
        long at = start;
        while (at < end) {
            long next = Math.min(end, (at & -span) + span);
            long slot = table + geometry.entryOffset(at, level);
            long entry = memory.readLong(slot);
            if (entries.isTable(entry)) {
                long below = entries.frame(entry);
                prune(level + 1, below, at, next, unlinked);
                if (frames.populate(below, 0) == 0) {
                    replaceTable(slot, entry, 0);
                    unlinked.add(below);
                }
            }
            at = next;
        }
    }

    /** Frees the root, when nothing can walk it any more. */
    void freeRoot() {
        frames.freeTable(root);
    }
}
