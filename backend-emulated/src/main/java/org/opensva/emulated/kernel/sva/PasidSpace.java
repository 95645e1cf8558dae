package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.Pasid;

import java.util.BitSet;

/**
 * The PASIDs of the machine: one space for all devices (Linux: {@code iommu_global_pasid_ida}).
 *
 * <p>Numbers are handed out in a circle, so that one that was just given back is used again as late
 * as possible: what is late with an old number has the longest time to show.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class PasidSpace {

    private final BitSet used = new BitSet();
    private int next = 1;
    private int count;

    /**
     * Takes a number in 1 to {@code limit - 1}.
     *
     * @return the number, or -1 if there is none
     */
    synchronized int allocate(int limit) {
        int end = Math.min(limit, Pasid.MAX);
        if (end <= 1) {
            return -1;
        }
        int found = used.nextClearBit(next < end ? next : 1);
        if (found >= end) {
            found = used.nextClearBit(1);
            if (found >= end) {
                return -1;
            }
        }
        used.set(found);
        count++;
        next = found + 1;
        return found;
    }

    synchronized void free(int pasid) {
        if (!used.get(pasid)) {
            throw new IllegalStateException("PASID " + pasid + " is free already");
        }
        used.clear(pasid);
        count--;
    }

    synchronized int count() {
        return count;
    }
}
