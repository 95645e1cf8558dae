package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.IommuDriver;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A device that was attached to its IOMMU.
 *
 * @param attached the device under control
 * @param driver the driver of its IOMMU
 * @param byPasid who is bound; page faults find their address space here without a lock
 */
record ManagedDevice(
        AttachedDevice attached, IommuDriver driver, ConcurrentMap<Integer, Bond> byPasid) {

    ManagedDevice(AttachedDevice attached, IommuDriver driver) {
        this(attached, driver, new ConcurrentHashMap<>());
    }

    /** Two devices are the same only if they are one object. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
