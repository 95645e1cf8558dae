package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.List;

/** Advice about a range (Linux: {@code mm/madvise.c}). Needs the lock for writing. */
final class AdviceCalls {

    private final Mm mm;
    private final MappingCalls mappings;
    private final PageFaults faults;
    private final HugePages huge;

    AdviceCalls(Mm mm, MappingCalls mappings, PageFaults faults, HugePages huge) {
        this.mm = mm;
        this.mappings = mappings;
        this.faults = faults;
        this.huge = huge;
    }

    void advise(long start, long length, Advice advice) {
        long end = start + length;
        List<Vma> vmas = mm.vmas().overlapping(start, end);
        for (Vma vma : vmas) {
            check(vma, advice);
        }
        switch (advice) {
            case DONTNEED -> discard(vmas, start, end);
            case PAGEOUT -> vmas.forEach(vma -> pageOut(vma, start, end));
            case POPULATE_WRITE -> vmas.forEach(vma -> populate(vma, start, end));
            case DONTFORK -> mappings.setFork(start, end, true, false);
            case WIPEONFORK -> mappings.setFork(start, end, false, true);
            case HUGEPAGE -> mappings.setHuge(start, end, Vma.Huge.WISHED);
            case NOHUGEPAGE -> mappings.setHuge(start, end, Vma.Huge.REFUSED);
            case COLLAPSE -> vmas.forEach(vma -> huge.collapse(vma, start, end));
        }
        // As Linux does: what is mapped was served, the rest is reported.
        mappings.requireMapped("madvise", start, end);
    }

    private static void check(Vma vma, Advice advice) {
        boolean possible =
                switch (advice) {
                    case DONTNEED, PAGEOUT -> !vma.isDevice();
                    case POPULATE_WRITE ->
                            !vma.isDevice() && Access.writes(vma.protection().access());
                    case DONTFORK -> true;
                    case HUGEPAGE, NOHUGEPAGE, COLLAPSE -> !vma.isDevice();
                    case WIPEONFORK -> vma.isPrivateAnonymous();
                };
        if (!possible) {
            throw new ErrnoException(
                    Errno.EINVAL, "madvise", advice + " is not possible for this mapping");
        }
    }

    private void discard(List<Vma> vmas, long start, long end) {
        huge.splitAt(start, end);
        Zap zap = new Zap(mm);
        for (Vma vma : vmas) {
            zap.clear(Math.max(start, vma.start()), Math.min(end, vma.end()));
        }
        zap.finish();
    }

    private void populate(Vma vma, long start, long end) {
        long to = Math.min(end, vma.end());
        long pageBytes = mm.geometry().pageBytes();
        for (long page = Math.max(start, vma.start()); page < to; page += pageBytes) {
            PageFaults.Outcome outcome = faults.resolve(vma, page, Access.READ | Access.WRITE);
            if (outcome != PageFaults.Outcome.RESOLVED) {
                throw new ErrnoException(
                        Errno.EFAULT,
                        "madvise(POPULATE_WRITE)",
                        "page 0x%x cannot be made present".formatted(page));
            }
        }
    }

    /** Reclaims pages that nobody else uses, as Linux's {@code madvise_pageout} does. */
    private void pageOut(Vma vma, long start, long end) {
        long from = Math.max(start, vma.start());
        long to = Math.min(end, vma.end());
        huge.splitAll(from, to);
        Zap zap = new Zap(mm);
        LongList own = new LongList();
        mm.table()
                .visit(
                        from,
                        to,
                        (address, level, slot, entry) -> {
                            if (!mm.entries().isAnonymous(entry)) {
                                if (mm.entries().hasFrame(entry)) {
                                    zap.clearEntry(address, level, slot, entry);
                                }
                            } else if (mm.frames().references(mm.entries().frame(entry)) == 1) {
                                mm.table().replace(slot, entry, 0);
                                own.add(slot);
                                own.add(entry);
                                if (mm.entries().isValid(entry)) {
                                    zap.changed(address);
                                }
                            }
                        });
        // A device may have written until here: contents are saved only now.
        zap.finish();
        for (int i = 0; i < own.size(); i += 2) {
            swapOut(own.get(i), own.get(i + 1));
        }
        if (vma.backing() instanceof Backing.OfObject backing) {
            int shift = mm.geometry().pageShift();
            long index = (backing.offset() + (from - vma.start())) >>> shift;
            backing.object().pageOut(index, index + ((to - from) >>> shift));
        }
    }

    private void swapOut(long slot, long entry) {
        long frame = mm.entries().frame(entry);
        long saved = mm.swap().save(mm.frames().memory(), frame);
        if (saved < 0) {
            mm.table().replace(slot, 0, entry);
        } else {
            mm.table().replace(slot, 0, mm.entries().swap(saved));
            mm.frames().releasePage(frame);
        }
    }
}
