package com.acme.sva;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.BitSet;

/**
 * The PASIDs of the whole machine. There is one pool for all devices, so that no two live address
 * spaces ever share a number. 0 means "no PASID" and all-ones is invalid; neither is given out.
 *
 * <p>The lowest free number is next: a number that is free too early is reused at once, and the
 * mistake shows.
 */
final class PasidPool {

    private static final int FIRST = 1;
    private static final int LAST = Pasid.MAX - 1;

    private final BitSet taken = new BitSet();

    synchronized Pasid allocate() {
        int number = taken.nextClearBit(FIRST);
        if (number > LAST) {
            throw new ErrnoException(Errno.ENOSPC, "bind", "all PASIDs are taken");
        }
        taken.set(number);
        return new Pasid(number);
    }

    synchronized void release(Pasid pasid) {
        taken.clear(pasid.value());
    }

    synchronized int inUse() {
        return taken.cardinality();
    }
}
