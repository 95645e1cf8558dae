package org.opensva.api.accelerator;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.List;

/**
 * An open queue as one process holds it: a file descriptor, and the user library's state for it.
 *
 * <p>A queue is bound to the address space of the process that opened it, for ever. A handle that
 * another process got by fork or by passing is <em>foreign</em> there: what it may do is the
 * backend's declared policy, and it never acts on the address space of its holder.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface QueueHandle extends AutoCloseable {

    /**
     * The device.
     *
     * @return what was opened
     */
    Accelerator accelerator();

    /**
     * The process that holds this descriptor.
     *
     * @return not necessarily the one that opened the queue
     */
    SvaProcess holder();

    /**
     * The descriptor in the holder's file table.
     *
     * @return 0 or more
     */
    int fd();

    /**
     * The state of the queue.
     *
     * @return {@link QueueState#ZOMBIE} once it is dead
     */
    QueueState state();

    /**
     * The PASID that the device uses for this queue.
     *
     * @return the PASID of the opener's address space
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if the backend does not
     *     show it
     */
    Pasid pasid();

    /**
     * Starts the queue ({@code UACCE_CMD_START_Q}).
     *
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} if it is not in state {@link
     *     QueueState#INIT}, {@code ENXIO} if it is dead, {@code EPERM} if the handle is foreign and
     *     the policy refuses it, {@code EBADF} if the handle is closed
     */
    void start();

    /**
     * Stops the queue and returns it to {@link QueueState#INIT} ({@code UACCE_CMD_PUT_Q}). Accepted
     * work is finished or aborted before the call returns; the hardware queue stays taken until the
     * final close.
     *
     * @throws org.opensva.api.process.ErrnoException {@code ENXIO} if it is dead, {@code EPERM},
     *     {@code EBADF}
     */
    void putQueue();

    /**
     * Any other control command.
     *
     * @param command a number that the device does not know
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} for an unknown command, {@code
     *     ENXIO} if the queue is dead, {@code EPERM}, {@code EBADF}
     */
    void control(int command);

    /**
     * A control command by its number ({@code ioctl(2)}); {@code UACCE_CMD_START_Q} is 0x5700,
     * {@code UACCE_CMD_PUT_Q} 0x5701 (Linux {@code include/uapi/misc/uacce/uacce.h}).
     *
     * @param command its number
     * @param argument what belongs to it, often an address in the holder's memory
     * @return what the command answers, 0 or more
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} for an unknown command, {@code
     *     EFAULT} for an address that the holder cannot access, and the errors of the command
     */
    default long ioctl(int command, long argument) {
        control(command);
        return 0;
    }

    /**
     * Maps a region into the holder.
     *
     * @param region which one
     * @return its virtual address in the holder
     * @throws org.opensva.api.process.ErrnoException {@code EEXIST} if it is mapped already, {@code
     *     EINVAL} if there is no such region, {@code ENXIO} if the queue is dead, {@code EPERM},
     *     {@code EBADF}
     */
    long mapRegion(QueueRegion region);

    /**
     * Submits a job, through the mapped doorbell where the library has the regions of its own queue
     * mapped, otherwise through the descriptor. Nothing is queued if there is no room.
     *
     * @param job the work
     * @return a ticket for {@link #await}
     * @throws org.opensva.api.process.ErrnoException {@code EAGAIN} if the queue is full, {@code
     *     EINVAL} if it is not started, {@code EIO} if it has stopped after an error and has not
     *     been started again, {@code EFAULT} if the process has taken the queue's memory away,
     *     {@code ENXIO} if it is dead, {@code EPERM}, {@code EBADF}
     */
    long submit(Job job);

    /**
     * Submits several jobs or none, and tells the device once.
     *
     * @param jobs the work, in the order in which it is to be done
     * @return a ticket for each, for {@link #await}
     * @throws org.opensva.api.process.ErrnoException as {@link #submit}, {@code EAGAIN} if there is
     *     no room for all of them, {@code EINVAL} if the queue could never hold so many, {@code
     *     EOPNOTSUPP} if the backend submits jobs one by one; in each case none was submitted
     */
    default long[] submitAll(List<Job> jobs) {
        return switch (jobs.size()) {
            case 0 -> new long[0];
            case 1 -> new long[] {submit(jobs.getFirst())};
            default ->
                    throw new ErrnoException(
                            Errno.EOPNOTSUPP, "submit", "jobs are submitted one by one");
        };
    }

    /**
     * Waits until something has completed that this holder has not collected yet.
     *
     * @param timeout how long to wait at most; zero looks once
     * @return true if a completion is there; false on time-out, and at once if the queue is dead or
     *     the handle is foreign and the policy refuses it
     */
    boolean poll(Duration timeout);

    /**
     * Waits for a job.
     *
     * @param ticket what {@link #submit} returned
     * @param timeout how long to wait at most
     * @return the result; a job that a dead queue will never finish is {@link JobStatus#ABORTED}
     * @throws org.opensva.api.process.ErrnoException {@code ETIMEDOUT}; {@code EINVAL} for a ticket
     *     that is unknown or collected already
     */
    JobResult await(long ticket, Duration timeout);

    /**
     * Waits for a job without making an object of its result.
     *
     * @param ticket what {@link #submit} returned
     * @param nanoseconds how long to wait at most
     * @param result takes consumed, produced, value and fault address (see {@link JobResult}) in
     *     its first four elements
     * @return how the job ended
     * @throws org.opensva.api.process.ErrnoException as {@link #await(long, Duration)}
     */
    default JobStatus await(long ticket, long nanoseconds, long[] result) {
        JobResult done = await(ticket, Duration.ofNanos(nanoseconds));
        result[0] = done.consumed();
        result[1] = done.produced();
        result[2] = done.value();
        result[3] = done.faultAddress();
        return done.status();
    }

    /**
     * Submits a job and waits for it.
     *
     * @param job the work
     * @param timeout how long to wait at most
     * @return the result
     * @throws org.opensva.api.process.ErrnoException as {@link #submit} and {@link #await}
     */
    default JobResult run(Job job, Duration timeout) {
        return await(submit(job), timeout);
    }

    /**
     * The handle that a child inherited over fork: the same descriptor number in the child.
     *
     * @param child a process that was forked while this handle was open
     * @return the child's handle
     * @throws org.opensva.api.process.ErrnoException {@code EBADF} if the child does not have it
     */
    QueueHandle inheritedBy(SvaProcess child);

    /**
     * Passes the descriptor to another process, as {@code SCM_RIGHTS} does.
     *
     * @param receiver who gets it
     * @return the receiver's handle
     * @throws org.opensva.api.process.ErrnoException {@code EBADF}, {@code EOPNOTSUPP} if the
     *     backend cannot pass descriptors
     */
    QueueHandle passTo(SvaProcess receiver);

    /**
     * Closes the descriptor. With the last one of all processes the queue is stopped, unbound and
     * returned. Closing again does nothing.
     */
    @Override
    void close();
}
