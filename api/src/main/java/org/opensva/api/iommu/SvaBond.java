package org.opensva.api.iommu;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.telemetry.WorkInProgress;

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
     * Takes note of who knows which jobs the device is working at for this reference, until it is
     * given back: page requests and faults that the device causes are then told as those jobs'.
     * Called only where traces are recorded; what does not tell page requests ignores it.
     *
     * @param work who knows
     */
    default void follow(WorkInProgress work) {}

    /**
     * Gives the reference back; with the last one the PASID stops translating on this device. The
     * device must have stopped using the PASID. Closing again does nothing.
     */
    @Override
    void close();
}
