package org.opensva.api.iommu;

import org.opensva.api.process.AddressSpace;

/**
 * Binds address spaces to devices: the vendor-neutral SVA core (Linux: {@code
 * iommu_sva_bind_device}).
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface SvaBinder {

    /**
     * Binds an address space to a device, or takes another reference if it is bound already: the
     * same address space on the same device gives the same PASID, on another device the same PASID
     * in an attachment of its own.
     *
     * @param function a device that has been attached to its IOMMU
     * @param addressSpace the address space
     * @return one reference to the bond
     * @throws org.opensva.api.process.ErrnoException {@code ENODEV} if the device is not behind an
     *     IOMMU, {@code EBUSY}, {@code EINVAL} if the address space is dying, {@code ENOSPC} if
     *     there is no PASID left or the device has none, {@code EOVERFLOW} if the PASID does not
     *     fit the device, {@code EOPNOTSUPP}, {@code ENOMEM}; nothing is changed then
     */
    SvaBond bind(DeviceFunction function, AddressSpace addressSpace);
}
