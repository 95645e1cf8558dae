package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;

/**
 * Makes pages present: demand zero, memory objects, swap, copy-on-write (Linux: {@code
 * handle_mm_fault}). The mapping was found and allows the access. Needs the lock for writing.
 */
final class PageFaults {

    /** What became of a fault. */
    enum Outcome {
        /** The page is there. */
        RESOLVED,
        /** There is a mapping, but nothing behind this page of it. */
        NOTHING_BEHIND,
        /** Memory ran out. */
        OUT_OF_MEMORY
    }

    private final Mm mm;

    PageFaults(Mm mm) {
        this.mm = mm;
    }

    Outcome resolve(Vma vma, long page, int access) {
        boolean write = Access.writes(access);
        try {
            long slot = mm.table().makeSlot(page);
            long entry = mm.frames().memory().readLong(slot);
            if (entry == 0) {
                return vma.isPrivateAnonymous()
                        ? absentAnonymous(vma, slot, write)
                        : absentObject(vma, page, slot, write);
            }
            if (PageEntry.isSwap(entry)) {
                swapIn(vma, slot, entry);
                return Outcome.RESOLVED;
            }
            if (write && !PageEntry.isWritable(entry)) {
                breakSharing(vma, page, slot, entry);
            }
            return Outcome.RESOLVED;
        } catch (OutOfFramesException e) {
            return Outcome.OUT_OF_MEMORY;
        }
    }

    private Outcome absentAnonymous(Vma vma, long slot, boolean write) {
        if (write) {
            put(slot, vma.protection(), mm.frames().allocatePage(), true, 0);
        } else {
            put(slot, vma.protection(), mm.frames().zeroPage(), false, PageEntry.SPECIAL);
        }
        return Outcome.RESOLVED;
    }

    private Outcome absentObject(Vma vma, long page, long slot, boolean write) {
        if (!(vma.backing() instanceof Backing.OfObject backing)) {
            return Outcome.NOTHING_BEHIND;
        }
        long index = (backing.offset() + (page - vma.start())) >>> mm.geometry().pageShift();
        long frame = backing.object().acquirePage(index);
        if (frame < 0) {
            return Outcome.NOTHING_BEHIND;
        }
        if (vma.shared()) {
            boolean writable = Access.writes(vma.protection().access());
            put(slot, vma.protection(), frame, writable, PageEntry.OBJECT);
        } else if (write) {
            try {
                put(slot, vma.protection(), mm.frames().copyPage(frame), true, 0);
            } finally {
                mm.frames().releasePage(frame);
            }
        } else {
            put(slot, vma.protection(), frame, false, PageEntry.OBJECT);
        }
        return Outcome.RESOLVED;
    }

    private void put(long slot, Protection protection, long frame, boolean writable, long kind) {
        mm.table().replace(slot, 0, PageEntry.page(frame, protection.access(), writable, kind));
    }

    private void swapIn(Vma vma, long slot, long entry) {
        long frame = mm.frames().allocatePage();
        mm.swap().load(PageEntry.swapSlot(entry), mm.frames().memory(), frame);
        int access = vma.protection().access();
        // Each address space that shares the slot gets a page of its own.
        mm.table().replace(slot, entry, PageEntry.page(frame, access, Access.writes(access), 0));
        mm.swap().release(PageEntry.swapSlot(entry));
    }

    /** A write to a page that is there, in a mapping that allows it, but kept out so far. */
    private void breakSharing(Vma vma, long page, long slot, long entry) {
        boolean own =
                PageEntry.isAnonymous(entry) && mm.frames().references(PageEntry.frame(entry)) == 1;
        if (own || vma.shared()) {
            // Widened in place; devices must drop the narrower translation, or they would ask for
            // ever.
            mm.table().replace(slot, entry, PageEntry.withWrite(entry));
            notifyPage(page);
            return;
        }
        long old = PageEntry.frame(entry);
        long copy = mm.frames().copyPage(old);
        // Clear, tell, set: nobody may see the new page before everybody has lost the old one.
        mm.table().replace(slot, entry, 0);
        notifyPage(page);
        put(slot, vma.protection(), copy, true, 0);
        if (!PageEntry.isSpecial(entry)) {
            mm.frames().releasePage(old);
        }
    }

    private void notifyPage(long page) {
        if (!mm.listeners().isEmpty()) {
            mm.listeners().invalidate(new AddressRange(page, page + mm.geometry().pageBytes()));
        }
    }
}
