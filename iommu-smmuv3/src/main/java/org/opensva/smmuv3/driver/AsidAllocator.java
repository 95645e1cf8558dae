package org.opensva.smmuv3.driver;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.BitSet;

/**
 * Hands out address-space tags. Whoever returns one has flushed it from every TLB first (Linux:
 * {@code arm_smmu_sva_domain_free}), and numbers are taken in a cycle, so that a late invalidation
 * of a former owner rarely hits a new one.
 */
final class AsidAllocator {

    private final BitSet used = new BitSet();
    private final int limit;
    private int next = 1;

    /**
     * Creates an allocator.
     *
     * @param bits 8 or 16 (SMMU_IDR0.ASID16)
     */
    AsidAllocator(int bits) {
        this.limit = 1 << bits;
        used.set(0);
    }

    synchronized int allocate() {
        int asid = used.nextClearBit(next);
        if (asid >= limit) {
            asid = used.nextClearBit(1);
        }
        if (asid >= limit) {
            throw new ErrnoException(
                    Errno.ENOSPC, "allocate an ASID", "all " + (limit - 1) + " are in use");
        }
        used.set(asid);
        next = asid + 1 == limit ? 1 : asid + 1;
        return asid;
    }

    synchronized void free(int asid) {
        used.clear(asid);
    }
}
