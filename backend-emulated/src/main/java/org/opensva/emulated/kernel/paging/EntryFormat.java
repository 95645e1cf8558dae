package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;

/**
 * The entries of page tables in one format.
 *
 * <p>An entry is one of: zero; a reference to the next table; a leaf, which maps a page; a leaf
 * that is kept but denied ({@code PROT_NONE}: hardware finds it not present); a reference to swap,
 * at the last level only. Dirty state is set when an entry starts to let writes through, and the
 * accessed flag when it is made, so that hardware which manages them finds nothing to update; only
 * the kernel clears the flag, to see whether a page is in use.
 *
 * <p>A leaf whose page is on its way to another place is <em>in transit</em> (Linux: a migration
 * entry): hardware finds it not present, software still finds frame, kind and rights in it.
 *
 * <p>Immutable; all methods are arithmetic.
 */
public sealed interface EntryFormat permits Vmsav8Entries, X86Entries {

    /** Kind of a leaf: the page belongs to the address space or is shared copy-on-write. */
    int ANONYMOUS = 0;

    /** Kind of a leaf: the shared zero page, which is never counted nor freed. */
    int ZERO_PAGE = 1;

    /** Kind of a leaf: a page of a memory object, as opposed to one of the address space's own. */
    int OBJECT = 2;

    /**
     * The format that IOMMU drivers are told.
     *
     * @param virtualAddressBits bits that the top-level table covers
     * @return the format
     */
    PageTableFormat tables(int virtualAddressBits);

    /**
     * Bits of a physical address that entries can hold.
     *
     * @return 46 or 48
     */
    int physicalAddressBits();

    /**
     * What memory attributes in entries select from.
     *
     * @return MAIR_EL1 for VMSAv8-64, 0 for x86-64
     */
    long memoryAttributes();

    /**
     * What each eight bytes of a freed frame hold: at every level an entry that is valid and lets
     * everything through, to an address where no machine has memory. Whoever uses a stale table
     * aborts loudly, and not by a fault that the kernel would resolve.
     *
     * @return an entry
     */
    long poison();

    /**
     * Makes a reference to a table.
     *
     * @param address physical address of the table
     * @return the entry
     */
    long table(long address);

    /**
     * Tells a reference to a table from everything else.
     *
     * @param entry an entry of a level before the last one
     * @return true if hardware would go on to a table
     */
    boolean isTable(long entry);

    /**
     * Makes a leaf.
     *
     * @param frame physical address of the page
     * @param level {@link Geometry#LAST_LEVEL} or {@link Geometry#HUGE_LEVEL}
     * @param access what the mapping allows; without {@link Access#READ} the page is denied
     * @param writable true if hardware shall let writes through now
     * @param kind {@link #ANONYMOUS}, {@link #ZERO_PAGE} or {@link #OBJECT}
     * @return the entry
     */
    long leaf(long frame, int level, int access, boolean writable, int kind);

    /**
     * What one page of a huge leaf is in a table of the last level.
     *
     * @param entry a leaf of {@link Geometry#HUGE_LEVEL}
     * @param offset where the page begins in the huge page, in bytes
     * @return the entry, which allows what the huge one does
     */
    long piece(long entry, long offset);

    /**
     * The physical address in a table reference or a leaf, denied ones included.
     *
     * @param entry an entry with an address
     * @return the address
     */
    long frame(long entry);

    /**
     * Whether hardware may use the entry.
     *
     * @param entry any entry
     * @return true if it is present
     */
    boolean isValid(long entry);

    /**
     * Whether the entry holds a frame, denied or not.
     *
     * @param entry any entry
     * @return true for leaves and table references
     */
    boolean hasFrame(long entry);

    /**
     * Makes a reference to swap.
     *
     * @param slot the slot, 0 to 2<sup>49</sup>
     * @return an entry that hardware finds not present, never 0
     */
    long swap(long slot);

    /**
     * The slot of a reference to swap.
     *
     * @param entry a reference to swap
     * @return the slot
     */
    long swapSlot(long entry);

    /**
     * The kind of a leaf.
     *
     * @param entry a leaf
     * @return {@link #ANONYMOUS}, {@link #ZERO_PAGE} or {@link #OBJECT}
     */
    int kind(long entry);

    /**
     * The same page with writes let through.
     *
     * @param entry a valid leaf
     * @return the entry
     */
    long withWrite(long entry);

    /**
     * The same page with writes kept out; that it was written to is not forgotten.
     *
     * @param entry a leaf
     * @return the entry
     */
    long withoutWrite(long entry);

    /**
     * The same page with writes kept out, as if none had been made.
     *
     * @param entry a valid leaf
     * @return the entry, which is not dirty
     */
    long cleaned(long entry);

    /**
     * Whether the page was written to.
     *
     * @param entry a leaf
     * @return true for what lets writes through or once did
     */
    boolean isDirty(long entry);

    /**
     * Would an unprivileged processor be allowed an access?
     *
     * @param entry any entry
     * @param access a set of {@link Access} bits
     * @return true if it is a valid leaf that allows all of them
     */
    boolean allows(long entry, int access);

    /**
     * The leaf while its page is in transit.
     *
     * @param entry a leaf, denied or not, that is not in transit
     * @return an entry that hardware finds not present and that has a frame
     */
    long transit(long entry);

    /**
     * Whether the page of an entry is in transit.
     *
     * @param entry any entry
     * @return true for what {@link #transit} makes
     */
    boolean isTransit(long entry);

    /**
     * The leaf that an entry in transit was, of a page that may have moved.
     *
     * @param entry an entry in transit
     * @param frame physical address of the page
     * @return the leaf, denied if it was
     */
    long arrived(long entry, long frame);

    /**
     * Whether the page was used since the flag was cleared.
     *
     * @param entry a leaf
     * @return the accessed flag
     */
    boolean isAccessed(long entry);

    /**
     * The same leaf with its accessed flag set.
     *
     * @param entry a leaf
     * @return the entry
     */
    long withAccessed(long entry);

    /**
     * The same leaf with its accessed flag clear: hardware that does not manage the flag faults at
     * the next access.
     *
     * @param entry a leaf
     * @return the entry
     */
    long withoutAccessed(long entry);

    /**
     * Whether hardware lets writes through.
     *
     * @param entry any entry
     * @return true if it is a valid leaf that allows them
     */
    default boolean isWritable(long entry) {
        return allows(entry, Access.WRITE);
    }

    /**
     * Whether the entry refers to swap.
     *
     * @param entry any entry
     * @return true for a reference to swap
     */
    default boolean isSwap(long entry) {
        return entry != 0 && !hasFrame(entry);
    }

    /**
     * Whether the page is counted and belongs to address spaces alone.
     *
     * @param entry any entry of the last level, or a leaf
     * @return true for a leaf of kind {@link #ANONYMOUS}
     */
    default boolean isAnonymous(long entry) {
        return hasFrame(entry) && kind(entry) == ANONYMOUS;
    }

    /**
     * The same page under another protection; write access is kept only if there was one.
     *
     * @param entry a leaf
     * @param level its level
     * @param access what the mapping allows
     * @return the entry
     */
    long protect(long entry, int level, int access);
}
