package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

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
        NOTHING_BEHIND
    }

    private final Mm mm;
    private final HugePages huge;

    PageFaults(Mm mm, HugePages huge) {
        this.mm = mm;
        this.huge = huge;
    }

    /**
     * Makes a page present.
     *
     * @throws PageInTransitException if the page is on its way
     */
    Outcome resolve(Vma vma, long page, int access) throws OutOfFramesException {
        boolean write = Access.writes(access);
        if (vma.isPrivateAnonymous() && huge.resolve(vma, page, write)) {
            return Outcome.RESOLVED;
        }
        long slot = mm.table().makeSlot(page);
        long entry = mm.frames().memory().readLong(slot);
        if (entry == 0) {
            return vma.isPrivateAnonymous()
                    ? absentAnonymous(vma, slot, write)
                    : absentObject(vma, page, slot, write);
        }
        if (mm.entries().isSwap(entry)) {
            swapIn(vma, slot, entry);
            return Outcome.RESOLVED;
        }
        if (mm.entries().isTransit(entry)) {
            throw new PageInTransitException(mm.entries().frame(entry));
        }
        if (write && !mm.entries().isWritable(entry)) {
            breakSharing(vma, page, slot, mm.entries().withAccessed(entry));
        } else if (!mm.entries().isAccessed(entry)) {
            // Not told: what hardware does not let through because of it, it does not cache.
            mm.table().replace(slot, entry, mm.entries().withAccessed(entry));
        }
        return Outcome.RESOLVED;
    }

    private Outcome absentAnonymous(Vma vma, long slot, boolean write) {
        if (write) {
            put(slot, vma.protection(), mm.frames().allocatePage(), true, EntryFormat.ANONYMOUS);
        } else {
            put(slot, vma.protection(), mm.frames().zeroPage(), false, EntryFormat.ZERO_PAGE);
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
            put(slot, vma.protection(), frame, writable, EntryFormat.OBJECT);
        } else if (write) {
            try {
                put(
                        slot,
                        vma.protection(),
                        mm.frames().copyPage(frame),
                        true,
                        EntryFormat.ANONYMOUS);
            } finally {
                mm.frames().releasePage(frame);
            }
        } else {
            put(slot, vma.protection(), frame, false, EntryFormat.OBJECT);
        }
        return Outcome.RESOLVED;
    }

    private void put(long slot, Protection protection, long frame, boolean writable, int kind) {
        mm.table()
                .replace(
                        slot,
                        0,
                        mm.entries()
                                .leaf(
                                        frame,
                                        Geometry.LAST_LEVEL,
                                        protection.access(),
                                        writable,
                                        kind));
    }

    private void swapIn(Vma vma, long slot, long entry) {
        long frame = mm.frames().allocatePage();
        mm.swap().load(mm.entries().swapSlot(entry), mm.frames().memory(), frame);
        int access = vma.protection().access();
        // Each address space that shares the slot gets a page of its own.
        mm.table()
                .replace(
                        slot,
                        entry,
                        mm.entries()
                                .leaf(
                                        frame,
                                        Geometry.LAST_LEVEL,
                                        access,
                                        Access.writes(access),
                                        EntryFormat.ANONYMOUS));
        mm.swap().release(mm.entries().swapSlot(entry));
    }

    /** A write to a page that is there, in a mapping that allows it, but kept out so far. */
    private void breakSharing(Vma vma, long page, long slot, long entry) {
        long frame = mm.entries().frame(entry);
        boolean own =
                mm.entries().isAnonymous(entry)
                        && mm.frames().references(frame) == 1
                        && !(mm.frames().reverse().owner(frame) instanceof PageOwner.Merged);
        if (own || vma.shared()) {
            // Widened in place; devices must drop the narrower translation, or they would ask for
            // ever.
            mm.table().replace(slot, entry, mm.entries().withWrite(entry));
            mm.tellOfPage(page);
            return;
        }
        copy(vma, page, slot, entry);
    }

    /** Gives a mapping a page of its own with the contents of the one that it shares. */
    void copy(Vma vma, long page, long slot, long entry) {
        long old = mm.entries().frame(entry);
        long copy = mm.frames().copyPage(old);
        // Clear, tell, set: nobody may see the new page before everybody has lost the old one.
        mm.table().replace(slot, entry, 0);
        mm.tellOfPage(page);
        boolean writable = Access.writes(vma.protection().access());
        put(slot, vma.protection(), copy, writable, EntryFormat.ANONYMOUS);
        if (mm.entries().kind(entry) != EntryFormat.ZERO_PAGE) {
            mm.frames().releasePage(old);
        }
    }
}
