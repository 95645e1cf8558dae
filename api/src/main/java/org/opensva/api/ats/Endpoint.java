package org.opensva.api.ats;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.telemetry.CounterSource;

/**
 * The bus interface of a device: its configuration space, its ATC and page request interface, and
 * the port that its engines use.
 *
 * <p>Reads and writes through the port use the ATC when ATS is enabled, ask for missing pages when
 * PRI is, and are plain untranslated requests otherwise.
 */
public interface Endpoint extends DeviceFunction, DmaPort, CounterSource, AutoCloseable {

    /**
     * Asks for the translations of a range ahead of any access, and keeps them in the ATC. No
     * memory is touched, nothing is waited for and no page is requested: what is not present stays
     * so. What was kept is invalidated like every other entry, and may be evicted like one, so that
     * a prefetch is never more than a hint. An endpoint need not support it; the default does not.
     *
     * <p>It asks for no more translations than its ATC holds. Asking ahead for writing is a wish to
     * write, and the IOMMU may mark the page dirty.
     *
     * @param pasid the PASID, or {@link org.opensva.api.iommu.Pasid#NONE}
     * @param access a set of {@link org.opensva.api.memory.Access} bits, at least one of READ,
     *     WRITE and EXECUTE
     * @param address first byte of the range
     * @param length size of the range in bytes, at least 0
     * @return true if each page of the range was in the ATC with these permissions at some moment
     *     of the call; false if prefetching is not supported or ATS is not enabled, if a page is
     *     absent, refused or for untranslated access only (pages before it may have been kept), or
     *     if the range needs more entries than there are
     * @throws IllegalArgumentException if the length is negative
     */
    default boolean prefetch(int pasid, int access, long address, long length) {
        return false;
    }

    /**
     * Counts the translations in the ATC that an access could use.
     *
     * @return entries that were not invalidated, exact only while nothing changes; 0 if there is no
     *     ATC, or if it cannot be looked into
     */
    default long cachedTranslations() {
        return 0;
    }

    /** Unplugs the device (hot removal): requests under way are stopped, waiting ones return. */
    @Override
    void close();
}
