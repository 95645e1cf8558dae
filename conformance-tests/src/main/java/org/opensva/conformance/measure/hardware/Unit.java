package org.opensva.conformance.measure.hardware;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;

/** An IOMMU with one device, two address spaces, and its queue of invalidations. */
interface Unit extends AutoCloseable {

    /** The address space that is measured. */
    int PASID = 1;

    /** An address space that holds nothing. */
    int OTHER = 2;

    /** Where the pages are. */
    long START = 0x10_0000_0000L;

    /** Where pages come and go; nothing is mapped there at first. */
    long COMING = 0x20_0000_0000L;

    /** How many pages a range has. */
    int RANGE = 512;

    /** The device's way in. */
    AgentPort port();

    /** Maps a page of the measured address space, as a driver does: its tables are walked. */
    void map(long address);

    /** Takes it away from the tables. */
    void unmap(long address);

    /** Invalidates one page of an address space and waits until that is complete. */
    void invalidatePage(int space, long address);

    /** Invalidates an address space and waits until that is complete. */
    void invalidateSpace(int space);

    /** Invalidates {@link #RANGE} pages of an address space and waits until that is complete. */
    void invalidateRange(int space, long address);

    /** Invalidates everything and waits until that is complete. */
    void invalidateAll();

    @Override
    void close();

    /**
     * Makes a unit.
     *
     * @param iommu {@code smmuv3} or {@code vtd}
     * @param nested whether a hypervisor's tables translate what the first ones give
     * @param pages how many pages are mapped
     * @param iotlb capacity of the IOTLB
     */
    static Unit of(String iommu, boolean nested, int pages, int iotlb) {
        return switch (iommu) {
            case "smmuv3" -> new SmmuUnit(nested, pages, iotlb);
            case "vtd" -> new VtdUnit(nested, pages, iotlb);
            default -> throw new IllegalArgumentException("there is no IOMMU '" + iommu + "'");
        };
    }

    /** A device that is never asked anything. */
    record Mute() implements DevicePort {
        @Override
        public void invalidate(InvalidateRequest request) {
            // It has no ATC.
        }

        @Override
        public void respond(PageGroupResponse response) {
            // It asks for nothing.
        }
    }
}
