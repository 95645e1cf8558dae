package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

/**
 * Takes pages out of an address space in the one legal order (Linux: {@code mmu_gather}): clear the
 * entries, unlink empty tables, tell the listeners, and only then free pages and tables.
 */
final class Zap {

    private final Mm mm;
    private final LongList pages = new LongList();
    private final LongList hugePages = new LongList();
    private final LongList slots = new LongList();
    private final LongList tables = new LongList();
    private long first = -1L;
    private long last;

    Zap(Mm mm) {
        this.mm = mm;
    }

    /** Clears the entries of a range. No huge page may reach over its bounds. */
    void clear(long start, long end) {
        mm.table().visit(start, end, this::clearEntry);
    }

    /** Clears one entry. */
    void clearEntry(long address, int level, long slot, long entry) {
        mm.table().replace(slot, entry, 0);
        if (mm.entries().isValid(entry)) {
            changed(address, level);
        }
        if (level == Geometry.HUGE_LEVEL) {
            hugePages.add(mm.entries().frame(entry));
            return;
        }
        if (mm.entries().isSwap(entry)) {
            slots.add(mm.entries().swapSlot(entry));
        } else if (mm.entries().kind(entry) != EntryFormat.ZERO_PAGE) {
            pages.add(mm.entries().frame(entry));
        }
    }

    /** Unlinks the tables of a range that hold nothing any more. */
    void prune(long start, long end) {
        int before = tables.size();
        mm.table().prune(start, end, tables);
        if (tables.size() > before) {
            changed(start);
            changed(end - mm.geometry().pageBytes());
        }
    }

    /** Notes that hardware may have cached something of a page that is no longer so. */
    void changed(long address) {
        changed(address, Geometry.LAST_LEVEL);
    }

    /** As {@link #changed(long)}, of a leaf of some level. */
    void changed(long address, int level) {
        first = first < 0 ? address : Math.min(first, address);
        last = Math.max(last, address + (1L << mm.geometry().levelShift(level)));
    }

    /** Tells the listeners, if anything that hardware may have cached was changed. */
    void notifyListeners() {
        if (first >= 0 && !mm.listeners().isEmpty()) {
            mm.listeners().invalidate(new AddressRange(first, last), tables.size() == 0);
        }
        first = -1L;
        last = 0;
    }

    /** Tells the listeners, then frees. */
    void finish() {
        notifyListeners();
        free();
    }

    /** Frees the whole of an address space whose listeners were released: processors are told. */
    void finishAll() {
        mm.listeners().forgetAll();
        free();
    }

    /** Frees without telling anybody. */
    void free() {
        for (int i = 0; i < pages.size(); i++) {
            mm.frames().releasePage(pages.get(i));
        }
        for (int i = 0; i < hugePages.size(); i++) {
            mm.frames().releaseHugePage(hugePages.get(i));
        }
        for (int i = 0; i < slots.size(); i++) {
            mm.swap().release(slots.get(i));
        }
        for (int i = 0; i < tables.size(); i++) {
            mm.frames().freeTable(tables.get(i));
        }
    }
}
