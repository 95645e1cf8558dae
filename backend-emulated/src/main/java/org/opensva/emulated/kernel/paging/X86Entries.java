package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;

/**
 * x86-64 with four or five levels (Intel SDM volume 3 section 5.5; VT-d section 9.7 for what the
 * IOMMU's first stage reads; Linux {@code arch/x86/include/asm/pgtable_types.h}, {@code
 * pgtable_64.h} and {@code pgtable-invert.h}).
 *
 * <p>An entry that is not present never names memory: the address of a denied page and the offset
 * of a swap slot are stored inverted, because processors may speculate with what they find there.
 * Bit 10 stays clear: it is Extended Accessed to VT-d.
 */
public final class X86Entries implements EntryFormat {

    /** {@code _PAGE_PRESENT}. */
    private static final long PRESENT = 1L;

    /** {@code _PAGE_RW}. */
    private static final long RW = 1L << 1;

    /** {@code _PAGE_USER}. */
    private static final long USER = 1L << 2;

    /** {@code _PAGE_ACCESSED}. */
    private static final long ACCESSED = 1L << 5;

    /** {@code _PAGE_DIRTY}. */
    private static final long DIRTY = 1L << 6;

    /** {@code _PAGE_PSE}: a leaf above the last level. */
    private static final long PSE = 1L << 7;

    /** {@code _PAGE_PROTNONE}, which is the global bit of entries that are present. */
    private static final long DENIED = 1L << 8;

    /** {@code _PAGE_SPECIAL}, software bit 1. */
    private static final long SPECIAL = 1L << 9;

    /** Software bit 4; free in Linux. */
    private static final long OBJECT_PAGE = 1L << 57;

    /**
     * {@code _PAGE_SAVED_DIRTY}, software bit 5: a page that is dirty but not writable would be a
     * shadow stack to processors.
     */
    private static final long SAVED_DIRTY = 1L << 58;

    /** In transit; hardware ignores all other bits of what is not present. */
    private static final long TRANSIT = 1L << 59;

    /** Of an entry in transit: it was present before. */
    private static final long WAS_PRESENT = 1L << 60;

    /** {@code _PAGE_NX}. */
    private static final long NX = 1L << 63;

    private static final long ADDRESS = 0x000F_FFFF_FFFF_F000L;

    /** {@code SWP_OFFSET_FIRST_BIT} and what is below {@code SWP_TYPE_BITS}. */
    private static final int SWAP_OFFSET_SHIFT = 9;

    private static final long SWAP_OFFSET = (1L << 50) - 1;

    /** Bits 62:52 are ignored by hardware; the address fits a host of 46 bits. */
    private static final long POISON = 0x07E0_2DEA_DF00_0067L;

    X86Entries() {}

    @Override
    public PageTableFormat tables(int virtualAddressBits) {
        return virtualAddressBits > 48
                ? PageTableFormat.X86_64_5LEVEL
                : PageTableFormat.X86_64_4LEVEL;
    }

    @Override
    public int physicalAddressBits() {
        return 46;
    }

    @Override
    public long memoryAttributes() {
        return 0;
    }

    @Override
    public long poison() {
        return POISON;
    }

    /** {@code _PAGE_TABLE}. */
    @Override
    public long table(long address) {
        return address | PRESENT | RW | USER | ACCESSED | DIRTY;
    }

    @Override
    public boolean isTable(long entry) {
        return (entry & (PRESENT | PSE)) == PRESENT;
    }

    @Override
    public long leaf(long frame, int level, int access, boolean writable, int kind) {
        long entry = ACCESSED | kindBits(kind);
        if (level != Geometry.LAST_LEVEL) {
            entry |= PSE;
        }
        if ((access & Access.READ) == 0) {
            return entry | DENIED | ~frame & ADDRESS;
        }
        if (writable) {
            entry |= RW | DIRTY;
        }
        if ((access & Access.EXECUTE) == 0) {
            entry |= NX;
        }
        return entry | PRESENT | USER | frame;
    }

    @Override
    public long piece(long entry, long offset) {
        long address = isValid(entry) ? offset : -offset;
        return (entry & ~PSE) + address;
    }

    private static long kindBits(int kind) {
        return switch (kind) {
            case ZERO_PAGE -> SPECIAL;
            case OBJECT -> OBJECT_PAGE;
            default -> 0;
        };
    }

    @Override
    public int kind(long entry) {
        if ((entry & SPECIAL) != 0) {
            return ZERO_PAGE;
        }
        return (entry & OBJECT_PAGE) != 0 ? OBJECT : ANONYMOUS;
    }

    @Override
    public long frame(long entry) {
        return ((entry & PRESENT) != 0 ? entry : ~entry) & ADDRESS;
    }

    @Override
    public boolean isValid(long entry) {
        return (entry & PRESENT) != 0;
    }

    @Override
    public boolean hasFrame(long entry) {
        return (entry & (PRESENT | DENIED)) != 0;
    }

    /** Type 0 in bits 63:59, the inverted offset in bits 58:9, offset 0 never given out. */
    @Override
    public long swap(long slot) {
        return (~(slot + 1) & SWAP_OFFSET) << SWAP_OFFSET_SHIFT;
    }

    @Override
    public long swapSlot(long entry) {
        return (~(entry >>> SWAP_OFFSET_SHIFT) & SWAP_OFFSET) - 1;
    }

    @Override
    public long withWrite(long entry) {
        return entry & ~SAVED_DIRTY | RW | DIRTY;
    }

    @Override
    public long withoutWrite(long entry) {
        long saved = (entry & DIRTY) != 0 ? SAVED_DIRTY : 0;
        return entry & ~(RW | DIRTY) | saved;
    }

    @Override
    public long cleaned(long entry) {
        return entry & ~(RW | DIRTY | SAVED_DIRTY);
    }

    @Override
    public boolean isDirty(long entry) {
        return (entry & (DIRTY | SAVED_DIRTY)) != 0;
    }

    @Override
    public boolean allows(long entry, int access) {
        if ((entry & (PRESENT | USER)) != (PRESENT | USER)) {
            return false;
        }
        if ((access & Access.WRITE) != 0 && (entry & RW) == 0) {
            return false;
        }
        return (access & Access.EXECUTE) == 0 || (entry & NX) == 0;
    }

    @Override
    public long transit(long entry) {
        long flags = entry & ~(ADDRESS | PRESENT) | DENIED | TRANSIT;
        return flags | (isValid(entry) ? WAS_PRESENT : 0) | ~frame(entry) & ADDRESS;
    }

    @Override
    public boolean isTransit(long entry) {
        return (entry & (PRESENT | DENIED | TRANSIT)) == (DENIED | TRANSIT);
    }

    @Override
    public long arrived(long entry, long frame) {
        long flags = entry & ~(ADDRESS | TRANSIT | WAS_PRESENT);
        return (entry & WAS_PRESENT) != 0
                ? flags & ~DENIED | PRESENT | frame
                : flags | ~frame & ADDRESS;
    }

    @Override
    public boolean isAccessed(long entry) {
        return (entry & ACCESSED) != 0;
    }

    @Override
    public long withAccessed(long entry) {
        return entry | ACCESSED;
    }

    @Override
    public long withoutAccessed(long entry) {
        return entry & ~ACCESSED;
    }

    @Override
    public long protect(long entry, int level, int access) {
        if (isTransit(entry)) {
            return transit(protect(arrived(entry, frame(entry)), level, access));
        }
        boolean writable = Access.writes(access) && isWritable(entry);
        long changed = leaf(frame(entry), level, access, writable, kind(entry));
        return isDirty(entry) && !writable ? changed | SAVED_DIRTY : changed;
    }
}
