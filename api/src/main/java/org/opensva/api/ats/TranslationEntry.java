package org.opensva.api.ats;

import org.opensva.api.memory.Access;

/**
 * One entry of a Translation Completion, as the 64 bits that travel (PCI Express Base 6.x section
 * 10.2.3), so that translations need no object.
 *
 * <p>Bits: 63:12 translated address, 11 S (size: the range is larger than 4096 bytes), 10 N
 * (non-snooped), 5 Global, 4 Priv, 3 Exe, 2 U (untranslated access only), 1 W, 0 R. With S set, the
 * lowest clear bit of 63:12 tells the size: bit 12 clear means 8 KiB.
 */
public final class TranslationEntry {

    /** Reading is allowed. */
    public static final long R = 1;

    /** Writing is allowed. */
    public static final long W = 1 << 1;

    /** The range may be accessed with untranslated requests only. */
    public static final long U = 1 << 2;

    /** Instruction fetch is allowed. */
    public static final long EXE = 1 << 3;

    /** The permissions are those of privileged mode. */
    public static final long PRIV = 1 << 4;

    /** The translation holds for every PASID of the device. */
    public static final long GLOBAL = 1 << 5;

    /** Accesses are not snooped. */
    public static final long N = 1 << 10;

    /** The range is larger than 4096 bytes. */
    public static final long S = 1 << 11;

    private static final long ADDRESS = -1L << 12;

    private TranslationEntry() {}

    /**
     * Encodes an entry.
     *
     * @param address the translated address of the first byte of the range, aligned to the size
     * @param sizeShift the size of the range as a power of two, 12 to 63
     * @param flags any of the flag constants but {@link #S}
     * @return the entry
     */
    public static long of(long address, int sizeShift, long flags) {
        if (sizeShift == 12) {
            return (address & ADDRESS) | flags;
        }
        // A range of 2^n bytes is an address with bits n-2..12 set and bit n-1 clear.
        long ones = (1L << (sizeShift - 1)) - (1L << 12);
        long base = address & -(1L << sizeShift);
        return base | ones | S | flags;
    }

    /**
     * The size of the range.
     *
     * @param entry an entry
     * @return a power of two as its exponent, 12 to 63
     */
    public static int sizeShift(long entry) {
        if ((entry & S) == 0) {
            return 12;
        }
        return Math.min(63, Long.numberOfTrailingZeros(~(entry >> 12)) + 13);
    }

    /**
     * The translated address of the first byte of the range.
     *
     * @param entry an entry
     * @return a physical address, aligned to the size
     */
    public static long address(long entry) {
        return entry & ADDRESS & -(1L << sizeShift(entry));
    }

    /**
     * The accesses that the entry allows, not counting privilege.
     *
     * @param entry an entry
     * @return a set of {@link Access} bits; 0 if the page is not mapped, and such an entry must not
     *     be cached
     */
    public static int access(long entry) {
        int access = (int) (entry & (R | W));
        return (entry & EXE) != 0 && (entry & R) != 0 ? access | Access.EXECUTE : access;
    }

    /**
     * Tells whether a flag is set.
     *
     * @param entry an entry
     * @param flag one of the flag constants
     * @return true if it is
     */
    public static boolean has(long entry, long flag) {
        return (entry & flag) != 0;
    }
}
