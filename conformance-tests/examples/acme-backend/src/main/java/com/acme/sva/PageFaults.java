package com.acme.sva;

import org.opensva.api.memory.Access;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.Signal;

/**
 * What happens when a page is touched that is not there, or not with enough rights: zeroes, pages
 * of memory objects, and copy-on-write. Processors and devices come here alike. Not thread-safe:
 * the address space's lock guards it.
 */
final class PageFaults {

    private final VmaTree vmas;
    private final PageMap pages;
    private final FramePool frames;

    PageFaults(VmaTree vmas, PageMap pages, FramePool frames) {
        this.vmas = vmas;
        this.pages = pages;
        this.frames = frames;
    }

    /** The signal for a load or store that was not resolved. */
    Signal signal(long address, int access) {
        Vma vma = vmas.find(address);
        boolean allowed = vma != null && vma.protection().allows(access);
        return allowed ? Signal.SIGBUS : Signal.SIGSEGV;
    }

    /** Makes a page present with the rights that an access needs. */
    FaultOutcome resolve(long address, int access) {
        long page = Frame.pageOf(address);
        Vma vma = vmas.find(page);
        if (vma == null || !vma.protection().allows(access)) {
            return FaultOutcome.INVALID;
        }
        PageMap.Entry entry = pages.get(page);
        int needed = access & (Access.READ | Access.WRITE | Access.EXECUTE);
        if (entry != null && (needed & ~entry.access()) == 0) {
            return FaultOutcome.RESOLVED;
        }
        return entry == null ? populate(page, vma, access) : widen(page, vma, entry, access);
    }

    /** Nothing is there yet: zeroes, or a page of the memory object. */
    private FaultOutcome populate(long page, Vma vma, int access) {
        MemoryObject object = vma.object();
        Frame frame = object == null ? frames.allocate() : object.frame(vma.index(page));
        if (frame == null) {
            return object == null || object.holds(vma.index(page))
                    ? FaultOutcome.OUT_OF_MEMORY
                    : FaultOutcome.INVALID;
        }
        int allowed = vma.protection().access();
        if (object == null || vma.shared()) {
            pages.set(page, frame, allowed);
            return FaultOutcome.RESOLVED;
        }
        PageMap.Entry clean = pages.set(page, frame, allowed & ~Access.WRITE);
        return (access & Access.WRITE) == 0 ? FaultOutcome.RESOLVED : copy(page, vma, clean);
    }

    /** Something is there with too few rights: after fork, or after mprotect. */
    private FaultOutcome widen(long page, Vma vma, PageMap.Entry entry, int access) {
        int allowed = vma.protection().access();
        if (vma.shared() || entry.frame().isExclusive()) {
            pages.set(page, entry.frame(), allowed);
        } else if ((access & Access.WRITE) == 0) {
            pages.set(page, entry.frame(), allowed & ~Access.WRITE);
        } else {
            return copy(page, vma, entry);
        }
        return FaultOutcome.RESOLVED;
    }

    private FaultOutcome copy(long page, Vma vma, PageMap.Entry original) {
        Frame copy = frames.allocate();
        if (copy == null) {
            return FaultOutcome.OUT_OF_MEMORY;
        }
        copy.copyFrom(original.frame());
        pages.set(page, copy, vma.protection().access());
        return FaultOutcome.RESOLVED;
    }
}
