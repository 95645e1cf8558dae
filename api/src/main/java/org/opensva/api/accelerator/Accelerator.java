package org.opensva.api.accelerator;

import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.Optional;

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
     * Opens a queue of a kind.
     *
     * @param process the process that opens
     * @param request what kind of queue
     * @return the open queue in state {@link QueueState#INIT}
     * @throws org.opensva.api.process.ErrnoException as {@link #open(SvaProcess)}, and {@code
     *     EOPNOTSUPP} if the device does not have such queues, {@code EINVAL} if the limit is above
     *     what a queue holds, or a part in the shared queue asks for a priority
     */
    default QueueHandle open(SvaProcess process, QueueRequest request) {
        if (request.equals(QueueRequest.DEDICATED)) {
            return open(process);
        }
        throw new ErrnoException(
                Errno.EOPNOTSUPP, "open(" + name() + ")", "there is one kind of queue only");
    }

    /**
     * The attributes of the device as files.
     *
     * @return present if {@link org.opensva.api.backend.Capability#SYSFS} is claimed
     */
    default Optional<SysfsTree> sysfs() {
        return Optional.empty();
    }

    /**
     * Resets the device while it may be in use (Linux: the file {@code reset} of a PCI function).
     * Open queues become {@link QueueState#ZOMBIE} with a status that tells why, jobs that have not
     * completed are {@link JobStatus#ABORTED}, whoever waits is woken, and the device has forgotten
     * every translation when the call returns. Queues can be opened then.
     *
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if the backend cannot reset
     *     devices, {@code ENODEV} if the device is gone, {@code EIO} if the reset failed, after
     *     which a device that can be isolated is
     */
    default void reset() {
        throw new ErrnoException(
                Errno.EOPNOTSUPP, "reset(" + name() + ")", "the device cannot be reset");
    }

    /**
     * Errors of the hardware, for tests.
     *
     * @return present if {@link org.opensva.api.backend.Capability#ERROR_INJECTION} is claimed
     */
    default Optional<ErrorInjection> errorInjection() {
        return Optional.empty();
    }

    /**
     * The virtual functions of the device.
     *
     * @return present if {@link org.opensva.api.backend.Capability#VIRTUAL_FUNCTIONS} is claimed
     *     and this is a physical function
     */
    default Optional<VirtualFunctions> virtualFunctions() {
        return Optional.empty();
    }

    /**
     * Removes the device while it may be in use (hot removal). Open queues become {@link
     * QueueState#ZOMBIE}.
     *
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if the backend cannot
     *     remove devices
     */
    void remove();
}
