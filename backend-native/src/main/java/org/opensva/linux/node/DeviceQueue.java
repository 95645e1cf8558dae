package org.opensva.linux.node;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;

import java.time.Duration;

/**
 * A queue of a real device, opened for one address space.
 *
 * <p><b>Threading.</b> The caller sees to it that one call runs at a time, but for {@link #await},
 * which runs beside the others.
 */
public interface DeviceQueue {

    /**
     * How many jobs it holds.
     *
     * @return 1 or more
     */
    int depth();

    /**
     * Starts to take jobs.
     *
     * @throws org.opensva.api.process.ErrnoException what the kernel answers
     */
    void start();

    /**
     * Stops, and brings accepted jobs to an end: completed, or never.
     *
     * @throws org.opensva.api.process.ErrnoException what the kernel answers
     */
    void stop();

    /**
     * Gives the device a job.
     *
     * @param tag comes back with the result; what waits for its result has another one
     * @param job the work
     * @return false if there is no room
     * @throws org.opensva.api.process.ErrnoException {@code EOPNOTSUPP} if the device cannot do it,
     *     {@code EIO} if the device has disabled the queue, and what the kernel answers
     */
    boolean submit(long tag, Job job);

    /**
     * Hands over what has completed.
     *
     * @param sink where it goes
     */
    void collect(Sink sink);

    /**
     * Waits until something may have completed. It may return early.
     *
     * @param timeout at most
     */
    void await(Duration timeout);

    /**
     * Gives everything back; never fails.
     *
     * @param present true if the memory that the queue was opened for is still that of the process
     */
    void close(boolean present);

    /** Where completions go. */
    interface Sink {

        /**
         * A job has completed.
         *
         * @param tag what it was submitted with
         * @param result how it ended
         */
        void completed(long tag, JobResult result);
    }
}
