package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

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

    /** Serves what is mapped, up to the first mapping that cannot be; the rest is reported. */
    void advise(long start, long end, Advice advice) {
        boolean inOrder = advice == Advice.POPULATE_READ || advice == Advice.POPULATE_WRITE;
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            if (inOrder) {
                // Faults end at the first hole; everything else passes over it.
                mappings.requireMapped("madvise", start, Math.max(start, vma.start()));
            }
            check(vma, advice);
            advise(vma, Math.max(start, vma.start()), Math.min(end, vma.end()), advice);
        }
        mappings.requireMapped("madvise", start, end);
    }

    private void advise(Vma vma, long start, long end, Advice advice) {
        switch (advice) {
            case DONTNEED -> discard(start, end);
            case PAGEOUT -> pageOut(vma, start, end);
            case FREE -> free(start, end);
            case COLD -> cool(start, end);
            case POPULATE_READ -> populate(vma, start, end, Access.READ);
            case POPULATE_WRITE -> populate(vma, start, end, Access.READ | Access.WRITE);
            case REMOVE -> throw new IllegalStateException("made with no lock held");
            case DONTFORK -> mappings.setFlags(start, end, Vma.DONT_FORK, 0);
            case DOFORK -> mappings.setFlags(start, end, 0, Vma.DONT_FORK);
            case WIPEONFORK -> mappings.setFlags(start, end, Vma.WIPE_ON_FORK, 0);
            case KEEPONFORK -> mappings.setFlags(start, end, 0, Vma.WIPE_ON_FORK);
            case MERGEABLE -> setMergeable(vma, start, end);
            case UNMERGEABLE -> unmerge(vma, start, end);
            case HUGEPAGE -> mappings.setFlags(start, end, Vma.HUGE_WISHED, Vma.HUGE_REFUSED);
            case NOHUGEPAGE -> mappings.setFlags(start, end, Vma.HUGE_REFUSED, Vma.HUGE_WISHED);
            case COLLAPSE -> huge.collapse(vma, start, end);
        }
    }

    /** Refuses what a mapping is not made for. */
    static void check(Vma vma, Advice advice) {
        boolean possible =
                switch (advice) {
                    case DONTNEED, PAGEOUT, COLD -> !vma.isDevice() && !vma.has(Vma.LOCKED);
                    case FREE -> vma.isPrivateAnonymous() && !vma.has(Vma.LOCKED);
                    case REMOVE ->
                            vma.backing() instanceof Backing.OfObject && !vma.has(Vma.LOCKED);
                    case POPULATE_READ ->
                            !vma.isDevice() && (vma.protection().access() & Access.READ) != 0;
                    case POPULATE_WRITE ->
                            !vma.isDevice() && Access.writes(vma.protection().access());
                    case DONTFORK, KEEPONFORK, MERGEABLE, UNMERGEABLE -> true;
                    case DOFORK, HUGEPAGE, NOHUGEPAGE, COLLAPSE -> !vma.isDevice();
                    case WIPEONFORK -> vma.isPrivateAnonymous();
                };
        if (!possible) {
            throw new ErrnoException(
                    Errno.EINVAL, "madvise", advice + " is not possible for this mapping");
        }
        if (advice == Advice.REMOVE && !vma.shared()) {
            // Protection does not matter: the mapping could be made writable.
            throw new ErrnoException(Errno.EACCES, "madvise", "the mapping is not a shared one");
        }
    }

    private void discard(long start, long end) {
        huge.splitAt(start, end);
        Zap zap = new Zap(mm);
        zap.clear(start, end);
        zap.finish();
    }

    /**
     * What nobody shares becomes clean and read-only, and devices have lost the right to write:
     * until the next write the page may be dropped (Linux: {@code madvise_free_pte_range}).
     */
    private void free(long start, long end) {
        huge.splitAll(start, end);
        Zap zap = new Zap(mm);
        mm.table()
                .visit(
                        start,
                        end,
                        (address, level, slot, entry) -> {
                            if (mm.entries().isSwap(entry)) {
                                zap.clearEntry(address, level, slot, entry);
                            } else if (isFreeable(entry)) {
                                long frame = mm.entries().frame(entry);
                                mm.frames()
                                        .reverse()
                                        .setOwner(frame, PageOwner.LazilyFreed.INSTANCE);
                                long clean = mm.entries().cleaned(entry);
                                mm.table()
                                        .replace(slot, entry, mm.entries().withoutAccessed(clean));
                                zap.changed(address);
                            }
                        });
        zap.finish();
    }

    private boolean isFreeable(long entry) {
        if (!mm.entries().isAnonymous(entry) || !mm.entries().isValid(entry)) {
            return false;
        }
        long frame = mm.entries().frame(entry);
        return mm.frames().references(frame) == 1 && mm.frames().reverse().owner(frame) == null;
    }

    /** Clears accessed flags: what is not used again goes first. */
    private void cool(long start, long end) {
        huge.splitAt(start, end);
        Zap zap = new Zap(mm);
        mm.table()
                .visit(
                        start,
                        end,
                        (address, level, slot, entry) -> {
                            if (mm.entries().isValid(entry) && mm.entries().isAccessed(entry)) {
                                mm.table()
                                        .replace(slot, entry, mm.entries().withoutAccessed(entry));
                                zap.changed(address, level);
                            }
                        });
        zap.finish();
    }

    private void setMergeable(Vma vma, long start, long end) {
        // As Linux: what cannot be merged is passed over.
        if (vma.isPrivateAnonymous()) {
            mappings.setFlags(start, end, Vma.MERGEABLE, 0);
            mm.whenMergeable().run();
        }
    }

    /** Gives every merged page of a range a copy (Linux: {@code unmerge_ksm_pages}). */
    private void unmerge(Vma vma, long start, long end) {
        if (!vma.has(Vma.MERGEABLE)) {
            return;
        }
        mappings.setFlags(start, end, 0, Vma.MERGEABLE);
        LongList merged = new LongList();
        mm.table()
                .visit(
                        start,
                        end,
                        (address, level, slot, entry) -> {
                            if (mm.entries().isAnonymous(entry)
                                    && mm.frames().reverse().owner(mm.entries().frame(entry))
                                            instanceof PageOwner.Merged) {
                                merged.add(address);
                            }
                        });
        for (int i = 0; i < merged.size(); i++) {
            faults.unmerge(vma, merged.get(i));
        }
    }

    private void populate(Vma vma, long start, long end, int access) {
        long pageBytes = mm.geometry().pageBytes();
        for (long page = start; page < end; page += pageBytes) {
            if (faults.resolve(vma, page, access) != PageFaults.Outcome.RESOLVED) {
                throw new ErrnoException(
                        Errno.EFAULT,
                        "madvise(POPULATE)",
                        "page 0x%x cannot be made present".formatted(page));
            }
        }
    }

    /** Reclaims pages that nobody else uses, as Linux's {@code madvise_pageout} does. */
    private void pageOut(Vma vma, long from, long to) {
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
        if (mm.frames().reverse().owner(frame) instanceof PageOwner.LazilyFreed
                && !mm.entries().isDirty(entry)) {
            mm.frames().releasePage(frame);
            return;
        }
        long saved = mm.swap().save(mm.frames().memory(), frame);
        if (saved < 0) {
            mm.table().replace(slot, 0, entry);
        } else {
            mm.table().replace(slot, 0, mm.entries().swap(saved));
            mm.frames().releasePage(frame);
        }
    }
}
