package org.opensva.uacce.library;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.cdev.QueueFile;
import org.opensva.uacce.queue.CompletionEvent;
import org.opensva.uacce.queue.DeviceQueue;
import org.opensva.uacce.queue.JobTable;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Waits for the jobs of one handle and collects their results, those that come through memory and
 * those that went through the descriptor.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class Completions {

    private final QueueFile file;
    private final Object owner;
    private final BooleanSupplier closed;
    private volatile @Nullable JobLane lane;

    /**
     * Waits for nothing yet.
     *
     * @param owner who submits through the descriptor
     * @param closed tells whether nobody waits any more
     */
    Completions(QueueFile file, Object owner, BooleanSupplier closed) {
        this.file = file;
        this.owner = owner;
        this.closed = closed;
    }

    /** The memory of the handle, or null while it has none. */
    @Nullable JobLane lane() {
        return lane;
    }

    void use(JobLane value) {
        lane = value;
    }

    private boolean dead() {
        return closed.getAsBoolean() || file.state() == QueueState.ZOMBIE;
    }

    boolean poll(long deadline, BooleanSupplier mayUse) {
        CompletionEvent event = file.hardware().event();
        while (true) {
            long seen = event.count();
            boolean dead = dead() || !mayUse.getAsBoolean();
            if (ready()) {
                return true;
            }
            if (dead || !event.await(seen, deadline)) {
                return ready();
            }
        }
    }

    private boolean ready() {
        JobLane current = lane;
        return current != null && current.ready() || file.hardware().hasDone(owner);
    }

    /**
     * Waits for a job.
     *
     * @param result takes what {@link JobTable#collect} gives
     * @return how it ended
     * @throws ErrnoException {@code ETIMEDOUT}, {@code EINVAL} for an unknown ticket
     */
    JobStatus await(long ticket, long deadline, long[] result) {
        CompletionEvent event = file.hardware().event();
        boolean expired = false;
        while (true) {
            long seen = event.count();
            boolean dead = dead();
            boolean over = dead && file.hardware().awaitQuiet(0);
            JobStatus status = collect(ticket, result);
            if (status != null) {
                return status;
            }
            if (closed.getAsBoolean() || over || expired && dead) {
                // Closed: nobody waits for it any more. Over: a dead queue is at rest, so that
                // nothing is written after the look. Dead and expired: the device holds on to it.
                Arrays.fill(result, 0, 4, 0);
                return JobStatus.ABORTED;
            }
            if (expired) {
                throw file.error(Errno.ETIMEDOUT, "await", "the job has not completed in time");
            }
            expired = !event.await(seen, deadline);
        }
    }

    /** Null if the job has not completed. */
    private @Nullable JobStatus collect(long ticket, long[] result) {
        if (ticket >= 0 && (ticket & JobTable.DIRECT) != 0) {
            DeviceQueue hardware = file.hardware();
            return switch (hardware.stateOf(ticket)) {
                case UNKNOWN -> {
                    if (closed.getAsBoolean()) {
                        yield null;
                    }
                    throw unknown(ticket);
                }
                case PENDING -> null;
                case DONE -> hardware.collect(ticket, result);
            };
        }
        JobLane current = lane;
        if (current == null) {
            throw unknown(ticket);
        }
        return current.collect(ticket, result);
    }

    private ErrnoException unknown(long ticket) {
        return file.error(Errno.EINVAL, "await", "unknown ticket " + ticket);
    }
}
