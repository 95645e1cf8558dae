package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One job on its way: what the caller wants, where the job is, and how often it was tried. It is in
 * the hands of one thread at a time: the caller's, or the one that polls the context.
 */
final class Flight {

    final Job job;

    /** What to do once no device can touch the job's memory any more; exactly once. */
    final Runnable landed;

    /** When the caller stops waiting, in {@link System#nanoTime}. */
    final long deadline;

    /** What the caller waits for; null if it waits for the job itself. */
    final @Nullable CompletableFuture<JobResult> future;

    /** Where the job is; what the ticket belongs to. */
    @Nullable QueueHandle queue;

    long ticket;

    /** When it was submitted, in {@link System#nanoTime}. */
    long since;

    /** The trace that the caller is in: what is done again elsewhere belongs to it, too. */
    final io.opentelemetry.context.Context caller = io.opentelemetry.context.Context.current();

    /** How often a device has failed at it. */
    int failures;

    /** How often the process has fetched its pages for it. */
    int repairs;

    /** The context that failed last. */
    @Nullable Context avoid;

    /** Devices that do not have the algorithm. */
    List<Accelerator> unable = List.of();

    /** The queue that keeps the stream of which this job is a part; null if it is of none. */
    @Nullable QueueHandle pinned;

    /** What was refused last. */
    @Nullable RuntimeException trouble;

    /** Set when the poller has it: then the poller lands it. */
    boolean handedOver;

    /** False if the caller wants to hear of an interrupt at once. */
    final boolean patient;

    /** The caller hears of an interrupt when the job is done. */
    private boolean interrupted;

    Flight(
            Job job,
            Runnable landed,
            long deadline,
            @Nullable CompletableFuture<JobResult> future,
            boolean patient) {
        this.job = job;
        this.landed = landed;
        this.deadline = deadline;
        this.future = future;
        this.patient = patient;
    }

    QueueHandle queue() {
        QueueHandle current = queue;
        if (current == null) {
            throw new IllegalStateException("the job is nowhere");
        }
        return current;
    }

    /** Tells whether a queue may do it: a job of a stream only where the stream is. */
    boolean mayUse(@Nullable QueueHandle candidate) {
        return pinned == null || Context.isSame(pinned, candidate);
    }

    void addUnable(Accelerator accelerator) {
        List<Accelerator> all = new ArrayList<>(unable);
        all.add(accelerator);
        unable = all;
    }

    /**
     * The waiting thread was interrupted.
     *
     * @throws ClientException if the caller wants to hear of it at once; the thread stays so
     */
    void interrupted() {
        if (!patient) {
            Thread.currentThread().interrupt();
            throw Context.interrupted();
        }
        interrupted |= Thread.interrupted();
    }

    /** The caller goes on. */
    void restoreInterrupt() {
        if (interrupted) {
            interrupted = false;
            Thread.currentThread().interrupt();
        }
    }

    boolean isLate(long now) {
        return now - deadline >= 0;
    }
}
