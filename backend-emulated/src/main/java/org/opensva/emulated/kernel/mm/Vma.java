package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.Protection;

/**
 * A mapping (Linux: {@code vm_area_struct}); immutable.
 *
 * @param start first address
 * @param end the address after the last one
 * @param protection what it allows
 * @param shared changes go to the backing, not to private copies
 * @param backing what stands behind {@code start}
 * @param flags what else is said of it (Linux: {@code vm_flags})
 */
record Vma(
        long start, long end, Protection protection, boolean shared, Backing backing, int flags) {

    /** A child does not get it. */
    static final int DONT_FORK = 1;

    /** A child gets it empty. */
    static final int WIPE_ON_FORK = 1 << 1;

    /** {@code MADV_HUGEPAGE}. */
    static final int HUGE_WISHED = 1 << 2;

    /** {@code MADV_NOHUGEPAGE}. */
    static final int HUGE_REFUSED = 1 << 3;

    /** It grows downwards when the process uses what is below. */
    static final int GROWS_DOWN = 1 << 4;

    /** Its pages stay in memory. */
    static final int LOCKED = 1 << 5;

    /** Of a locked mapping: its pages come when they are used. */
    static final int ON_FAULT = 1 << 6;

    /** Its pages may be merged with others. */
    static final int MERGEABLE = 1 << 7;

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean isDevice() {
        return backing instanceof Backing.OfDevice;
    }

    boolean isPrivateAnonymous() {
        return backing instanceof Backing.Anonymous;
    }

    /** Whether the process can use it at all (Linux: {@code vma_is_accessible}). */
    boolean isAccessible() {
        return protection.access() != 0;
    }

    /** The part between two addresses inside. */
    Vma part(long from, long to) {
        return from == start && to == end
                ? this
                : new Vma(from, to, protection, shared, backing.advanced(from - start), flags);
    }

    Vma withProtection(Protection value) {
        return new Vma(start, end, value, shared, backing, flags);
    }

    Vma withFlags(int set, int clear) {
        return new Vma(start, end, protection, shared, backing, flags & ~clear | set);
    }

    Vma withEnd(long value) {
        return new Vma(start, value, protection, shared, backing, flags);
    }

    /** The same mapping with more below it; for what has the same backing everywhere. */
    Vma grownDown(long newStart) {
        return new Vma(newStart, end, protection, shared, backing, flags);
    }

    Vma movedTo(long newStart, long length) {
        return new Vma(newStart, newStart + length, protection, shared, backing, flags);
    }

    /** Can this and the mapping that begins where it ends be one? Device mappings stay as made. */
    boolean mergesWith(Vma next) {
        return end == next.start
                && protection == next.protection
                && shared == next.shared
                && flags == next.flags
                && !isDevice()
                && next.backing.continues(backing, end - start);
    }
}
