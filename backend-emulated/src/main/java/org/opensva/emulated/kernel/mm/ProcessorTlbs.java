package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;

/**
 * How the processors of a machine maintain their TLBs: by instructions that are broadcast to every
 * processor, and to IOMMUs that take part (Arm: TLBI of the inner shareable domain, and DSB).
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface ProcessorTlbs {

    /** Processors whose TLB maintenance reaches no IOMMU: no address space shares its ASID. */
    ProcessorTlbs UNSHARED =
            new ProcessorTlbs() {
                @Override
                public int asids() {
                    return 1;
                }

                @Override
                public void invalidate(int asid, AddressRange range, boolean lastLevelOnly) {}

                @Override
                public void synchronize() {}
            };

    /**
     * How many ASIDs there are. Number 0 belongs to nobody (Linux: the ASID of the reserved table).
     *
     * @return 1 if none can be shared, at most 65536
     */
    int asids();

    /**
     * Broadcasts that translations of an address space are to be forgotten; {@link #synchronize}
     * waits for it.
     *
     * @param asid 1 to {@code asids() - 1}
     * @param range the addresses, {@link AddressRange#WHOLE} for all of the address space
     * @param lastLevelOnly whether cached table descriptors may stay
     */
    void invalidate(int asid, AddressRange range, boolean lastLevelOnly);

    /** Waits until nobody uses what was to be forgotten before. */
    void synchronize();
}
