package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.SoftwareJob.StreamSlot;

/**
 * Jobs that belong together: one queue does them in order and keeps something between them (see
 * {@link JobParameters}, streams). Their parameter blocks name the session {@link #number}; the
 * first one has {@link JobParameters#BEGIN}, the last one {@link JobParameters#END}.
 *
 * <p>What is kept is in the device. When the queue fails, or the device is reset or removed, it is
 * lost, and nothing can be done again elsewhere: the stream has to be begun anew, by whoever still
 * has its data. {@link #run} says so with {@link Reason#DEVICE_FAILED}.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public final class JobStream implements AutoCloseable {

    private final Dispatcher dispatcher;
    private final Operation operation;
    private final Context.@Nullable Seat seat;
    private final @Nullable SoftwareContext software;
    private final StreamSlot slot = new StreamSlot();
    private boolean lost;
    private boolean closed;

    JobStream(
            Dispatcher dispatcher,
            Operation operation,
            Context.@Nullable Seat seat,
            @Nullable SoftwareContext software) {
        this.dispatcher = dispatcher;
        this.operation = operation;
        this.seat = seat;
        this.software = software;
    }

    /**
     * The number of the session for the parameter blocks.
     *
     * @return 0 to {@link JobParameters#SESSIONS}-1
     */
    public int number() {
        return seat == null ? 0 : seat.number();
    }

    /**
     * Who does the jobs of this stream.
     *
     * @return a device, or the declared software fallback
     */
    public Placement placement() {
        return seat == null ? Placement.SOFTWARE : Placement.DEVICE;
    }

    /**
     * Has the next job of the stream done.
     *
     * @param job the work, with a parameter block that names the session
     * @return how it ended
     * @throws ClientException {@link Reason#DEVICE_FAILED} if the stream is lost, and as {@link
     *     ContextPool#run(Job)}
     */
    public JobResult run(Job job) {
        return run(job, () -> {});
    }

    /**
     * Has the next job of the stream done. A thread that is interrupted stays so, and waits: a job
     * that nobody waits for would cost the stream.
     *
     * @param job the work, with a parameter block that names the session
     * @param landed called once when no device can touch the job's memory any more
     * @return how it ended
     * @throws ClientException {@link Reason#DEVICE_FAILED} if the stream is lost, and as {@link
     *     ContextPool#run(Job)}
     */
    public JobResult run(Job job, Runnable landed) {
        if (closed) {
            throw new IllegalStateException("the stream is closed");
        }
        if (seat == null || lost) {
            try {
                return lost
                        ? gone(new JobResult(JobStatus.NO_SESSION, 0, 0, 0, 0))
                        : inSoftware(job);
            } finally {
                landed.run();
            }
        }
        boolean good = false;
        try {
            JobResult result = dispatcher.runPinned(job, seat, landed);
            boolean gone =
                    switch (result.status()) {
                        case ABORTED, DEVICE_ERROR, NO_SESSION -> true;
                        default -> false;
                    };
            if (gone) {
                return gone(result);
            }
            good = true;
            return result;
        } finally {
            // A job that nobody waited for may have changed what the device keeps, or may not.
            lost |= !good;
        }
    }

    /**
     * Fetches the pages that the device could not have, after a job that ended with {@link
     * JobStatus#PAGE_FAULT} half-way: the stream goes on with what the job has not consumed.
     *
     * @param job the job
     * @param result how it ended
     * @return true if the process can access them
     */
    public boolean repair(Job job, JobResult result) {
        // Without any progress it has been tried already.
        return result.status() == JobStatus.PAGE_FAULT
                && (result.consumed() > 0 || result.produced() > 0)
                && dispatcher.touch(job, result);
    }

    private JobResult gone(JobResult result) {
        throw ClientException.of(
                "a stream of %s was lost with its queue, begin it anew: the last job"
                        .formatted(operation.id()),
                result);
    }

    private JobResult inSoftware(Job job) {
        if (software == null) {
            throw new IllegalStateException("a stream that is nowhere");
        }
        JobResult result = software.run(job, slot, true);
        dispatcher.counted(result);
        return result;
    }

    /** Gives the number back. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            slot.keep(null);
            if (seat != null) {
                seat.leave();
            }
        }
    }
}
