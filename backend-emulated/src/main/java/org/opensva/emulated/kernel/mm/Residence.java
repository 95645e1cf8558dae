package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

/**
 * Pages that are brought to memory and kept there (Linux: {@code mm/mlock.c} and {@code
 * __mm_populate}). Needs the lock for writing.
 */
final class Residence {

    private final Mm mm;
    private final MappingCalls mappings;
    private final PageFaults faults;

    Residence(Mm mm, MappingCalls mappings, PageFaults faults) {
        this.mm = mm;
        this.mappings = mappings;
        this.faults = faults;
    }

    /** Locks or unlocks a range up to its first hole, which is reported. */
    void setLocked(String call, long start, long end, int flags) {
        long at = start;
        while (at < end) {
            Vma vma = mm.vmas().find(at);
            if (vma == null) {
                throw new ErrnoException(
                        Errno.ENOMEM,
                        "%s(0x%x, %d)".formatted(call, start, end - start),
                        "part of the range is not mapped");
            }
            long to = Math.min(end, vma.end());
            if (!vma.isDevice()) {
                mappings.setFlags(at, to, flags, (Vma.LOCKED | Vma.ON_FAULT) & ~flags);
            }
            at = to;
        }
    }

    /** Brings the locked pages of a range that are not to come by faults. */
    boolean populateLocked(long start, long end) {
        Vma vma = mm.vmas().find(start);
        if (vma != null && vma.has(Vma.LOCKED) && !vma.has(Vma.ON_FAULT)) {
            populate(start, end, false);
        }
        return true;
    }

    /**
     * Brings the pages of a range. Private memory that can be written to gets pages of its own.
     *
     * @param report whether what cannot be brought is an error, {@code ENOMEM}, as for {@code
     *     mlock}
     */
    boolean populate(long start, long end, boolean report) {
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            if (vma.isDevice()) {
                continue;
            }
            boolean own = !vma.shared() && Access.writes(vma.protection().access());
            int access = own ? Access.READ | Access.WRITE : Access.READ;
            long to = Math.min(end, vma.end());
            long bytes = mm.geometry().pageBytes();
            for (long page = Math.max(start, vma.start()); page < to; page += bytes) {
                boolean there =
                        vma.isAccessible()
                                && faults.resolve(vma, page, access) == PageFaults.Outcome.RESOLVED;
                if (!there && report) {
                    throw new ErrnoException(
                            Errno.ENOMEM, "mlock", "page 0x%x cannot be used".formatted(page));
                }
                if (!there) {
                    break;
                }
            }
        }
        return true;
    }
}
