package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The mappings of an address space by address. Keeps the references of backings in step: each
 * mapping in the tree holds one. Who takes a mapping out gets its reference.
 */
final class VmaTree {

    private final ProcessAddressSpace owner;
    private final Geometry geometry;
    private final long lowest;
    private final TreeMap<Long, Vma> byStart = new TreeMap<>();

    /**
     * Below this address the search for room begins. It only goes down, and back to the top at the
     * end: like PASIDs, addresses are given out again as late as possible.
     */
    private long hint;

    VmaTree(ProcessAddressSpace owner, Geometry geometry, long lowest) {
        this.owner = owner;
        this.geometry = geometry;
        this.lowest = lowest;
        this.hint = top() - (spread(owner.id()) << geometry.pageShift());
    }

    /** Another place for each address space, the same in each run: 0 to 2^22 pages. */
    private static long spread(long id) {
        return (id * 0x9E37_79B9_7F4A_7C15L) >>> 42;
    }

    /** Above it nothing is placed: a guard below the end, as below a stack. */
    private long top() {
        return geometry.limit() - (1L << 32);
    }

    Collection<Vma> all() {
        return byStart.values();
    }

    @Nullable Vma find(long address) {
        Map.Entry<Long, Vma> entry = byStart.floorEntry(address);
        return entry != null && address < entry.getValue().end() ? entry.getValue() : null;
    }

    /** The mappings that touch a range, in order. */
    List<Vma> overlapping(long start, long end) {
        if (start >= end) {
            return List.of();
        }
        List<Vma> found = new ArrayList<>();
        // Mostly there is one, for which a view of the tree would cost more.
        Vma vma = find(start);
        for (vma = vma == null ? above(start) : vma;
                vma != null && vma.start() < end;
                vma = above(vma.start())) {
            found.add(vma);
        }
        return found;
    }

    /** Goes on with room where another address space does. */
    void continueAfter(VmaTree other) {
        hint = other.hint;
    }

    boolean isFree(long start, long end) {
        Map.Entry<Long, Vma> before = byStart.lowerEntry(end);
        return before == null || before.getValue().end() <= start;
    }

    /** As {@link #isFree}, with the gap below a stack left alone (Linux: {@code vm_start_gap}). */
    boolean isRoom(long start, long end) {
        return isFree(start, end) && end <= placesEnd(byStart.ceilingEntry(end));
    }

    /** The mapping that begins nearest above an address; null if there is none. */
    @Nullable Vma above(long address) {
        Map.Entry<Long, Vma> entry = byStart.higherEntry(address);
        return entry == null ? null : entry.getValue();
    }

    /** The mapping that ends nearest below an address, or at it; null if there is none. */
    @Nullable Vma below(long address) {
        Map.Entry<Long, Vma> entry = byStart.lowerEntry(address);
        return entry == null ? null : entry.getValue();
    }

    /** A mapping gets another beginning below; nothing else is there. */
    void growDown(Vma vma, long newStart) {
        byStart.remove(vma.start());
        insert(vma.grownDown(newStart));
    }

    /** Where what is placed below a mapping must end. */
    private long placesEnd(Map.@Nullable Entry<Long, Vma> next) {
        if (next == null) {
            return Long.MAX_VALUE;
        }
        long start = next.getKey();
        return next.getValue().has(Vma.GROWS_DOWN) ? Math.max(0, start - stackGap()) : start;
    }

    /** Linux: {@code stack_guard_gap}, 256 pages. */
    long stackGap() {
        return 256L << geometry.pageShift();
    }

    /** Is every page of a range mapped? */
    boolean covers(long start, long end) {
        long at = start;
        while (at < end) {
            Vma vma = find(at);
            if (vma == null) {
                return false;
            }
            at = vma.end();
        }
        return true;
    }

    /** Adds a mapping whose reference the caller holds, and merges it with its neighbours. */
    void insert(Vma vma) {
        Vma merged = vma;
        Map.Entry<Long, Vma> before = byStart.lowerEntry(vma.start());
        if (before != null && before.getValue().mergesWith(merged)) {
            merged = before.getValue().withEnd(merged.end());
            dropReference(vma.backing());
        }
        Vma after = byStart.get(merged.end());
        if (after != null && merged.mergesWith(after)) {
            byStart.remove(after.start());
            merged = merged.withEnd(after.end());
            dropReference(after.backing());
        }
        byStart.put(merged.start(), merged);
    }

    /** Takes the parts inside a range out, splitting mappings at its bounds. */
    List<Vma> remove(long start, long end) {
        List<Vma> removed = new ArrayList<>();
        for (Vma vma : overlapping(start, end)) {
            removed.add(isolate(vma, Math.max(start, vma.start()), Math.min(end, vma.end())));
        }
        return removed;
    }

    private Vma isolate(Vma vma, long from, long to) {
        byStart.remove(vma.start());
        if (vma.start() < from) {
            acquire(vma.backing());
            byStart.put(vma.start(), vma.part(vma.start(), from));
        }
        if (to < vma.end()) {
            acquire(vma.backing());
            byStart.put(to, vma.part(to, vma.end()));
        }
        return vma.part(from, to);
    }

    /** Finds room as high as possible; -1 if there is none. */
    long findRoom(long length) {
        return findRoom(length, geometry.pageBytes());
    }

    /** As {@link #findRoom(long)}, at a multiple of a power of two. */
    long findRoom(long length, long alignment) {
        long found = searchBelow(hint, length, alignment);
        if (found < 0) {
            found = searchBelow(top(), length, alignment);
        }
        if (found >= 0) {
            hint = found;
        }
        return found;
    }

    private long searchBelow(long from, long length, long alignment) {
        long end = Math.min(from, placesEnd(byStart.ceilingEntry(from)));
        while (true) {
            long start = end - length & -alignment;
            if (start < lowest) {
                return -1;
            }
            Map.Entry<Long, Vma> before = byStart.lowerEntry(end);
            if (before == null || before.getValue().end() <= start) {
                return start;
            }
            end = placesEnd(before);
        }
    }

    /** Takes a reference to a backing for one more mapping of the owner. */
    void acquire(Backing backing) {
        switch (backing) {
            case Backing.Anonymous a -> {}
            case Backing.OfObject o -> o.object().map(owner);
            case Backing.OfDevice d -> d.area().acquire();
        }
    }

    /** Gives a reference back that is known not to be the last one. */
    private void dropReference(Backing backing) {
        if (backing instanceof Backing.OfObject o) {
            o.object().unmap(owner);
        }
    }
}
