package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

/**
 * Transparent huge pages (Linux: {@code mm/huge_memory.c} and {@code khugepaged.c}). Those of
 * private anonymous mappings are made by faults, split where only a part changes or is shared, made
 * of small pages on demand. Those of shared mappings of memory objects are made on demand, and not
 * split but unmapped: their pages are found again. Needs the lock for writing.
 *
 * <p>A huge page and its table never meet: the old entry is cleared, listeners are told, and only
 * then the new one is written, as Arm's break-before-make demands.
 */
final class HugePages {

    private final Mm mm;

    HugePages(Mm mm) {
        this.mm = mm;
    }

    /** Serves a fault; false if that is for small pages to do. */
    boolean resolve(Vma vma, long address, boolean write) throws OutOfFramesException {
        long slot = mm.table().hugeSlot(address);
        long entry = slot == 0 ? 0 : mm.frames().memory().readLong(slot);
        if (entry == 0) {
            return vma.isPrivateAnonymous()
                    && isWanted(vma, address)
                    && faultIn(vma, base(address));
        }
        if (mm.entries().isTable(entry)) {
            return false;
        }
        if (!write || mm.entries().isWritable(entry)) {
            if (!mm.entries().isAccessed(entry)) {
                mm.table().replace(slot, entry, mm.entries().withAccessed(entry));
            }
            return true;
        }
        boolean own = mm.frames().isExclusiveHugePage(mm.entries().frame(entry));
        if (vma.backing() instanceof Backing.OfObject backing && vma.shared()) {
            backing.object().markDirty(index(vma, backing, base(address)), pages());
            own = true;
        }
        if (own) {
            // Widened in place; devices must drop the narrower translation.
            long widened = mm.entries().withWrite(mm.entries().withAccessed(entry));
            mm.table().replace(slot, entry, widened);
            notifyListeners(base(address));
            return true;
        }
        // Copying what is shared is done page by page, as Linux does.
        split(address);
        return false;
    }

    private boolean isWanted(Vma vma, long address) {
        boolean wished =
                switch (mm.hugePages()) {
                    case NEVER -> false;
                    case MADVISE -> vma.has(Vma.HUGE_WISHED);
                    case ALWAYS -> !vma.has(Vma.HUGE_REFUSED);
                };
        long base = base(address);
        return wished && base >= vma.start() && base + mm.geometry().hugeBytes() <= vma.end();
    }

    private boolean faultIn(Vma vma, long base) throws OutOfFramesException {
        long slot = mm.table().makeHugeSlot(base);
        long block = mm.frames().allocateHugePage();
        if (block < 0) {
            return false;
        }
        mm.table().replace(slot, 0, leaf(vma, block, EntryFormat.ANONYMOUS));
        return true;
    }

    private long leaf(Vma vma, long block, int kind) {
        int access = vma.protection().access();
        return mm.entries().leaf(block, Geometry.HUGE_LEVEL, access, Access.writes(access), kind);
    }

    private int pages() {
        return 1 << mm.geometry().hugeShift() - mm.geometry().pageShift();
    }

    private long index(Vma vma, Backing.OfObject backing, long address) {
        return (backing.offset() + (address - vma.start())) >>> mm.geometry().pageShift();
    }

    /** Splits the huge pages that reach over the bounds of a range. */
    void splitAt(long start, long end) throws OutOfFramesException {
        if (start != base(start)) {
            split(start);
        }
        if (end != base(end)) {
            split(end);
        }
    }

    /** Splits every huge page of a range; returns how many there were. */
    long splitAll(long start, long end) throws OutOfFramesException {
        LongList found = new LongList();
        mm.table()
                .visit(
                        start,
                        end,
                        (address, level, slot, entry) -> {
                            if (level == Geometry.HUGE_LEVEL) {
                                found.add(address);
                            }
                        });
        for (int i = 0; i < found.size(); i++) {
            split(found.get(i));
        }
        return found.size();
    }

    /** Maps the huge page at an address, if there is one, by a table of small pages. */
    private void split(long address) throws OutOfFramesException {
        long slot = mm.table().hugeSlot(address);
        long entry = mm.table().hugeEntry(address);
        if (entry == 0) {
            return;
        }
        if (mm.entries().kind(entry) == EntryFormat.OBJECT) {
            unmap(base(address), slot, entry);
            return;
        }
        Geometry g = mm.geometry();
        long table = mm.table().allocateTable(address, Geometry.LAST_LEVEL);
        int pages = pages();
        for (int i = 0; i < pages; i++) {
            long piece = mm.entries().piece(entry, (long) i << g.pageShift());
            mm.table().adopt(table + ((long) i << 3), piece);
        }
        mm.frames().populate(table, pages);
        mm.table().replace(slot, entry, 0);
        if (mm.entries().isValid(entry)) {
            notifyListeners(base(address));
        }
        mm.table().replaceTable(slot, 0, mm.entries().table(table));
    }

    /** What is shared is found again by faults, page by page (Linux: zap_huge_pmd). */
    private void unmap(long base, long slot, long entry) {
        mm.table().replace(slot, entry, 0);
        if (mm.entries().isValid(entry)) {
            notifyListeners(base);
        }
        mm.frames().releaseHugePage(mm.entries().frame(entry));
    }

    /** Whether the small pages of a mapping can be made huge ones. */
    boolean canCollapse(Vma vma) {
        return mm.hugePages() != HugePagePolicy.NEVER
                && (vma.protection().access() & Access.READ) != 0
                && (vma.isPrivateAnonymous() || isAlignedShared(vma));
    }

    /** Whether huge pages of a memory object lie where huge pages of the mapping do. */
    private boolean isAlignedShared(Vma vma) {
        return vma.shared()
                && vma.backing() instanceof Backing.OfObject backing
                && !backing.object().isOnDisk()
                && (backing.offset() - vma.start() & mm.geometry().hugeBytes() - 1) == 0;
    }

    /**
     * Brings the pages of memory objects together that huge pages of a mapping can map; with no
     * lock held.
     */
    static void gather(
            SharedHugePages blocks, Geometry g, MemoryObject object, long offset, long length) {
        long bytes = g.hugeBytes();
        for (long at = offset + bytes - 1 & -bytes; at + bytes <= offset + length; at += bytes) {
            blocks.gather(object, at >>> g.pageShift());
        }
    }

    /**
     * Makes the small pages of a range huge ones, wherever a whole one fits; returns how many were
     * made.
     */
    long collapse(Vma vma, long start, long end) throws OutOfFramesException {
        long bytes = mm.geometry().hugeBytes();
        if (!canCollapse(vma)) {
            throw new ErrnoException(
                    Errno.EINVAL, "madvise(COLLAPSE)", "this mapping has no huge pages");
        }
        long last = Math.min(end, vma.end()) - bytes;
        long made = 0;
        for (long at = base(Math.max(start, vma.start()) + bytes - 1); at <= last; at += bytes) {
            made += collapse(vma, at) ? 1 : 0;
        }
        return made;
    }

    private boolean collapse(Vma vma, long base) throws OutOfFramesException {
        long slot = mm.table().makeHugeSlot(base);
        long entry = mm.frames().memory().readLong(slot);
        if (entry != 0 && !mm.entries().isTable(entry)) {
            return false;
        }
        if (vma.backing() instanceof Backing.OfObject backing) {
            collapseShared(vma, backing, base, slot, entry);
            return true;
        }
        long block = mm.frames().allocateHugePage();
        if (block < 0) {
            // Not a reason to reclaim: there may be no block among what is free.
            throw new ErrnoException(Errno.ENOMEM, "madvise(COLLAPSE)", "no huge page is free");
        }
        if (entry != 0) {
            mm.table().replaceTable(slot, entry, 0);
            notifyListeners(base);
            moveTo(block, mm.entries().frame(entry));
        }
        mm.table().replace(slot, 0, leaf(vma, block, EntryFormat.ANONYMOUS));
        return true;
    }

    /** Maps pages of a memory object that were brought together. */
    private void collapseShared(
            Vma vma, Backing.OfObject backing, long base, long slot, long entry) {
        boolean writable = Access.writes(vma.protection().access());
        long block = backing.object().acquireBlock(index(vma, backing, base), pages(), writable);
        if (block < 0) {
            throw new ErrnoException(
                    Errno.EAGAIN, "madvise(COLLAPSE)", "the pages are not in one block any more");
        }
        if (entry != 0) {
            mm.table().replaceTable(slot, entry, 0);
            notifyListeners(base);
            drop(mm.entries().frame(entry));
        }
        mm.table().replace(slot, 0, leaf(vma, block, EntryFormat.OBJECT));
    }

    /** Frees a table that nobody can reach any more, with its references to shared pages. */
    private void drop(long table) {
        for (int i = 0; i < pages(); i++) {
            long slot = table + ((long) i << 3);
            long entry = mm.frames().memory().readLong(slot);
            mm.table().disown(slot, entry);
            if (mm.entries().hasFrame(entry)) {
                mm.frames().releasePage(mm.entries().frame(entry));
            }
        }
        mm.frames().freeTable(table);
    }

    /** Copies what a table maps, which nobody can reach any more, and frees it with the table. */
    private void moveTo(long block, long table) {
        Geometry g = mm.geometry();
        byte[] page = new byte[(int) g.pageBytes()];
        int pages = 1 << g.hugeShift() - g.pageShift();
        for (int i = 0; i < pages; i++) {
            long slot = table + ((long) i << 3);
            long entry = mm.frames().memory().readLong(slot);
            mm.table().disown(slot, entry);
            long target = block + ((long) i << g.pageShift());
            if (mm.entries().isSwap(entry)) {
                mm.swap().load(mm.entries().swapSlot(entry), mm.frames().memory(), target);
                mm.swap().release(mm.entries().swapSlot(entry));
            } else if (mm.entries().isAnonymous(entry)) {
                long frame = mm.entries().frame(entry);
                mm.frames().memory().read(frame, page, 0, page.length);
                mm.frames().memory().write(target, page, 0, page.length);
                mm.frames().releasePage(frame);
            }
        }
        mm.frames().freeTable(table);
    }

    private long base(long address) {
        return address & -mm.geometry().hugeBytes();
    }

    private void notifyListeners(long base) {
        if (!mm.listeners().isEmpty()) {
            // Never of the last level only: a table may have been taken out, or come in.
            mm.listeners()
                    .invalidate(new AddressRange(base, base + mm.geometry().hugeBytes()), false);
        }
    }
}
