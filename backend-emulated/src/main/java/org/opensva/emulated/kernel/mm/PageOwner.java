package org.opensva.emulated.kernel.mm;

/** What a frame is, beyond a private page of address spaces (Linux: {@code folio->mapping}). */
sealed interface PageOwner {

    /**
     * A page-table page.
     *
     * @param space whose table it is
     * @param base the first address that it translates
     * @param level its level
     */
    record Table(ProcessAddressSpace space, long base, int level) implements PageOwner {}

    /**
     * A page of a memory object.
     *
     * @param object the object
     * @param index which of its pages
     */
    record Cached(MemoryObject object, long index) implements PageOwner {}

    /**
     * A page that others were merged with: it is never written.
     *
     * @param pages who merged it
     * @param hash of its contents
     */
    record Merged(SamePages pages, long hash) implements PageOwner {}

    /**
     * A private page that nobody needs unless it is written to again ({@code MADV_FREE}; Linux:
     * anonymous, and not {@code PG_swapbacked}).
     */
    record LazilyFreed() implements PageOwner {
        static final LazilyFreed INSTANCE = new LazilyFreed();
    }
}
