package org.opensva.api.iommu;

/** Serves the page faults of a device: the SVA core. */
public interface PageFaultHandler {

    /**
     * Reports a complete group. The handler answers it exactly once through {@link
     * AttachedDevice#respond}, from this or another thread, now or later, on every path. The call
     * itself must not block on a page.
     *
     * @param device the device that wants the pages
     * @param group the group
     */
    void report(AttachedDevice device, PageFaultGroup group);
}
