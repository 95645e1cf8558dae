package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.IommuDriver;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** A device that was attached to its IOMMU. */
final class ManagedDevice {

    private final AttachedDevice attached;
    private final IommuDriver driver;
    private final ConcurrentMap<Integer, Bond> byPasid = new ConcurrentHashMap<>();

    ManagedDevice(AttachedDevice attached, IommuDriver driver) {
        this.attached = attached;
        this.driver = driver;
    }

    /** The device under control. */
    AttachedDevice attached() {
        return attached;
    }

    /** The driver of its IOMMU. */
    IommuDriver driver() {
        return driver;
    }

    /** Who is bound; page faults find their address space here without a lock. */
    ConcurrentMap<Integer, Bond> byPasid() {
        return byPasid;
    }
}
