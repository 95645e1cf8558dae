package com.acme.iommu;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.PhysicalMemory;

/**
 * A walk through x86-64 page tables of four levels (Intel SDM volume 3, section 4.5), accessed and
 * dirty flags included, which are set before the translation is used.
 *
 * <p>What it yields is the address of a page of 4096 bytes, with {@link Access} bits below: {@code
 * WRITE} is among them only if the page is known to be dirty. 0 is no translation.
 */
final class Walk {

    static final int ADDRESS_BITS = 48;
    static final int PHYSICAL_BITS = 52;

    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long USER = 1 << 2;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final long LARGE = 1 << 7;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long ADDRESS = (1L << PHYSICAL_BITS) - 4096;

    private Walk() {}

    static boolean isCanonical(long address) {
        int unused = Long.SIZE - ADDRESS_BITS;
        return address << unused >> unused == address;
    }

    /** Again if somebody changed an entry while its flags were set. */
    static long translate(PhysicalMemory memory, long root, long address, boolean writes) {
        long found;
        do {
            found = once(memory, root, address, writes);
        } while (found < 0);
        return found;
    }

    private static long once(PhysicalMemory memory, long root, long address, boolean writes) {
        long table = root & ADDRESS;
        boolean writable = true;
        boolean executable = true;
        for (int shift = 39; shift >= 12; shift -= 9) {
            long at = table + (address >>> shift & 511) * Long.BYTES;
            long entry = memory.readLong(at);
            if ((entry & PRESENT) == 0 || (entry & USER) == 0) {
                return 0;
            }
            writable &= (entry & WRITABLE) != 0;
            executable &= (entry & NO_EXECUTE) == 0;
            boolean leaf = shift == 12 || shift < 39 && (entry & LARGE) != 0;
            long marked = entry | ACCESSED | (leaf && writes && writable ? DIRTY : 0);
            if (marked != entry && !memory.compareAndSetLong(at, entry, marked)) {
                return -1;
            }
            if (leaf) {
                long inside = (1L << shift) - 4096;
                return (marked & ADDRESS & -(1L << shift))
                        | address & inside
                        | Access.READ
                        | (writable && (marked & DIRTY) != 0 ? Access.WRITE : 0)
                        | (executable ? Access.EXECUTE : 0);
            }
            table = entry & ADDRESS;
        }
        return 0;
    }
}
