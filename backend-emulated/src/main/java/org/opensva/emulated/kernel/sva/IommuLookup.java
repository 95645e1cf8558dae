package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;

import java.util.Optional;

/** Knows which IOMMU a device is behind, as firmware tables do. */
@FunctionalInterface
public interface IommuLookup {

    /**
     * Finds the IOMMU of a device.
     *
     * @param function the device
     * @return its driver, or empty if the device is not behind any
     */
    Optional<IommuDriver> behind(DeviceFunction function);
}
