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
    /** Do not copy this range to a child ({@code MADV_DONTFORK}). */
    DONTFORK,
    /** Give a child zeroes in this range ({@code MADV_WIPEONFORK}). */
    WIPEONFORK,
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
