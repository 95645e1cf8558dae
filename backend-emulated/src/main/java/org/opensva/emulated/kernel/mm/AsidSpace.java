package org.opensva.emulated.kernel.mm;

import java.util.BitSet;

/**
 * The ASIDs of a machine. Unlike Linux, which gives every address space one and starts a new
 * generation when there are none left, address spaces get one when an IOMMU asks for it: those are
 * the ASIDs that Linux pins, and which outlive a generation ({@code arm64_mm_context_get}).
 */
final class AsidSpace {

    private final ProcessorTlbs tlbs;
    private final BitSet used = new BitSet();

    /** Taken in a cycle, so that a number that was given back rests. */
    private int next = 1;

    AsidSpace(ProcessorTlbs tlbs) {
        this.tlbs = tlbs;
    }

    ProcessorTlbs tlbs() {
        return tlbs;
    }

    /** Takes a number, 0 if none is free. */
    synchronized int take() {
        int found = used.nextClearBit(next);
        if (found >= tlbs.asids()) {
            found = used.nextClearBit(1);
        }
        if (found >= tlbs.asids()) {
            return 0;
        }
        used.set(found);
        next = found + 1;
        return found;
    }

    /** Gives a number back that no TLB holds any more. */
    synchronized void giveBack(int asid) {
        used.clear(asid);
    }

    synchronized int count() {
        return used.cardinality();
    }
}
