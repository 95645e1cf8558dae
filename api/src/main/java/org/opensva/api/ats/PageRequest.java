package org.opensva.api.ats;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;

/**
 * A Page Request message (section 10.4.1): make this page present.
 *
 * <p>A request that is Last and wants neither reading nor writing is a Stop Marker (section
 * 10.4.1.2.1).
 *
 * @param pasid the PASID that the message carries, or {@link Pasid#NONE}
 * @param address the virtual address of the page, a multiple of 4096
 * @param access a set of {@link Access} bits
 * @param groupIndex the PRG index, 0 to 511
 * @param last true if this is the last request of its group
 */
public record PageRequest(int pasid, long address, int access, int groupIndex, boolean last) {

    /** Checks the ranges. */
    public PageRequest {
        if (groupIndex < 0 || groupIndex > 511) {
            throw new IllegalArgumentException("PRG index " + groupIndex + " is not in 0..511");
        }
    }

    /**
     * Makes a Stop Marker.
     *
     * @param pasid the PASID whose use ends
     * @return the message
     */
    public static PageRequest stopMarker(int pasid) {
        return new PageRequest(pasid, 0, 0, 0, true);
    }

    /**
     * Tells whether this is a Stop Marker.
     *
     * @return true if it is Last and wants nothing
     */
    public boolean isStopMarker() {
        return last && pasid != Pasid.NONE && (access & (Access.READ | Access.WRITE)) == 0;
    }
}
