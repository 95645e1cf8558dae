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
 * @param dontFork a child does not get it
 * @param wipeOnFork a child gets it empty
 * @param huge what was advised about huge pages
 */
record Vma(
        long start,
        long end,
        Protection protection,
        boolean shared,
        Backing backing,
        boolean dontFork,
        boolean wipeOnFork,
        Huge huge) {

    /** Advice about huge pages. */
    enum Huge {
        /** There was none. */
        UNADVISED,
        /** {@code MADV_HUGEPAGE}. */
        WISHED,
        /** {@code MADV_NOHUGEPAGE}. */
        REFUSED
    }

    boolean isDevice() {
        return backing instanceof Backing.OfDevice;
    }

    boolean isPrivateAnonymous() {
        return backing instanceof Backing.Anonymous;
    }

    /** The part between two addresses inside. */
    Vma part(long from, long to) {
        return new Vma(
                from,
                to,
                protection,
                shared,
                backing.advanced(from - start),
                dontFork,
                wipeOnFork,
                huge);
    }

    Vma withProtection(Protection value) {
        return new Vma(start, end, value, shared, backing, dontFork, wipeOnFork, huge);
    }

    Vma withFork(boolean dont, boolean wipe) {
        return new Vma(start, end, protection, shared, backing, dont, wipe, huge);
    }

    Vma withHuge(Huge advice) {
        return new Vma(start, end, protection, shared, backing, dontFork, wipeOnFork, advice);
    }

    Vma withEnd(long value) {
        return new Vma(start, value, protection, shared, backing, dontFork, wipeOnFork, huge);
    }

    /** What follows this mapping, with the same properties, between two addresses. */
    Vma grown(long from, long to) {
        return new Vma(
                from,
                to,
                protection,
                shared,
                backing.advanced(from - start),
                dontFork,
                wipeOnFork,
                huge);
    }

    Vma movedTo(long newStart, long length) {
        return new Vma(
                newStart,
                newStart + length,
                protection,
                shared,
                backing,
                dontFork,
                wipeOnFork,
                huge);
    }

    /** Can this and the mapping that begins where it ends be one? Device mappings stay as made. */
    boolean mergesWith(Vma next) {
        return end == next.start
                && protection == next.protection
                && shared == next.shared
                && dontFork == next.dontFork
                && wipeOnFork == next.wipeOnFork
                && huge == next.huge
                && !isDevice()
                && next.backing.continues(backing, end - start);
    }
}
