package org.opensva.linux.iommu;

import org.opensva.api.iommu.Pasid;

import java.util.BitSet;

/**
 * The PASIDs of a backend: one space for all devices (Linux: {@code iommu_global_pasid_ida}). A
 * number that was given back is used again as late as possible.
 */
final class PasidSpace {

    private final BitSet used = new BitSet();
    private final int limit;
    private int next = 1;

    /**
     * Creates the space.
     *
     * @param limit the first number that is too large
     */
    PasidSpace(int limit) {
        this.limit = Math.min(limit, Pasid.MAX);
        used.set(0);
    }

    /**
     * Takes a number.
     *
     * @return the number, or -1 if there is none
     */
    synchronized int allocate() {
        int found = used.nextClearBit(next);
        if (found >= limit) {
            found = used.nextClearBit(1);
        }
        if (found >= limit) {
            return -1;
        }
        used.set(found);
        next = found + 1;
        return found;
    }

    synchronized void free(int pasid) {
        used.clear(pasid);
    }

    synchronized int count() {
        return used.cardinality() - 1;
    }
}
