package org.opensva.uacce;

import org.opensva.api.ats.Endpoint;

/**
 * Where the virtual functions of a device are plugged in: what the platform knows of them.
 *
 * <p><b>Threading.</b> Called by one thread at a time.
 */
public interface VirtualFunctionSlots {

    /**
     * How many there can be ({@code TotalVFs} of the SR-IOV capability, PCI Express Base 6.x
     * section 9.3.3.5).
     *
     * @return at least 1
     */
    int total();

    /**
     * The name of the node of a virtual function.
     *
     * @param index 0 to {@link #total} - 1
     * @return a name that no other present device has
     */
    String name(int index);

    /**
     * Makes the bus interface of a virtual function and attaches it to its IOMMU, with PASIDs
     * enabled.
     *
     * @param index 0 to {@link #total} - 1
     * @return the bus interface, with a requester id of its own; closed with the device
     */
    Endpoint plug(int index);

    /**
     * A virtual function has gone: it is to be detached from its IOMMU.
     *
     * @param index 0 to {@link #total} - 1
     * @param endpoint what {@link #plug} returned, closed by now
     */
    void unplugged(int index, Endpoint endpoint);
}
