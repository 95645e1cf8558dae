package org.opensva.api.process;

/** What {@code madvise(2)} is asked for. */
public enum Advice {
    /**
     * Drop the pages now; private anonymous memory reads as zero afterwards ({@code
     * MADV_DONTNEED}).
     */
    DONTNEED,
    /**
     * Reclaim the pages now; the next access brings them back with their contents ({@code
     * MADV_PAGEOUT}).
     */
    PAGEOUT,
    /** Populate the pages for writing now ({@code MADV_POPULATE_WRITE}). */
    POPULATE_WRITE,
    /** Populate the pages for reading now ({@code MADV_POPULATE_READ}). */
    POPULATE_READ,
    /**
     * The contents of private anonymous memory are not needed any more: until a page is written
     * again it reads as before, or as zero once the system has taken it ({@code MADV_FREE}).
     */
    FREE,
    /** Not needed for now: the pages are the first to be reclaimed ({@code MADV_COLD}). */
    COLD,
    /**
     * Drop the pages of a shared writable mapping together with what the memory object holds
     * ({@code MADV_REMOVE}); everybody who maps it reads zero afterwards.
     */
    REMOVE,
    /** Do not copy this range to a child ({@code MADV_DONTFORK}). */
    DONTFORK,
    /** Copy it again ({@code MADV_DOFORK}). */
    DOFORK,
    /** Give a child zeroes in this range ({@code MADV_WIPEONFORK}). */
    WIPEONFORK,
    /** Give it the contents again ({@code MADV_KEEPONFORK}). */
    KEEPONFORK,
    /** Pages of the same contents may be merged ({@code MADV_MERGEABLE}). */
    MERGEABLE,
    /** They may not, and those that were are taken apart ({@code MADV_UNMERGEABLE}). */
    UNMERGEABLE,
    /**
     * Back the range with huge pages where it can be ({@code MADV_HUGEPAGE}). Only a wish: a system
     * without huge pages does nothing.
     */
    HUGEPAGE,
    /** Back the range with huge pages no more ({@code MADV_NOHUGEPAGE}). */
    NOHUGEPAGE,
    /**
     * Replace the small pages of the range by huge ones now ({@code MADV_COLLAPSE}); contents stay.
     */
    COLLAPSE
}
