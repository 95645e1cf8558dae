package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.StampedLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * What the kernel does to the pages of an address space on its own account, and not for a call of
 * the process. Whoever comes here holds no lock; an address space that has ended has no pages.
 */
final class PageVisits {

    /** What is done to an entry of the last level whose page was found by other ways. */
    interface Revisit {
        /** Called with the lock held for writing. */
        void entry(Mm mm, long address, long slot, long entry);
    }

    private final Mm mm;
    private final HugePages huge;
    private final StampedLock lock;

    /** Guarded by the lock. */
    private boolean ended;

    PageVisits(Mm mm, HugePages huge, StampedLock lock) {
        this.mm = mm;
        this.huge = huge;
        this.lock = lock;
    }

    /** There are no pages any more. Needs the lock for writing. */
    void end() {
        ended = true;
    }

    /** Looks at the entry in a slot, if it still maps a frame. */
    void revisit(long slot, long address, long frame, Revisit what) {
        locked(() -> {
            if (mm.table().slot(address) != slot) {
                return 0;
            }
            long entry = mm.frames().memory().readLong(slot);
            if (isCounted(entry) && mm.entries().frame(entry) == frame) {
                what.entry(mm, address, slot, entry);
            }
            return 1;
        });
    }

    /** The frames of a range that are mapped by entries of the last level, once for each entry. */
    long[] frames(AddressRange range) {
        LongList found = new LongList();
        locked(() -> {
            huge.splitAll(start(range), end(range));
            mm.table()
                    .visit(
                            start(range),
                            end(range),
                            (address, level, slot, entry) -> {
                                if (isCounted(entry)) {
                                    found.add(mm.entries().frame(entry));
                                }
                            });
            return 0;
        });
        return found.toArray();
    }

    /** Pages in memory, of which the zero page is none, and in swap. */
    long badness() {
        long[] points = {0};
        locked(() -> {
            int small = mm.geometry().pageShift();
            mm.table()
                    .visit(
                            0,
                            mm.geometry().limit(),
                            (address, level, slot, entry) -> {
                                if (isCounted(entry) || mm.entries().isSwap(entry)) {
                                    points[0] += 1L << mm.geometry().levelShift(level) - small;
                                }
                            });
            return 0;
        });
        return points[0];
    }

    /** Where memory is mapped. */
    List<AddressRange> mappings() {
        List<AddressRange> found = new ArrayList<>();
        locked(() -> {
            for (Vma vma : mm.vmas().all()) {
                if (!vma.isDevice()) {
                    found.add(new AddressRange(vma.start(), vma.end()));
                }
            }
            return 0;
        });
        return found;
    }

    /** Where pages may be merged. */
    List<AddressRange> mergeable() {
        List<AddressRange> found = new ArrayList<>();
        locked(() -> {
            for (Vma vma : mm.vmas().all()) {
                if (vma.has(Vma.MERGEABLE)) {
                    found.add(new AddressRange(vma.start(), vma.end()));
                }
            }
            return 0;
        });
        return found;
    }

    /** The addresses of a range at which private pages are mapped. */
    long[] privatePages(AddressRange range) {
        LongList found = new LongList();
        locked(() -> {
            huge.splitAll(start(range), end(range));
            mm.table()
                    .visit(
                            start(range),
                            end(range),
                            (address, level, slot, entry) -> {
                                if (mm.entries().isAnonymous(entry)) {
                                    found.add(address);
                                }
                            });
            return 0;
        });
        return found.toArray();
    }

    /** Splits the huge page at an address, if there is one and memory for its table. */
    void splitAt(long address) {
        split(new AddressRange(address, address + mm.geometry().hugeBytes()));
    }

    /** Splits the huge pages that touch a range; returns how many there were. */
    long split(AddressRange range) {
        return locked(() -> huge.splitAll(start(range), end(range)));
    }

    /** Makes huge pages of those small ones of a range that fill one; returns how many. */
    long collapse(AddressRange range) {
        return locked(() -> {
            long made = 0;
            for (Vma vma : mm.vmas().overlapping(start(range), end(range))) {
                if (huge.canCollapse(vma)) {
                    made += huge.collapse(vma, start(range), end(range));
                }
            }
            return made;
        });
    }

    /** Takes the right to write away, until the next write. */
    long writeProtect(AddressRange range) {
        return change(
                range,
                (address, level, slot, entry) -> {
                    if (!mm.entries().isWritable(entry)) {
                        return false;
                    }
                    mm.table().replace(slot, entry, mm.entries().withoutWrite(entry));
                    return true;
                });
    }

    /** Clears accessed flags. */
    long age(AddressRange range) {
        return change(
                range,
                (address, level, slot, entry) -> {
                    if (!mm.entries().isValid(entry) || !mm.entries().isAccessed(entry)) {
                        return false;
                    }
                    mm.table().replace(slot, entry, mm.entries().withoutAccessed(entry));
                    return true;
                });
    }

    /** Discards private anonymous memory (Linux: {@code __oom_reap_task_mm}). */
    long reap(AddressRange range) {
        return locked(() -> {
            long from = start(range);
            long to = end(range);
            huge.splitAt(from, to);
            long before = mm.table().pages();
            Zap zap = new Zap(mm);
            for (Vma vma : mm.vmas().overlapping(from, to)) {
                if (vma.isPrivateAnonymous()) {
                    zap.clear(Math.max(from, vma.start()), Math.min(to, vma.end()));
                }
            }
            zap.finish();
            return before - mm.table().pages();
        });
    }

    /** What the contents of the private page at an address hash to; 0 if there is none. */
    long contentsHash(long address) {
        return locked(() -> {
            long entry = privateEntry(address);
            return entry == 0 || isMerged(entry) ? 0 : mm.frames().hash(mm.entries().frame(entry));
        });
    }

    /** Makes the private page at an address one that is never written again. */
    boolean makeStable(long address, SamePages pages) {
        return locked(() -> {
            long entry = privateEntry(address);
            // As long as a second entry may let writes through, it cannot be trusted.
            if (entry == 0
                    || isMerged(entry)
                    || mm.frames().references(mm.entries().frame(entry)) != 1) {
                return 0;
            }
            SamePages.writeProtect(mm, address, mm.table().slot(address), entry);
            pages.add(mm.entries().frame(entry));
            return 1;
        })
                != 0;
    }

    /**
     * Puts a page with the same contents in the place of the private page at an address; false if
     * the contents are not the same.
     */
    boolean replaceSamePage(long address, long target, SamePages pages) {
        return locked(() -> {
            Vma vma = mm.vmas().find(address);
            long entry = privateEntry(address);
            if (vma == null || entry == 0 || isMerged(entry) || !mm.entries().isValid(entry)) {
                return 0;
            }
            long slot = mm.table().slot(address);
            SamePages.writeProtect(mm, address, slot, entry);
            if (!mm.frames().isSame(mm.entries().frame(entry), target)) {
                return 0;
            }
            pages.replace(mm, vma, address, slot, target);
            return 1;
        })
                != 0;
    }

    /**
     * Whether a cache holds what the tables do not allow any more. It is asked while nothing is
     * taken away, so that what it holds cannot be about to be invalidated.
     */
    boolean isStale(
            long address, int sizeShift, long physical, int access, BooleanSupplier isHeld) {
        long stamp = lock.readLock();
        try {
            // Twice: faults go on, which only add, and what they have added may be cached at once.
            return !allows(address, sizeShift, physical, access)
                    && isHeld.getAsBoolean()
                    && !allows(address, sizeShift, physical, access);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private boolean allows(long address, int sizeShift, long physical, int access) {
        Geometry g = mm.geometry();
        long end = address + (1L << sizeShift);
        if (ended || address < 0 || end < address || end > g.limit()) {
            return false;
        }
        for (long at = address; at < end; at = g.pageOf(at) + g.pageBytes()) {
            long entry = mm.table().entry(at);
            if (!mm.entries().allows(entry, access)
                    || (mm.entries().frame(entry) | at & g.pageMask())
                            != physical + (at - address)) {
                return false;
            }
        }
        return true;
    }

    private boolean isMerged(long entry) {
        return mm.frames().reverse().owner(mm.entries().frame(entry)) instanceof PageOwner.Merged;
    }

    /** The entry of a private page that is there; 0 if there is none, or it is in transit. */
    private long privateEntry(long address) {
        long slot = mm.table().slot(address);
        long entry = slot == 0 ? 0 : mm.frames().memory().readLong(slot);
        return mm.entries().isAnonymous(entry) && !mm.entries().isTransit(entry) ? entry : 0;
    }

    private boolean isCounted(long entry) {
        return mm.entries().hasFrame(entry) && mm.entries().kind(entry) != EntryFormat.ZERO_PAGE;
    }

    /** Changes one leaf; true if hardware may have cached what it was. */
    private interface Change {
        boolean leaf(long address, int level, long slot, long entry);
    }

    /** Changes entries, then tells the listeners once. */
    private long change(AddressRange range, Change change) {
        return locked(() -> {
            long[] changed = {0};
            huge.splitAt(start(range), end(range));
            Zap told = new Zap(mm);
            mm.table()
                    .visit(
                            start(range),
                            end(range),
                            (address, level, slot, entry) -> {
                                if (change.leaf(address, level, slot, entry)) {
                                    told.changed(address, level);
                                    changed[0] +=
                                            1L
                                                    << mm.geometry().levelShift(level)
                                                            - mm.geometry().pageShift();
                                }
                            });
            told.finish();
            return changed[0];
        });
    }

    private long locked(LongSupplier body) {
        long stamp = lock.writeLock();
        try {
            return ended ? 0 : body.getAsLong();
        } catch (OutOfFramesException | ErrnoException e) {
            // There is no memory for a table: what was to be changed stays as it is.
            return 0;
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    private long start(AddressRange range) {
        return mm.geometry().pageOf(Math.max(0, range.start()));
    }

    private long end(AddressRange range) {
        long limit = mm.geometry().limit();
        return range.isWhole() || Long.compareUnsigned(range.end(), limit) > 0
                ? limit
                : range.end();
    }
}
