package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.List;
import java.util.Set;

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
    long checkedLength(MapRequest request, Set<MapFlag> flags) {
        Geometry g = mm.geometry();
        String call = "mmap";
        if (request.offset() < 0 || (request.offset() & g.pageMask()) != 0) {
            throw new ErrnoException(
                    Errno.EINVAL, call, "the offset is not a multiple of the page size");
        }
        if (request.length() <= 0) {
            throw new ErrnoException(Errno.EINVAL, call, "the length is not more than 0");
        }
        if (request.length() > g.limit()) {
            throw new ErrnoException(Errno.ENOMEM, call, "the length is beyond the address space");
        }
        if (isFixed(request, flags)) {
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

    private static boolean isFixed(MapRequest request, Set<MapFlag> flags) {
        return request.fixed() || flags.contains(MapFlag.FIXED_NOREPLACE);
    }

    /**
     * Maps. The caller holds a reference to the backing for the new mapping.
     *
     * @param gone gets what was replaced
     */
    long map(MapRequest request, Set<MapFlag> flags, long length, Backing backing, List<Vma> gone) {
        long start = place(request, flags, length, backing);
        if (flags.contains(MapFlag.FIXED_NOREPLACE) && !mm.vmas().isFree(start, start + length)) {
            throw new ErrnoException(
                    Errno.EEXIST, "mmap(0x%x)".formatted(start), "something is mapped there");
        }
        if (flags.contains(MapFlag.GROWSDOWN)
                && (request.shared() || request.fd() != MapRequest.ANONYMOUS)) {
            throw new ErrnoException(
                    Errno.EINVAL, "mmap", "only private anonymous memory grows downwards");
        }
        if (isFixed(request, flags)) {
            gone.addAll(unmap(start, length));
        }
        int said = flags.contains(MapFlag.GROWSDOWN) ? Vma.GROWS_DOWN : 0;
        if (flags.contains(MapFlag.LOCKED) && !(backing instanceof Backing.OfDevice)) {
            said |= Vma.LOCKED;
        }
        mm.vmas()
                .insert(
                        new Vma(
                                start,
                                start + length,
                                request.protection(),
                                request.shared(),
                                backing,
                                said));
        return start;
    }

    private long place(MapRequest request, Set<MapFlag> flags, long length, Backing backing) {
        if (isFixed(request, flags)) {
            return request.address();
        }
        long wanted = mm.geometry().pageOf(request.address());
        if (wanted > 0 && wanted < lowest) {
            // Linux: round_hint_to_min.
            wanted = lowest;
        }
        if (wanted > 0
                && wanted <= mm.geometry().limit() - length
                && mm.vmas().isRoom(wanted, wanted + length)) {
            return wanted;
        }
        boolean huge =
                mm.hugePages() != HugePagePolicy.NEVER
                        && length >= mm.geometry().hugeBytes()
                        && isAligned(backing);
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

    /** Whether huge pages of what is mapped lie where a mapping at a multiple of them has them. */
    private boolean isAligned(Backing backing) {
        return switch (backing) {
            case Backing.Anonymous a -> true;
            case Backing.OfObject object ->
                    (object.offset() & mm.geometry().hugeBytes() - 1) == 0
                            && !object.object().isOnDisk();
            case Backing.OfDevice d -> false;
        };
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

    /** Whether huge pages can map what a mapping maps. */
    boolean canCollapse(Vma vma) {
        return huge.canCollapse(vma);
    }

    /** Protects what is mapped up to the first hole, which is reported. */
    void protect(long start, long end, Protection protection) {
        long mapped = start;
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            if (vma.start() > mapped) {
                break;
            }
            mapped = Math.min(end, vma.end());
        }
        if (mapped > start) {
            // First: it is all that can fail.
            huge.splitAt(start, mapped);
        }
        Zap changes = new Zap(mm);
        for (Vma vma : mm.vmas().overlapping(start, mapped)) {
            if (vma.protection() != protection) {
                long from = Math.max(start, vma.start());
                protect(changes, vma.part(from, Math.min(mapped, vma.end())), protection);
            }
        }
        changes.finish();
        requireMapped("mprotect", start, end);
    }

    private void protect(Zap changes, Vma part, Protection protection) {
        mm.table()
                .visit(
                        part.start(),
                        part.end(),
                        (address, level, slot, entry) ->
                                protectEntry(changes, protection, address, level, slot, entry));
        change(part.start(), part.end(), part.withProtection(protection));
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

    /** Sets and clears flags of a range; holes are skipped. */
    void setFlags(long start, long end, int set, int clear) {
        huge.splitAt(start, end);
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            change(from, to, vma.part(from, to).withFlags(set, clear));
        }
    }

    /** Replaces a part of a mapping; the reference of the part goes over. */
    void change(long from, long to, Vma changed) {
        mm.vmas().remove(from, to);
        mm.vmas().insert(changed);
    }

    /**
     * Zaps what a memory object will no longer hold.
     *
     * @param copiesToo whether private copies go as well
     */
    void zapObject(MemoryObject object, long fromPage, long toPage, boolean copiesToo) {
        int shift = mm.geometry().pageShift();
        Zap zap = new Zap(mm);
        for (Vma vma : mm.vmas().all()) {
            if (vma.backing() instanceof Backing.OfObject backing && backing.object() == object) {
                long first = backing.offset() >>> shift;
                long pages = vma.end() - vma.start() >>> shift;
                long from = vma.start() + (Math.max(0, Math.min(pages, fromPage - first)) << shift);
                long to = vma.start() + (Math.max(0, Math.min(pages, toPage - first)) << shift);
                if (from < to) {
                    zapObject(zap, from, to, copiesToo);
                }
            }
        }
        zap.finish();
    }

    private void zapObject(Zap zap, long from, long to, boolean copiesToo) {
        // Of an object: nothing is needed to take them away.
        huge.splitAt(from, to);
        mm.table()
                .visit(
                        from,
                        to,
                        (address, level, slot, entry) -> {
                            boolean copy =
                                    mm.entries().isSwap(entry) || mm.entries().isAnonymous(entry);
                            if (copiesToo || !copy) {
                                zap.clearEntry(address, level, slot, entry);
                            }
                        });
    }

    /**
     * Checks a page-aligned range of a call, of which not all need be mapped or can be.
     *
     * @param wrapped the answer to a range that has no end
     * @return the end of its last page
     */
    long checkedEnd(String call, long address, long length, Errno wrapped) {
        Geometry g = mm.geometry();
        long end = address + g.roundUp(length);
        if ((address & g.pageMask()) != 0) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "%s(0x%x, %d)".formatted(call, address, length),
                    "the address is not on a page");
        }
        if (length < 0 || length > 0 && end <= address || address < 0) {
            throw new ErrnoException(
                    wrapped,
                    "%s(0x%x, %d)".formatted(call, address, length),
                    "the range is not one of a process");
        }
        return end;
    }

    void checkRange(String call, Errno errno, long address, long length) {
        long limit = mm.geometry().limit();
        if (length < 0 || length > limit || address < 0 || address > limit - length) {
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
