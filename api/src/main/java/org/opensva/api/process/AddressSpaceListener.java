package org.opensva.api.process;

import org.opensva.api.memory.AddressRange;

/**
 * Hears of changes to an address space: the MMU notifier ({@code
 * mmu_notifier_ops.arch_invalidate_secondary_tlbs} and {@code release} in Linux's {@code
 * include/linux/mmu_notifier.h}).
 */
public interface AddressSpaceListener {

    /**
     * Translations of a range have changed in the page tables: entries were removed, narrowed,
     * widened or replaced.
     *
     * <p>When this returns, no translation read from the old entries is cached anywhere below the
     * listener, and every access that used one has finished. Page-table pages of the range may be
     * freed afterwards, so intermediate entries must go too. Called with locks of the memory
     * management held: it must not wait for a page fault, and must not call back into the address
     * space.
     *
     * @param range half-open and not empty; {@link AddressRange#WHOLE} for everything
     */
    void invalidate(AddressRange range);

    /**
     * The last user is gone and every page will be freed next.
     *
     * <p>When this returns, no device reaches the address space. Its PASID still names it: that is
     * undone by unbinding. Called once; no {@link #invalidate} follows that the listener would have
     * to obey.
     */
    void release();
}
