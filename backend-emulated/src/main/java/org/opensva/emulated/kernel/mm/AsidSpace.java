package org.opensva.emulated.kernel.mm;

import org.opensva.emulated.kernel.NumberSpace;

/**
 * The ASIDs of a machine. Unlike Linux, which gives every address space one and starts a new
 * generation when there are none left, address spaces get one when an IOMMU asks for it: those are
 * the ASIDs that Linux pins, and which outlive a generation ({@code arm64_mm_context_get}).
 */
final class AsidSpace {

    private final ProcessorTlbs tlbs;
    private final NumberSpace numbers;

    AsidSpace(ProcessorTlbs tlbs) {
        this.tlbs = tlbs;
        this.numbers = new NumberSpace(1, Math.max(2, tlbs.asids()));
    }

    ProcessorTlbs tlbs() {
        return tlbs;
    }

    /** Takes a number, 0 if none is free. */
    int take() {
        return Math.max(0, numbers.take(tlbs.asids()));
    }

    /** Gives a number back that no TLB holds any more. */
    void giveBack(int asid) {
        numbers.giveBack(asid);
    }

    int count() {
        return numbers.count();
    }
}
