package org.opensva.api.accelerator;

import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.SvaProcess;

/**
 * An accelerator that processes open: a device node.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface Accelerator {

    /**
     * The name of the node.
     *
     * @return {@code <driver>-<id>}, for example {@code zip-0}
     */
    String name();

    /**
     * Who the device is on the bus.
     *
     * @return the requester id
     */
    RequesterId requester();

    /**
     * What the device says about itself.
     *
     * @return its attributes
     */
    AcceleratorInfo info();

    /**
     * How many queues can be opened now ({@code available_instances}).
     *
     * @return 0 to {@link AcceleratorInfo#instances}
     */
    int availableInstances();

    /**
     * Opens a queue on behalf of a process: binds its address space and takes a hardware queue. The
     * descriptor is close-on-exec.
     *
     * @param process the process that opens
     * @return the open queue in state {@link QueueState#INIT}
     * @throws org.opensva.api.process.ErrnoException {@code ENODEV} if the device is gone, {@code
     *     EBUSY} if no queue is left, {@code ENOMEM}, or what binding answers
     */
    QueueHandle open(SvaProcess process);

    /**
     * Removes the device while it may be in use (hot removal). Open queues become {@link
     * QueueState#ZOMBIE}.
     *
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if the backend cannot
     *     remove devices
     */
    void remove();
}
