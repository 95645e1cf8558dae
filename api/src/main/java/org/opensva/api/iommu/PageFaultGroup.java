package org.opensva.api.iommu;

import java.util.List;

/**
 * Page faults that get one answer together: a page request group of PCI Express (all requests with
 * one PRG index, up to the one marked Last), or one stalled transaction of an SMMU.
 *
 * @param requester the device
 * @param pasid the PASID, or {@link Pasid#NONE}
 * @param tag what the answer must name: the PRG index, or the STAG of a stalled transaction
 * @param stalled true for a stalled transaction, false for a page request group
 * @param faults the pages in order of arrival, at least one
 */
public record PageFaultGroup(
        RequesterId requester, int pasid, int tag, boolean stalled, List<PageFault> faults) {

    /** Copies the list. */
    public PageFaultGroup {
        faults = List.copyOf(faults);
        if (faults.isEmpty()) {
            throw new IllegalArgumentException("a page fault group has at least one page");
        }
    }
}
