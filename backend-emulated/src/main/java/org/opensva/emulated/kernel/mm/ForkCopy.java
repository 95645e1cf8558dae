package org.opensva.emulated.kernel.mm;

import org.opensva.emulated.kernel.paging.Geometry;

/**
 * Copies an address space for a child (Linux: {@code dup_mmap}). Needs both locks for writing; the
 * caller flushes the parent afterwards, also when the copy failed.
 */
final class ForkCopy {

    private final Mm parent;
    private final Mm child;

    ForkCopy(Mm parent, Mm child) {
        this.parent = parent;
        this.child = child;
    }

    void copy() {
        child.vmas().continueAfter(parent.vmas());
        for (Vma vma : parent.vmas().all()) {
            if (vma.has(Vma.DONT_FORK) || vma.isDevice()) {
                continue;
            }
            child.vmas().acquire(vma.backing());
            // Locks are not inherited.
            child.vmas().insert(vma.withFlags(0, Vma.LOCKED | Vma.ON_FAULT));
            // What can be found again through the memory object is left to faults.
            if (!vma.shared() && !vma.has(Vma.WIPE_ON_FORK)) {
                parent.table().visit(vma.start(), vma.end(), this::copyEntry);
            }
        }
    }

    private void copyEntry(long address, int level, long slot, long entry) {
        if (level == Geometry.HUGE_LEVEL) {
            copyHuge(address, slot, entry);
        } else if (parent.entries().isSwap(entry)) {
            set(address, entry);
            parent.swap().acquire(parent.entries().swapSlot(entry));
        } else if (parent.entries().isAnonymous(entry)) {
            long narrowed = parent.entries().withoutWrite(entry);
            set(address, narrowed);
            parent.frames().acquirePage(parent.entries().frame(entry));
            if (narrowed != entry) {
                parent.table().replace(slot, entry, narrowed);
            }
        }
    }

    private void copyHuge(long address, long slot, long entry) {
        long narrowed = parent.entries().withoutWrite(entry);
        child.table().replace(child.table().makeHugeSlot(address), 0, narrowed);
        parent.frames().acquireHugePage(parent.entries().frame(entry));
        if (narrowed != entry) {
            parent.table().replace(slot, entry, narrowed);
        }
    }

    private void set(long address, long entry) {
        child.table().replace(child.table().makeSlot(address), 0, entry);
    }
}
