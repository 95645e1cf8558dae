package org.opensva.api.iommu;

import org.opensva.api.process.AddressSpace;

import java.util.function.Consumer;

/**
 * The driver of an IOMMU, as the vendor-neutral SVA core uses it (Linux: {@code iommu_ops}).
 *
 * <p>A driver programs its hardware only through registers and memory. It subscribes to the address
 * spaces of its domains itself.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface IommuDriver extends AutoCloseable {

    /**
     * What the IOMMU can do.
     *
     * @return fixed for the life of the driver
     */
    IommuCapabilities capabilities();

    /**
     * Takes control of a device: configures its stream or context entry, and enables PASID, ATS and
     * PRI as far as both sides can. Requests without PASID are blocked.
     *
     * @param function the device
     * @param faults who serves its page faults
     * @return the device under control
     * @throws org.opensva.api.process.ErrnoException {@code EBUSY} if it is attached already,
     *     {@code ENODEV}, {@code ENOMEM}
     */
    AttachedDevice attach(DeviceFunction function, PageFaultHandler faults);

    /**
     * Makes a domain for an address space and subscribes to its changes.
     *
     * @param addressSpace an address space with users
     * @return the domain, with no device yet
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if its page tables cannot
     *     be walked by this IOMMU, {@code EINVAL} if it is dying, {@code ENOSPC} if the IOMMU has
     *     no tag left
     */
    SvaDomain createDomain(AddressSpace addressSpace);

    /**
     * Listens to fault records that are not page faults to be served.
     *
     * @param listener called from the driver's thread; must not block
     */
    void onFault(Consumer<FaultRecord> listener);

    /** Stops the IOMMU: every request is aborted from here on. */
    @Override
    void close();
}
