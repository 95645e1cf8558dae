package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Access;

/**
 * Page-table entries of user pages in VMSAv8-64 stage 1 format (Arm ARM section D8.3; Linux {@code
 * arch/arm64/include/asm/pgtable-hwdef.h} and {@code pgtable-prot.h}).
 *
 * <p>An entry is one of: zero; a page; a page that is kept but denied ({@code PROT_NONE}: the valid
 * bit is clear, so that hardware ignores the rest); a reference to swap. Hardware management of the
 * access flag and of dirty state never changes an entry, because the access flag is always set and
 * the dirty bit modifier never is.
 */
final class PageEntry {

    private static final long VALID = 1L;
    private static final long TABLE_OR_PAGE = 1L << 1;
    private static final long AP_USER = 1L << 6;
    private static final long AP_READ_ONLY = 1L << 7;
    private static final long SH_INNER = 3L << 8;
    private static final long AF = 1L << 10;
    private static final long NG = 1L << 11;
    private static final long PXN = 1L << 53;
    private static final long UXN = 1L << 54;
    private static final long ADDRESS = 0x0000_FFFF_FFFF_F000L;

    /** Software: the shared zero page, which is never counted nor freed. */
    static final long SPECIAL = 1L << 56;

    /** Software: a page of a memory object, as opposed to one of the address space's own. */
    static final long OBJECT = 1L << 57;

    /** Software, with the valid bit clear: the frame is kept, every access is denied. */
    private static final long DENIED = 1L << 58;

    /** Marks a swap reference, so that no reference is zero; bit 0 is clear. */
    private static final long SWAP = 1L << 2;

    private static final int SWAP_SHIFT = 12;

    /**
     * MAIR_EL1 as Linux sets it ({@code MAIR_EL1_SET}): entries use index 0, Normal write-back
     * memory.
     */
    static final long MEMORY_ATTRIBUTES = 0x0000_0004_0044_FFFFL;

    /** Software bits that survive a change of protection. */
    private static final long SOFTWARE = SPECIAL | OBJECT;

    private PageEntry() {}

    static long table(long address) {
        return address | TABLE_OR_PAGE | VALID;
    }

    static boolean isTable(long entry) {
        return (entry & (TABLE_OR_PAGE | VALID)) == (TABLE_OR_PAGE | VALID);
    }

    /**
     * Makes an entry for a page.
     *
     * @param frame physical address
     * @param access what the mapping allows; without {@link Access#READ} the page is denied
     * @param writable true if the hardware shall let writes through now
     * @param software {@link #SPECIAL}, {@link #OBJECT} or 0
     */
    static long page(long frame, int access, boolean writable, long software) {
        long entry = frame | TABLE_OR_PAGE | SH_INNER | NG | PXN | software;
        if ((access & Access.READ) == 0) {
            return entry | AF | AP_USER | AP_READ_ONLY | UXN | DENIED;
        }
        if (!writable) {
            entry |= AP_READ_ONLY;
        }
        if ((access & Access.EXECUTE) == 0) {
            entry |= UXN;
        }
        return entry | AF | AP_USER | VALID;
    }

    /** The same page under another protection; write access is kept only if there was one. */
    static long protect(long entry, int access) {
        return page(
                frame(entry), access, Access.writes(access) && isWritable(entry), entry & SOFTWARE);
    }

    /** The same page with writes let through. */
    static long withWrite(long entry) {
        return entry & ~AP_READ_ONLY;
    }

    /** The same page with writes kept out. */
    static long withoutWrite(long entry) {
        return entry | AP_READ_ONLY;
    }

    /** Hardware may use the entry. */
    static boolean isValid(long entry) {
        return (entry & VALID) != 0;
    }

    /** The entry holds a frame, denied or not. */
    static boolean hasFrame(long entry) {
        return (entry & (VALID | DENIED)) != 0;
    }

    static boolean isSwap(long entry) {
        return (entry & (VALID | DENIED)) == 0 && (entry & SWAP) != 0;
    }

    static long swap(long slot) {
        return slot << SWAP_SHIFT | SWAP;
    }

    static long swapSlot(long entry) {
        return entry >>> SWAP_SHIFT;
    }

    static long frame(long entry) {
        return entry & ADDRESS;
    }

    static boolean isWritable(long entry) {
        return (entry & (VALID | AP_READ_ONLY)) == VALID;
    }

    static boolean isSpecial(long entry) {
        return (entry & SPECIAL) != 0;
    }

    /** The page belongs to the address space alone or is shared copy-on-write: it is counted. */
    static boolean isAnonymous(long entry) {
        return hasFrame(entry) && (entry & (SPECIAL | OBJECT)) == 0;
    }

    /** Would an unprivileged processor be allowed the access? */
    static boolean allows(long entry, int access) {
        if ((entry & (VALID | AP_USER)) != (VALID | AP_USER)) {
            return false;
        }
        if ((access & Access.WRITE) != 0 && (entry & AP_READ_ONLY) != 0) {
            return false;
        }
        return (access & Access.EXECUTE) == 0 || (entry & UXN) == 0;
    }
}
