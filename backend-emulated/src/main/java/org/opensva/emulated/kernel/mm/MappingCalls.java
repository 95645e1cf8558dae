package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.List;

/**
 * Making, removing, moving and protecting mappings. Needs the lock for writing; what these methods
 * take out of the tree is returned, so that its backing is let go with no lock held.
 */
final class MappingCalls {

    private final Mm mm;
    private final HugePages huge;
    private final long lowest;

    MappingCalls(Mm mm, HugePages huge, long lowest) {
        this.mm = mm;
        this.huge = huge;
        this.lowest = lowest;
    }

    /** Checks a request and rounds its length. */
    long checkedLength(MapRequest request) {
        Geometry g = mm.geometry();
        String call = "mmap";
        if (request.length() <= 0) {
            throw new ErrnoException(Errno.EINVAL, call, "the length is not more than 0");
        }
        if (request.length() > g.limit()) {
            throw new ErrnoException(Errno.ENOMEM, call, "the length is beyond the address space");
        }
        if (request.offset() < 0 || (request.offset() & g.pageMask()) != 0) {
            throw new ErrnoException(
                    Errno.EINVAL, call, "the offset is not a multiple of the page size");
        }
        if (request.fixed()) {
            if ((request.address() & g.pageMask()) != 0) {
                throw new ErrnoException(
                        Errno.EINVAL, call, "the address is not a multiple of the page size");
            }
            if (request.address() >= 0 && request.address() < lowest) {
                throw new ErrnoException(
                        Errno.EPERM, call, "the lowest addresses are never mapped");
            }
            checkRange(call, Errno.ENOMEM, request.address(), g.roundUp(request.length()));
        }
        return g.roundUp(request.length());
    }

    /**
     * Maps. The caller holds a reference to the backing for the new mapping.
     *
     * @param gone gets what was replaced
     */
    long map(MapRequest request, long length, Backing backing, List<Vma> gone) {
        long start = place(request, length, backing);
        if (request.fixed()) {
            gone.addAll(unmap(start, length));
        }
        mm.vmas()
                .insert(
                        new Vma(
                                start,
                                start + length,
                                request.protection(),
                                request.shared(),
                                backing,
                                false,
                                false,
                                Vma.Huge.UNADVISED));
        return start;
    }

    private long place(MapRequest request, long length, Backing backing) {
        if (request.fixed()) {
            return request.address();
        }
        long wanted = mm.geometry().pageOf(request.address());
        if (wanted >= lowest
                && wanted <= mm.geometry().limit() - length
                && mm.vmas().isFree(wanted, wanted + length)) {
            return wanted;
        }
        boolean huge =
                mm.hugePages() != HugePagePolicy.NEVER
                        && backing instanceof Backing.Anonymous
                        && length >= mm.geometry().hugeBytes();
        long found =
                mm.vmas()
                        .findRoom(
                                length,
                                huge ? mm.geometry().hugeBytes() : mm.geometry().pageBytes());
        if (found < 0 && huge) {
            found = mm.vmas().findRoom(length);
        }
        if (found < 0) {
            throw new ErrnoException(
                    Errno.ENOMEM, "mmap", "no gap of %d bytes is left".formatted(length));
        }
        return found;
    }

    /** Unmaps a range of whole pages. */
    List<Vma> unmap(long start, long length) {
        long end = start + length;
        huge.splitAt(start, end);
        List<Vma> removed = mm.vmas().remove(start, end);
        if (!removed.isEmpty()) {
            Zap zap = new Zap(mm);
            for (Vma vma : removed) {
                zap.clear(vma.start(), vma.end());
            }
            zap.prune(start, end);
            zap.finish();
        }
        return removed;
    }

    void protect(long start, long length, Protection protection) {
        long end = start + length;
        requireMapped("mprotect", start, end);
        huge.splitAt(start, end);
        Zap changes = new Zap(mm);
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            if (vma.protection() == protection) {
                continue;
            }
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            mm.table()
                    .visit(
                            from,
                            to,
                            (address, level, slot, entry) ->
                                    protectEntry(changes, protection, address, level, slot, entry));
            change(from, to, vma.part(from, to).withProtection(protection));
        }
        changes.finish();
    }

    private void protectEntry(
            Zap changes, Protection protection, long address, int level, long slot, long entry) {
        if (!mm.entries().hasFrame(entry)) {
            return;
        }
        long changed = mm.entries().protect(entry, level, protection.access());
        if (changed != entry) {
            mm.table().replace(slot, entry, changed);
            if (mm.entries().isValid(entry)) {
                changes.changed(address, level);
            }
        }
    }

    /** Sets how a child sees a range; holes are skipped. */
    void setFork(long start, long end, boolean dontFork, boolean wipeOnFork) {
        huge.splitAt(start, end);
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            change(
                    from,
                    to,
                    vma.part(from, to)
                            .withFork(dontFork || vma.dontFork(), wipeOnFork || vma.wipeOnFork()));
        }
    }

    /** Sets what a range was advised about huge pages; holes are skipped. */
    void setHuge(long start, long end, Vma.Huge advice) {
        huge.splitAt(start, end);
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            change(from, to, vma.part(from, to).withHuge(advice));
        }
    }

    /** Replaces a part of a mapping; the reference of the part goes over. */
    private void change(long from, long to, Vma changed) {
        mm.vmas().remove(from, to);
        mm.vmas().insert(changed);
    }

    long remap(long address, long oldLength, long newLength, boolean mayMove, List<Vma> gone) {
        String call = "mremap";
        Geometry g = mm.geometry();
        if ((address & g.pageMask()) != 0 || oldLength <= 0 || newLength <= 0) {
            throw new ErrnoException(
                    Errno.EINVAL, call, "the address is not on a page, or a length is 0");
        }
        if (newLength > g.limit() || oldLength > g.limit()) {
            throw new ErrnoException(Errno.EINVAL, call, "a length is beyond the address space");
        }
        long from = g.roundUp(oldLength);
        long to = g.roundUp(newLength);
        checkRange(call, Errno.EINVAL, address, from);
        Vma vma = mm.vmas().find(address);
        if (vma == null || address + from > vma.end()) {
            throw new ErrnoException(Errno.EFAULT, call, "the old range is not within one mapping");
        }
        if (vma.isDevice()) {
            throw new ErrnoException(
                    Errno.EPERM, call, "registers of a device are not moved or resized");
        }
        if (to <= from) {
            if (to < from) {
                gone.addAll(unmap(address + to, from - to));
            }
            return address;
        }
        long end = address + from;
        if (vma.end() == end && address + to <= g.limit() && mm.vmas().isFree(end, address + to)) {
            mm.vmas().acquire(vma.backing());
            mm.vmas().insert(vma.part(address, end).grown(end, address + to));
            return address;
        }
        if (!mayMove) {
            throw new ErrnoException(
                    Errno.ENOMEM, call, "there is no room to grow, and it may not be moved");
        }
        return move(vma.part(address, end), to);
    }

    private long move(Vma old, long newLength) {
        long start = mm.vmas().findRoom(newLength);
        if (start < 0) {
            throw new ErrnoException(
                    Errno.ENOMEM, "mremap", "no gap of %d bytes is left".formatted(newLength));
        }
        long delta = start - old.start();
        long oldLength = old.end() - old.start();
        huge.splitAll(old.start(), old.end());
        Zap zap = new Zap(mm);
        try {
            // All that can fail comes first.
            mm.table()
                    .visit(
                            old.start(),
                            old.end(),
                            (address, level, slot, entry) -> mm.table().makeSlot(address + delta));
        } catch (OutOfFramesException e) {
            zap.prune(start, start + oldLength);
            zap.finish();
            throw e;
        }
        LongList moved = new LongList();
        mm.table()
                .visit(
                        old.start(),
                        old.end(),
                        (address, level, slot, entry) -> {
                            moved.add(address + delta);
                            moved.add(entry);
                            mm.table().replace(slot, entry, 0);
                            if (mm.entries().isValid(entry)) {
                                zap.changed(address);
                            }
                        });
        zap.notifyListeners();
        for (int i = 0; i < moved.size(); i += 2) {
            mm.table().replace(mm.table().slot(moved.get(i)), 0, moved.get(i + 1));
        }
        // Only now: the old and the new place may share a table.
        zap.prune(old.start(), old.end());
        zap.finish();
        mm.vmas().remove(old.start(), old.end());
        mm.vmas().insert(old.movedTo(start, newLength));
        return start;
    }

    /** Zaps what a memory object no longer holds. */
    void truncated(MemoryObject object) {
        long bytes = object.pages() << mm.geometry().pageShift();
        Zap zap = new Zap(mm);
        for (Vma vma : mm.vmas().all()) {
            if (vma.backing() instanceof Backing.OfObject backing && backing.object() == object) {
                long from = vma.start() + Math.max(0, bytes - backing.offset());
                if (from < vma.end()) {
                    zap.clear(from, vma.end());
                }
            }
        }
        zap.finish();
    }

    /** Checks a page-aligned range of a call and rounds its length. */
    long checkedRange(String call, long address, long length) {
        Geometry g = mm.geometry();
        if ((address & g.pageMask()) != 0 || length < 0 || length > g.limit()) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "%s(0x%x, %d)".formatted(call, address, length),
                    "the address is not on a page, or the length makes no sense");
        }
        checkRange(call, Errno.EINVAL, address, g.roundUp(length));
        return g.roundUp(length);
    }

    private void checkRange(String call, Errno errno, long address, long length) {
        if (address < 0 || address > mm.geometry().limit() - length) {
            throw new ErrnoException(
                    errno,
                    "%s(0x%x, %d)".formatted(call, address, length),
                    "the range is beyond what a process can map");
        }
    }

    void requireMapped(String call, long start, long end) {
        if (!mm.vmas().covers(start, end)) {
            throw new ErrnoException(
                    Errno.ENOMEM,
                    "%s(0x%x, %d)".formatted(call, start, end - start),
                    "part of the range is not mapped");
        }
    }
}
