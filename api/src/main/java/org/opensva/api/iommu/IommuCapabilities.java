package org.opensva.api.iommu;

import org.opensva.api.process.PageTableFormat;

import java.util.Set;

/**
 * What an IOMMU, with its driver, can do for SVA.
 *
 * @param name for messages, for example {@code smmuv3}
 * @param pasidBits width of the PASIDs it translates, 0 to 20
 * @param formats the page-table formats it can walk
 * @param ats true if it serves translation requests
 * @param pri true if it takes page requests
 * @param stall true if it can stall a faulting transaction and resume it
 */
public record IommuCapabilities(
        String name,
        int pasidBits,
        Set<PageTableFormat> formats,
        boolean ats,
        boolean pri,
        boolean stall) {

    /** Copies the set. */
    public IommuCapabilities {
        formats = Set.copyOf(formats);
    }
}
