package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Protection;

/**
 * A mapping of a process (Linux: {@code struct vm_area_struct}).
 *
 * @param start first address
 * @param end address after the last one
 * @param protection what it allows
 * @param shared true if stores go to the memory object, false for copy-on-write
 * @param object what is mapped; null for private anonymous memory
 * @param offset byte offset of {@code start} in the object
 * @param fork what a child gets
 */
record Vma(
        long start,
        long end,
        Protection protection,
        boolean shared,
        @Nullable MemoryObject object,
        long offset,
        OnFork fork) {

    /** What a child gets of a mapping. */
    enum OnFork {
        /** The mapping with its contents. */
        COPY,
        /** The mapping, with zeroes. */
        WIPE,
        /** Nothing. */
        OMIT
    }

    /** Which page of the object is behind an address. */
    long index(long page) {
        return (offset + page - start) / Frame.SIZE;
    }

    Vma part(long from, long to) {
        return new Vma(from, to, protection, shared, object, offset + from - start, fork);
    }

    Vma movedTo(long place, long length) {
        return new Vma(place, place + length, protection, shared, object, offset, fork);
    }

    Vma with(Protection value) {
        return new Vma(start, end, value, shared, object, offset, fork);
    }

    Vma with(OnFork value) {
        return new Vma(start, end, protection, shared, object, offset, value);
    }
}
