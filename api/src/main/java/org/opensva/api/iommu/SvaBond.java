package org.opensva.api.iommu;

import org.opensva.api.process.AddressSpace;

/** One reference to the bond of an address space and a device. */
public interface SvaBond extends AutoCloseable {

    /**
     * What selects the address space in requests of the device.
     *
     * @return the PASID
     */
    Pasid pasid();

    /**
     * What the device translates through.
     *
     * @return the address space
     */
    AddressSpace addressSpace();

    /**
     * Gives the reference back; with the last one the PASID stops translating on this device. The
     * device must have stopped using the PASID. Closing again does nothing.
     */
    @Override
    void close();
}
