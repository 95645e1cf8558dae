package org.opensva.linux.mm;

/**
 * Memory that is reached by a translated address: what a device's translation cache points at.
 *
 * <p>The caller holds its guard, and gives it up before it completes an invalidation of what led it
 * here.
 */
public interface TranslatedMemory {

    /**
     * Reads.
     *
     * @param offset first byte
     * @param target where the bytes go
     * @param from first index of the array
     * @param count number of bytes, at most 65536
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    long read(long offset, byte[] target, int from, int count);

    /**
     * Writes.
     *
     * @param offset first byte
     * @param source where the bytes come from
     * @param from first index of the array
     * @param count number of bytes, at most 65536
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    long write(long offset, byte[] source, int from, int count);
}
