package org.opensva.api.telemetry;

/** Where something happens: the lanes of a timeline, from the process down to the device. */
public enum Lane {
    /** A process and its calls. */
    PROCESS("process"),
    /** The kernel: memory management, the SVA core, the handler of page requests. */
    KERNEL("kernel"),
    /** The command or invalidation queue of the IOMMU. */
    IOMMU_QUEUE("iommu.queue"),
    /** The address translation caches of devices. */
    ATC("atc"),
    /** The queues and engines of a device. */
    DEVICE("device");

    private final String id;

    Lane(String id) {
        this.id = id;
    }

    /**
     * The value of {@link SvaAttributes#LANE}.
     *
     * @return lower case, dotted
     */
    public String id() {
        return id;
    }
}
