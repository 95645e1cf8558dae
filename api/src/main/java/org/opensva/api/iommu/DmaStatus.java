package org.opensva.api.iommu;

/** How a device's memory access ended, as the device can know it. */
public enum DmaStatus {
    /** All bytes were moved. */
    COMPLETE,
    /**
     * The address has no translation that allows the access, and the device cannot ask for one, or
     * was told that asking is pointless (page response Invalid Request).
     */
    NOT_PERMITTED,
    /**
     * The page could not be made present for another reason: page response Response Failure, or
     * retries without progress.
     */
    PAGE_REQUEST_FAILED,
    /**
     * The request was aborted by the IOMMU or by the bus: Unsupported Request or Completer Abort.
     */
    ABORTED,
    /** The device itself gave the access up: its PASID was stopped, or it is gone. */
    STOPPED;

    private static final DmaStatus[] VALUES = values();

    static DmaStatus of(int ordinal) {
        return VALUES[ordinal];
    }
}
