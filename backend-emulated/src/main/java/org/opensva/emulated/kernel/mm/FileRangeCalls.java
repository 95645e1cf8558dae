package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Advice;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Calls of a process about the objects and files behind a range of its memory. The objects are
 * found under the lock of the address space, and what is done to them is done with no lock held,
 * one mapping after the other, as Linux does.
 */
final class FileRangeCalls {

    /** Runs something with the address space locked, for a call. */
    interface Locked {
        <T extends @Nullable Object> T run(String call, Supplier<T> body);
    }

    /** A part of an object, of which a reference is held, and the address after its mapping. */
    private record Part(MemoryObject object, long offset, long length, long next) {}

    private final Mm mm;
    private final MappingCalls mappings;
    private final AddressSpaces owner;
    private final Locked lock;

    FileRangeCalls(Mm mm, MappingCalls mappings, AddressSpaces owner, Locked lock) {
        this.mm = mm;
        this.mappings = mappings;
        this.owner = owner;
        this.lock = lock;
    }

    /** {@code MADV_REMOVE}: makes holes. */
    void remove(long start, long end) {
        String call = "madvise";
        long at = start;
        while (at < end) {
            long from = at;
            Part hole = lock.run(call, () -> holeAt(from, end));
            if (hole == null) {
                break;
            }
            try {
                hole.object().punch(hole.offset(), hole.length());
            } finally {
                hole.object().release();
            }
            at = hole.next();
        }
        requireMapped(call, start, end);
    }

    /** The first part of a range that is mapped, with a reference to its object; or null. */
    private @Nullable Part holeAt(long start, long end) {
        List<Vma> vmas = mm.vmas().overlapping(start, end);
        if (vmas.isEmpty()) {
            return null;
        }
        AdviceCalls.check(vmas.getFirst(), Advice.REMOVE);
        return part(vmas.getFirst(), start, end);
    }

    /** {@code MADV_COLLAPSE}: brings pages together that huge pages are to map. */
    void gather(long start, long end) {
        List<Part> parts = lock.run("madvise", () -> parts(start, end, mappings::canCollapse));
        try {
            for (Part part : parts) {
                HugePages.gather(
                        owner.sharedHugePages(),
                        mm.geometry(),
                        part.object(),
                        part.offset(),
                        part.length());
            }
        } finally {
            parts.forEach(part -> part.object().release());
        }
    }

    /** {@code msync}: writes back. */
    void sync(long start, long end) {
        String call = "msync";
        List<Part> written = lock.run(call, () -> parts(start, end, Vma::shared));
        int shift = mm.geometry().pageShift();
        try {
            for (Part part : written) {
                long first = part.offset() >>> shift;
                owner.writeBack().writeAll(part.object(), first, first + (part.length() >>> shift));
            }
        } finally {
            written.forEach(part -> part.object().release());
        }
        requireMapped(call, start, end);
    }

    private List<Part> parts(long start, long end, Predicate<Vma> wanted) {
        List<Part> found = new ArrayList<>();
        for (Vma vma : mm.vmas().overlapping(start, end)) {
            Part part = wanted.test(vma) ? part(vma, start, end) : null;
            if (part != null) {
                found.add(part);
            }
        }
        return found;
    }

    /** What a range has of a mapping of an object; null if no object is mapped. */
    private static @Nullable Part part(Vma vma, long start, long end) {
        long from = Math.max(start, vma.start());
        long to = Math.min(end, vma.end());
        if (!(vma.part(from, to).backing() instanceof Backing.OfObject backing)) {
            return null;
        }
        backing.object().acquire();
        return new Part(backing.object(), backing.offset(), to - from, to);
    }

    private void requireMapped(String call, long start, long end) {
        lock.run(
                call,
                () -> {
                    mappings.requireMapped(call, start, end);
                    return end;
                });
    }
}
