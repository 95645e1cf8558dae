package org.opensva.api.ats;

import org.opensva.api.iommu.Pasid;

/**
 * An Invalidate Request message (section 10.3.1): drop what you cached of this range.
 *
 * <p>Dropping more than asked is always allowed; a message without a PASID is best taken as one
 * about every PASID.
 *
 * @param itag the tag that the completion names, 0 to 31
 * @param pasid the PASID that the message carries, or {@link Pasid#NONE}
 * @param address first byte of the range, aligned to its size
 * @param sizeShift size of the range as a power of two, 12 to 64; 64 is everything
 * @param global with a PASID: entries marked global are meant too (Global Invalidate)
 */
public record InvalidateRequest(int itag, int pasid, long address, int sizeShift, boolean global) {

    /** Checks the ranges. */
    public InvalidateRequest {
        if (itag < 0 || itag > 31) {
            throw new IllegalArgumentException("ITag " + itag + " is not in 0..31");
        }
        if (sizeShift < 12 || sizeShift > 64) {
            throw new IllegalArgumentException("size 2^" + sizeShift + " is not in 2^12..2^64");
        }
    }

    /**
     * Tells whether an address is in the range.
     *
     * @param candidate a virtual address
     * @return true if it is
     */
    public boolean covers(long candidate) {
        return sizeShift == 64 || (candidate ^ address) >>> sizeShift == 0;
    }
}
