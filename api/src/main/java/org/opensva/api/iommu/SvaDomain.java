package org.opensva.api.iommu;

import org.opensva.api.process.AddressSpace;

import java.util.OptionalInt;

/**
 * The translation of one address space in one IOMMU, shared by the devices that are bound to it
 * there. It owns the tag (ASID, or domain id) and the subscription to the address space.
 */
public interface SvaDomain extends AutoCloseable {

    /**
     * The address space.
     *
     * @return what the domain was made for
     */
    AddressSpace addressSpace();

    /**
     * What the IOTLB knows the address space by, where that is not the PASID.
     *
     * @return the ASID, or the domain id of VT-d; empty if the PASID alone is the tag
     */
    default OptionalInt asid() {
        return OptionalInt.empty();
    }

    /**
     * Frees the domain. No PASID may be bound to it any more. The tag is flushed before it can be
     * used again.
     */
    @Override
    void close();
}
