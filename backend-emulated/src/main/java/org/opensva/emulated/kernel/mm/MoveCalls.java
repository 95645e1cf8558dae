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
        if (request.fixed() || request.keepOld()) {
            long at = request.newAddress();
            if ((at & g.pageMask()) != 0 || at < 0 || at > g.limit() - to) {
                throw refusal(Errno.EINVAL, "the new place is not one");
            }
            if (request.address() + from > at && at + to > request.address()) {
                throw refusal(Errno.EINVAL, "the old and the new place overlap");
            }
            if (request.fixed() && at < lowest) {
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
        if (vma.isDevice()) {
            throw refusal(Errno.EPERM, "registers of a device are not moved or resized");
        }
        boolean elsewhere = request.fixed() || request.keepOld() || from == 0;
        if (!elsewhere && to <= from) {
            // The tail may reach over other mappings: it is unmapped like any range.
            if (to < from) {
                gone.addAll(mappings.unmap(address + to, from - to));
            }
            return address;
        }
        boolean several = request.fixed() && from > 0 && from == to;
        if (!several && Math.min(from, to) > vma.end() - address) {
            throw refusal(Errno.EFAULT, "the old range is not within one mapping");
        }
        if (!elsewhere && from > vma.end() - address) {
            throw refusal(Errno.EFAULT, "the old range is not within one mapping");
        }
        if (!elsewhere && growInPlace(vma, address + from, address + to)) {
            return address;
        }
        if (!request.mayMove()) {
            throw refusal(Errno.ENOMEM, "there is no room to grow, and it may not be moved");
        }
        long start = place(request, to);
        if (start < 0) {
            throw refusal(Errno.ENOMEM, "no gap of %d bytes is left".formatted(to));
        }
        if (request.fixed() && !several) {
            gone.addAll(mappings.unmap(start, to));
        }
        if (from == 0) {
            mm.vmas().acquire(vma.backing());
            mm.vmas().insert(vma.part(address, vma.end()).movedTo(start, to));
            return start;
        }
        if (several) {
            moveAll(address, address + from, start - address, request.keepOld(), gone);
            return start;
        }
        move(vma.part(address, address + Math.min(from, to)), start, to, request.keepOld());
        if (to < from) {
            // Last: what cannot be done again follows what may have to be.
            gone.addAll(mappings.unmap(address + to, from - to));
        }
        return start;
    }

    /** A range that keeps its size may consist of several mappings (Linux: {@code remap_move}). */
    private void moveAll(long from, long to, long delta, boolean keepOld, List<Vma> gone) {
        List<Vma> all = mm.vmas().overlapping(from, to);
        if (all.stream().anyMatch(Vma::isDevice)) {
            throw refusal(Errno.EFAULT, "registers of a device are among what is to be moved");
        }
        for (Vma vma : all) {
            // What lies where a hole would come stays.
            long first = Math.max(from, vma.start());
            long length = Math.min(to, vma.end()) - first;
            gone.addAll(mappings.unmap(first + delta, length));
        }
        moveEntries(from, to, delta);
        for (Vma vma : all) {
            Vma part = vma.part(Math.max(from, vma.start()), Math.min(to, vma.end()));
            place(part, part.start() + delta, part.end() - part.start(), keepOld);
        }
    }

    private long place(RemapRequest request, long length) {
        long wanted = request.newAddress();
        boolean hint =
                request.keepOld() && wanted >= lowest && mm.vmas().isRoom(wanted, wanted + length);
        return request.fixed() || hint ? wanted : mm.vmas().findRoom(length);
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
        moveEntries(old.start(), old.end(), start - old.start());
        place(old, start, newLength, keepOld);
    }

    private void place(Vma old, long start, long newLength, boolean keepOld) {
        if (keepOld) {
            mm.vmas().acquire(old.backing());
            mappings.change(old.start(), old.end(), old.withFlags(0, Vma.LOCKED | Vma.ON_FAULT));
        } else {
            mm.vmas().remove(old.start(), old.end());
        }
        mm.vmas().insert(old.movedTo(start, newLength));
    }

    private void moveEntries(long from, long to, long delta) {
        huge.splitAll(from, to);
        Zap zap = new Zap(mm);
        try {
            // All that can fail comes first.
            mm.table()
                    .visit(
                            from,
                            to,
                            (address, level, slot, entry) -> mm.table().makeSlot(address + delta));
        } catch (OutOfFramesException e) {
            zap.prune(from + delta, to + delta);
            zap.finish();
            throw e;
        }
        LongList moved = new LongList();
        mm.table()
                .visit(
                        from,
                        to,
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
        zap.prune(from, to);
        zap.finish();
    }

    private static ErrnoException refusal(Errno errno, String why) {
        return new ErrnoException(errno, CALL, why);
    }
}
