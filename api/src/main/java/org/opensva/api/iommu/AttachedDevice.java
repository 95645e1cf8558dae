package org.opensva.api.iommu;

/**
 * A device under the control of an {@link IommuDriver}.
 *
 * <p><b>Threading.</b> Any thread may call; calls for one device are ordered by the implementation.
 */
public interface AttachedDevice extends AutoCloseable {

    /**
     * The device.
     *
     * @return what was attached
     */
    DeviceFunction function();

    /**
     * How many PASIDs the device and the IOMMU can have together; valid ones are 1 to this number
     * minus 1.
     *
     * @return 0 if none
     */
    int maxPasids();

    /**
     * Tells whether a fault can be served and the access go on.
     *
     * @return true with PRI, or with stalls
     */
    boolean recoversFaults();

    /**
     * Makes a PASID translate through an address space (Linux: {@code set_dev_pasid}). The device
     * is told of changes before the entry becomes valid, and the entry becomes valid only when
     * complete. A refusal leaves no trace.
     *
     * @param pasid 1 to {@link #maxPasids} minus 1
     * @param domain what {@link IommuDriver#createDomain} made
     * @throws org.opensva.api.process.ErrnoException {@code EBUSY} if the PASID is in use, {@code
     *     EINVAL} if it is out of range or the address space is dying, {@code EOPNOTSUPP}, {@code
     *     ENOMEM}
     */
    void bind(Pasid pasid, SvaDomain domain);

    /**
     * Makes a PASID stop translating (Linux: {@code remove_dev_pasid}). When the call returns,
     * accesses with the PASID are aborted, no translation of it is cached in the IOMMU or in the
     * device, and no fault of it is pending in the hardware's queue.
     *
     * @param pasid a PASID that is bound
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} if it is not
     */
    void unbind(Pasid pasid);

    /**
     * Answers a page fault group, exactly once.
     *
     * @param group what was reported
     * @param response the answer
     */
    void respond(PageFaultGroup group, PageResponse response);

    /** Detaches the device: all its requests are blocked, pending groups are answered. */
    @Override
    void close();
}
