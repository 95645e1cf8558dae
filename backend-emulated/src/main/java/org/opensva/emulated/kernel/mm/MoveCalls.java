package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.RemapRequest;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.List;

/**
 * Resizing and moving mappings (Linux: {@code mm/mremap.c}). Needs the lock for writing; what is
 * taken out of the tree is returned, so that its backing is let go with no lock held.
 */
final class MoveCalls {

    private static final String CALL = "mremap";

    private final Mm mm;
    private final HugePages huge;
    private final MappingCalls mappings;
    private final long lowest;

    MoveCalls(Mm mm, HugePages huge, MappingCalls mappings, long lowest) {
        this.mm = mm;
        this.huge = huge;
        this.mappings = mappings;
        this.lowest = lowest;
    }

    /** Refuses what makes no sense whatever is mapped (Linux: {@code check_mremap_params}). */
    void check(RemapRequest request) {
        Geometry g = mm.geometry();
        if ((request.address() & g.pageMask()) != 0
                || request.oldLength() < 0
                || request.newLength() <= 0) {
            throw refusal(Errno.EINVAL, "the address is not on a page, or a length makes no sense");
        }
        if (request.newLength() > g.limit() || request.oldLength() > g.limit()) {
            throw refusal(Errno.EINVAL, "a length is beyond the address space");
        }
        long from = g.roundUp(request.oldLength());
        long to = g.roundUp(request.newLength());
        if ((request.fixed() || request.keepOld()) && !request.mayMove()) {
            throw refusal(Errno.EINVAL, "what may not move has no new place");
        }
        if (request.keepOld() && from != to) {
            throw refusal(Errno.EINVAL, "a mapping that stays keeps its size");
        }
        if (request.fixed()) {
            long at = request.newAddress();
            if ((at & g.pageMask()) != 0 || at < 0 || at > g.limit() - to) {
                throw refusal(Errno.EINVAL, "the new place is not one");
            }
            if (request.address() + from > at && at + to > request.address()) {
                throw refusal(Errno.EINVAL, "the old and the new place overlap");
            }
            if (at < lowest) {
                throw refusal(Errno.EPERM, "the lowest addresses are never mapped");
            }
        }
    }

    long remap(RemapRequest request, List<Vma> gone) {
        Geometry g = mm.geometry();
        long address = request.address();
        long from = g.roundUp(request.oldLength());
        long to = g.roundUp(request.newLength());
        Vma vma = address < 0 ? null : mm.vmas().find(address);
        if (vma == null) {
            throw refusal(Errno.EFAULT, "nothing is mapped at the old place");
        }
        if (from == 0 && !vma.shared()) {
            throw refusal(Errno.EINVAL, "only what is shared is mapped twice");
        }
        if (from > vma.end() - address) {
            throw refusal(Errno.EFAULT, "the old range is not within one mapping");
        }
        if (vma.isDevice()) {
            throw refusal(Errno.EPERM, "registers of a device are not moved or resized");
        }
        boolean elsewhere = request.fixed() || request.keepOld() || from == 0;
        if (!elsewhere) {
            if (to <= from) {
                if (to < from) {
                    gone.addAll(mappings.unmap(address + to, from - to));
                }
                return address;
            }
            if (growInPlace(vma, address + from, address + to)) {
                return address;
            }
        }
        if (!request.mayMove()) {
            throw refusal(Errno.ENOMEM, "there is no room to grow, and it may not be moved");
        }
        long start = request.fixed() ? request.newAddress() : mm.vmas().findRoom(to);
        if (start < 0) {
            throw refusal(Errno.ENOMEM, "no gap of %d bytes is left".formatted(to));
        }
        if (request.fixed()) {
            gone.addAll(mappings.unmap(start, to));
        }
        if (from == 0) {
            mm.vmas().acquire(vma.backing());
            mm.vmas().insert(vma.part(address, vma.end()).movedTo(start, to));
            return start;
        }
        move(vma.part(address, address + Math.min(from, to)), start, to, request.keepOld());
        if (to < from) {
            // Last: what cannot be done again follows what may have to be.
            gone.addAll(mappings.unmap(address + to, from - to));
        }
        return start;
    }

    private boolean growInPlace(Vma vma, long end, long newEnd) {
        if (vma.end() != end || newEnd > mm.geometry().limit() || !mm.vmas().isFree(end, newEnd)) {
            return false;
        }
        Vma added = vma.part(end, newEnd);
        mm.vmas().acquire(added.backing());
        mm.vmas().insert(added);
        return true;
    }

    private void move(Vma old, long start, long newLength, boolean keepOld) {
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
        if (keepOld) {
            mm.vmas().acquire(old.backing());
            mappings.change(old.start(), old.end(), old.withFlags(0, Vma.LOCKED | Vma.ON_FAULT));
        } else {
            mm.vmas().remove(old.start(), old.end());
        }
        mm.vmas().insert(old.movedTo(start, newLength));
    }

    private static ErrnoException refusal(Errno errno, String why) {
        return new ErrnoException(errno, CALL, why);
    }
}
