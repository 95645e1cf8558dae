package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes pages present: demand zero, memory objects, swap, copy-on-write (Linux: {@code
 * handle_mm_fault}). The mapping was found and allows the access.
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
     * Makes a page present. Needs the lock for writing.
     *
     * @throws PageInTransitException if the page is on its way
     */
    Outcome resolve(Vma vma, long page, int access) throws OutOfFramesException {
        boolean write = Access.writes(access);
        if (huge.resolve(vma, page, write)) {
            return Outcome.RESOLVED;
        }
        long slot = mm.table().makeSlot(page);
        Outcome outcome = resolve(vma, page, slot, write);
        if (outcome == null) {
            copy(vma, page, slot, mm.frames().memory().readLong(slot));
            return Outcome.RESOLVED;
        }
        return outcome;
    }

    /**
     * Makes a page present, if nothing has to be taken away from anybody for it: no other page was
     * there, and no table is missing. The lock for reading will do: entries change in one direction
     * only, so that a processor that has read one may use it as long as it holds the lock.
     *
     * @return what became of it; null if the lock for writing is needed
     * @throws PageInTransitException if the page is on its way
     */
    @Nullable Outcome resolveTogether(Vma vma, long page, int access) throws OutOfFramesException {
        long slot = mm.table().slot(page);
        if (slot == 0) {
            return null;
        }
        ReentrantLock table = mm.faultLocks().of(mm.geometry().pageOf(slot));
        table.lock();
        try {
            return resolve(vma, page, slot, Access.writes(access));
        } finally {
            table.unlock();
        }
    }

    /** Null if the page that is there has to be copied. */
    private @Nullable Outcome resolve(Vma vma, long page, long slot, boolean write) {
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
            long frame = mm.entries().frame(entry);
            throw new PageInTransitException(() -> mm.transits().await(frame));
        }
        if (write && !mm.entries().isWritable(entry)) {
            return letWritesThrough(vma, page, slot, entry) ? Outcome.RESOLVED : null;
        }
        if (!mm.entries().isAccessed(entry)) {
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
        boolean writable =
                vma.shared()
                        && Access.writes(vma.protection().access())
                        && (write || !backing.object().isOnDisk());
        long frame = backing.object().acquirePage(index(vma, backing, page), writable);
        if (frame < 0) {
            return Outcome.NOTHING_BEHIND;
        }
        if (vma.shared()) {
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

    /**
     * A write to a page that is there, in a mapping that allows it, but kept out so far; false if
     * the mapping needs a page of its own.
     */
    private boolean letWritesThrough(Vma vma, long page, long slot, long entry) {
        if (vma.shared()) {
            if (vma.backing() instanceof Backing.OfObject backing) {
                backing.object().markDirty(index(vma, backing, page));
            }
        } else if (!isOwn(entry)) {
            return false;
        }
        // Widened in place; devices must drop the narrower translation, or they would ask for ever.
        mm.table().replace(slot, entry, mm.entries().withWrite(mm.entries().withAccessed(entry)));
        mm.tellOfPage(page);
        return true;
    }

    private boolean isOwn(long entry) {
        long frame = mm.entries().frame(entry);
        return mm.entries().isAnonymous(entry)
                && mm.frames().references(frame) == 1
                && !(mm.frames().reverse().owner(frame) instanceof PageOwner.Merged);
    }

    private long index(Vma vma, Backing.OfObject backing, long page) {
        return (backing.offset() + (page - vma.start())) >>> mm.geometry().pageShift();
    }

    /** Gives a mapping a copy of the merged page that it shares. Needs the lock for writing. */
    void unmerge(Vma vma, long page) throws OutOfFramesException {
        long slot = mm.table().slot(page);
        copy(vma, page, slot, mm.frames().memory().readLong(slot));
    }

    /** Gives a mapping a page of its own with the contents of the one that it shares. */
    private void copy(Vma vma, long page, long slot, long entry) {
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
