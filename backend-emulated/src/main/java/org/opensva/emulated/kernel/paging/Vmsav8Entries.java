package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.Access;
import org.opensva.api.process.PageTableFormat;

/**
 * VMSAv8-64 stage 1 (Arm ARM section D8.3; Linux {@code arch/arm64/include/asm/pgtable-hwdef.h},
 * {@code pgtable-prot.h} and, for swap, {@code pgtable.h}). The same bits serve the granules of 4,
 * 16 and 64 KiB: below 2<sup>48</sup> the address field only loses its lowest bits.
 */
public final class Vmsav8Entries implements EntryFormat {

    /** {@code PTE_VALID}. */
    private static final long VALID = 1L;

    /** {@code PTE_TABLE_BIT}: a table, or at the last level a page; clear for a block. */
    private static final long TABLE_OR_PAGE = 1L << 1;

    /** {@code PTE_USER}, AP[1]. */
    private static final long AP_USER = 1L << 6;

    /** {@code PTE_RDONLY}, AP[2]. */
    private static final long AP_READ_ONLY = 1L << 7;

    /** {@code PTE_SHARED}: inner shareable. */
    private static final long SH_INNER = 3L << 8;

    /** {@code PTE_AF}. */
    private static final long AF = 1L << 10;

    /** {@code PTE_NG}; with the valid bit clear {@code PTE_PRESENT_INVALID}: kept but denied. */
    private static final long NG = 1L << 11;

    /** {@code PTE_PXN}. */
    private static final long PXN = 1L << 53;

    /** {@code PTE_UXN}. */
    private static final long UXN = 1L << 54;

    /** {@code PTE_DIRTY}, software. */
    private static final long DIRTY = 1L << 55;

    /** {@code PTE_SPECIAL}, software. */
    private static final long SPECIAL = 1L << 56;

    /** Software; free in Linux. */
    private static final long OBJECT_PAGE = 1L << 57;

    /** In transit; hardware ignores all other bits of what is not valid. */
    private static final long TRANSIT = 1L << 58;

    /** Of an entry in transit: it was valid before. */
    private static final long WAS_VALID = 1L << 59;

    private static final long ADDRESS = 0x0000_FFFF_FFFF_F000L;

    private static final int SWAP_OFFSET_SHIFT = 12;

    /** {@code MAIR_EL1_SET}: entries use index 0, Normal write-back memory. */
    private static final long MAIR = 0x0000_0004_0044_FFFFL;

    /** Bits 15:12 are clear: granules of 16 and 64 KiB have no address bits there. */
    private static final long POISON = 0x07E0_D0DE_ADF0_0F43L;

    Vmsav8Entries() {}

    @Override
    public PageTableFormat tables(int virtualAddressBits) {
        return PageTableFormat.VMSAV8_64;
    }

    @Override
    public int physicalAddressBits() {
        return 48;
    }

    @Override
    public long memoryAttributes() {
        return MAIR;
    }

    @Override
    public long poison() {
        return POISON;
    }

    @Override
    public long table(long address) {
        return address | TABLE_OR_PAGE | VALID;
    }

    @Override
    public boolean isTable(long entry) {
        return (entry & (TABLE_OR_PAGE | VALID)) == (TABLE_OR_PAGE | VALID);
    }

    @Override
    public long leaf(long frame, int level, int access, boolean writable, int kind) {
        long entry = frame | AP_USER | SH_INNER | AF | NG | PXN | kindBits(kind);
        if (level == Geometry.LAST_LEVEL) {
            entry |= TABLE_OR_PAGE;
        }
        if ((access & Access.READ) == 0) {
            return entry | AP_READ_ONLY | UXN;
        }
        entry |= writable ? DIRTY : AP_READ_ONLY;
        if ((access & Access.EXECUTE) == 0) {
            entry |= UXN;
        }
        return entry | VALID;
    }

    @Override
    public long piece(long entry, long offset) {
        return (entry | TABLE_OR_PAGE) + offset;
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
        return entry & ADDRESS;
    }

    @Override
    public boolean isValid(long entry) {
        return (entry & VALID) != 0;
    }

    @Override
    public boolean hasFrame(long entry) {
        return (entry & (VALID | NG)) != 0;
    }

    /** Bits 0, 1 and 11 are clear; offset 0, as in Linux, is never given out. */
    @Override
    public long swap(long slot) {
        return slot + 1 << SWAP_OFFSET_SHIFT;
    }

    @Override
    public long swapSlot(long entry) {
        return (entry >>> SWAP_OFFSET_SHIFT) - 1;
    }

    @Override
    public long withWrite(long entry) {
        return entry & ~AP_READ_ONLY | DIRTY;
    }

    @Override
    public long withoutWrite(long entry) {
        return entry | AP_READ_ONLY;
    }

    @Override
    public long cleaned(long entry) {
        return (entry | AP_READ_ONLY) & ~DIRTY;
    }

    @Override
    public boolean isDirty(long entry) {
        return (entry & DIRTY) != 0;
    }

    @Override
    public boolean allows(long entry, int access) {
        if ((entry & (VALID | AP_USER)) != (VALID | AP_USER)) {
            return false;
        }
        if ((access & Access.WRITE) != 0 && (entry & AP_READ_ONLY) != 0) {
            return false;
        }
        return (access & Access.EXECUTE) == 0 || (entry & UXN) == 0;
    }

    /** {@code PTE_NG} stays set: as any denied leaf it has a frame. */
    @Override
    public long transit(long entry) {
        return entry & ~VALID | TRANSIT | (isValid(entry) ? WAS_VALID : 0);
    }

    @Override
    public boolean isTransit(long entry) {
        return (entry & (VALID | NG | TRANSIT)) == (NG | TRANSIT);
    }

    @Override
    public long arrived(long entry, long frame) {
        long valid = (entry & WAS_VALID) != 0 ? VALID : 0;
        return entry & ~(ADDRESS | TRANSIT | WAS_VALID) | frame | valid;
    }

    @Override
    public boolean isAccessed(long entry) {
        return (entry & AF) != 0;
    }

    @Override
    public long withAccessed(long entry) {
        return entry | AF;
    }

    @Override
    public long withoutAccessed(long entry) {
        return entry & ~AF;
    }

    @Override
    public long protect(long entry, int level, int access) {
        if (isTransit(entry)) {
            return transit(protect(arrived(entry, frame(entry)), level, access));
        }
        boolean writable = Access.writes(access) && isWritable(entry);
        return leaf(frame(entry), level, access, writable, kind(entry)) | entry & DIRTY;
    }
}
