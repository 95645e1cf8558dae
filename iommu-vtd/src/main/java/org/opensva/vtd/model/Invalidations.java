package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.concurrent.atomic.LongAdder;

/**
 * Invalidation of the unit's own caches, whichever way software asks for it: through the queue,
 * through registers, or by setting a table pointer (sections 6.2 and 6.5). Entries are gone when a
 * method returns; requests that took them before are over when {@link #drain} returns.
 */
final class Invalidations {

    private final TranslationUnit translation;
    private final InterruptEntryCache interruptEntries;
    private final Devices devices;
    private final int domainMask;
    private final boolean pageSelective;
    private final LongAdder iotlb = new LongAdder();

    /**
     * Whether anything has been dropped since the queue waited last. The queue's, and who else
     * drops anything waits for itself.
     */
    private boolean dirty;

    Invalidations(
            VtdProfile profile,
            TranslationUnit translation,
            InterruptEntryCache interruptEntries,
            Devices devices) {
        this.translation = translation;
        this.interruptEntries = interruptEntries;
        this.devices = devices;
        // Domain id bits beyond CAP.ND are not implemented.
        domainMask = (1 << Cap.domainIdBits(profile.capability())) - 1;
        pageSelective = profile.cap(Cap.PSI);
    }

    void contextCache(int granularity, int domain, int source, int functionMask) {
        translation.invalidateContext(granularity, domain & domainMask, source, functionMask);
        dirty = true;
    }

    void pasidCache(int granularity, int domain, int pasid) {
        translation.invalidatePasid(granularity, domain & domainMask, pasid);
        dirty = true;
    }

    /**
     * IOTLB invalidation.
     *
     * @return the granularity that was performed: without CAP.PSI pages become their domain
     */
    int iotlb(int granularity, int domain, long address, int addressMask, boolean leafOnly) {
        int performed =
                granularity == InvalidationDescriptor.IOTLB_PAGE && !pageSelective
                        ? InvalidationDescriptor.IOTLB_DOMAIN
                        : granularity;
        translation.invalidateIotlb(performed, domain & domainMask, address, addressMask, leafOnly);
        iotlb.increment();
        dirty = true;
        return performed;
    }

    void pasidIotlb(
            int granularity,
            int domain,
            int pasid,
            long address,
            int addressMask,
            boolean leafOnly) {
        translation.invalidatePasidIotlb(
                granularity, domain & domainMask, pasid, address, addressMask, leafOnly);
        iotlb.increment();
        dirty = true;
    }

    void interruptEntries() {
        interruptEntries.invalidateAll();
    }

    void interruptEntries(int index, int indexMask) {
        interruptEntries.invalidate(index, indexMask);
    }

    /** Returns once no request uses what the queue has dropped; for the queue alone. */
    void drain() {
        if (dirty) {
            dirty = false;
            devices.drain();
        }
    }

    /** Returns once every request that is under way now has ended. */
    void drainAll() {
        devices.drain();
    }

    /** How many IOTLB invalidations there were. */
    long iotlbInvalidations() {
        return iotlb.sum();
    }
}
