package com.acme.sva;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The mappings of an address space by address. All ranges are half-open and page-aligned. Not
 * thread-safe: the address space's lock guards it.
 */
final class VmaTree {

    /** The lowest address that can be mapped: null pointers must fault. */
    static final long LOWEST = 0x1_0000;

    /** The end of the process's half of the addresses; what is above belongs to the kernel. */
    static final long END = 0x7fff_ffff_f000L;

    private static final long PREFERRED = 0x10_0000_0000L;

    private final AcmeAddressSpace owner;
    private final NavigableMap<Long, Vma> byStart = new TreeMap<>();

    VmaTree(AcmeAddressSpace owner) {
        this.owner = owner;
    }

    /** The mapping that holds an address: exactly, no stack grows here. */
    @Nullable Vma find(long address) {
        Map.Entry<Long, Vma> below = byStart.floorEntry(address);
        return below != null && address < below.getValue().end() ? below.getValue() : null;
    }

    List<Vma> all() {
        return List.copyOf(byStart.values());
    }

    void add(Vma vma) {
        if (vma.object() != null) {
            vma.object().mappedBy(owner);
        }
        byStart.put(vma.start(), vma);
    }

    private void drop(Vma vma) {
        byStart.remove(vma.start(), vma);
        if (vma.object() != null) {
            vma.object().unmappedBy(owner);
        }
    }

    void remove(long start, long end) {
        within(start, end).forEach(this::drop);
    }

    void change(long start, long end, UnaryOperator<Vma> change) {
        for (Vma vma : within(start, end)) {
            byStart.put(vma.start(), change.apply(vma));
        }
    }

    /** Cuts mappings at both ends of a range, and returns what lies in it. */
    private List<Vma> within(long start, long end) {
        cutAt(start);
        cutAt(end);
        return List.copyOf(byStart.subMap(start, end).values());
    }

    private void cutAt(long address) {
        Vma vma = find(address);
        if (vma != null && vma.start() < address) {
            // Both halves first: the object must not lose its last mapping in between.
            Vma head = vma.part(vma.start(), address);
            Vma tail = vma.part(address, vma.end());
            add(tail);
            byStart.put(head.start(), head);
        }
    }

    /** Tells whether every address of a range is mapped. */
    boolean covers(long start, long end) {
        for (long at = start; at < end; ) {
            Vma vma = find(at);
            if (vma == null) {
                return false;
            }
            at = vma.end();
        }
        return true;
    }

    /** Tells whether no address of a range is mapped and the process may map all of it. */
    boolean isFree(long start, long end) {
        Map.Entry<Long, Vma> below = byStart.lowerEntry(end);
        return start >= LOWEST
                && end <= END
                && start < end
                && (below == null || below.getValue().end() <= start);
    }

    /** The lowest free place of a size, or 0 if there is none. */
    long gap(long length) {
        long at = PREFERRED;
        for (Vma vma : byStart.tailMap(Frame.pageOf(PREFERRED), true).values()) {
            if (vma.start() - at >= length) {
                return at;
            }
            at = vma.end();
        }
        return END - at >= length ? at : 0;
    }
}
