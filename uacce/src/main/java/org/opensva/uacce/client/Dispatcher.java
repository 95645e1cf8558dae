package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.ClientException.Reason;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends jobs to contexts, and again elsewhere when a device fails under them, until they are done
 * or nothing helps.
 */
final class Dispatcher {

    /** Where the pool is at home now. */
    @FunctionalInterface
    interface Home {
        /** What the pool has there; throws if it is not usable. */
        Attachment usable();
    }

    private static final int MOST_REPAIRS = 16;
    private static final long BUSY_REST = 20_000;
    private static final long LONGEST_REST = 10_000_000;
    private static final long LONGEST_WAIT = Long.MAX_VALUE / 4;

    private final SvaProcess process;
    private final PoolConfig config;
    private final PoolCounters counters;
    private final @Nullable SoftwareContext software;
    private final Home home;

    Dispatcher(
            SvaProcess process,
            PoolConfig config,
            PoolCounters counters,
            @Nullable SoftwareContext software,
            Home home) {
        this.process = process;
        this.config = config;
        this.counters = counters;
        this.software = software;
        this.home = home;
    }

    JobResult run(Job job, Duration timeout, Runnable landed, boolean patient) {
        Flight flight = new Flight(job, landed, deadline(timeout), null, patient);
        try {
            return complete(flight);
        } catch (ClientException e) {
            if (e.reason() == Reason.TIMED_OUT) {
                counters.timeouts.increment();
            }
            throw e;
        } finally {
            over(flight);
        }
    }

    /** In the thread of the caller: the job has landed, or the poller has it. */
    private static void over(Flight flight) {
        flight.restoreInterrupt();
        if (!flight.handedOver) {
            flight.landed.run();
        }
    }

    CompletableFuture<JobResult> submit(Job job, Runnable landed) {
        CompletableFuture<JobResult> future = new CompletableFuture<>();
        Flight flight = new Flight(job, landed, deadline(config.timeout()), future, true);
        Context context;
        try {
            context = launch(flight);
        } catch (ClientException e) {
            landed.run();
            future.completeExceptionally(e);
            return future;
        } finally {
            flight.restoreInterrupt();
        }
        if (context == null) {
            submitInSoftware(flight);
        } else {
            context.handOver(flight);
        }
        return future;
    }

    static long deadline(Duration timeout) {
        long nanos;
        try {
            nanos = Math.min(LONGEST_WAIT, timeout.toNanos());
        } catch (ArithmeticException e) {
            nanos = LONGEST_WAIT;
        }
        return System.nanoTime() + nanos;
    }

    /** Tries until the job is done or nothing helps, in the calling thread. */
    private JobResult complete(Flight flight) {
        while (true) {
            Context context = launch(flight);
            if (context == null) {
                return inSoftware(flight);
            }
            JobResult result = context.land(flight);
            if (isFinal(context, flight, result)) {
                counters.done(result, false);
                return result;
            }
        }
    }

    /**
     * Finds a context and submits to it.
     *
     * @return the context, or null if the software shall do it
     */
    private @Nullable Context launch(Flight flight) {
        Operation operation = flight.job.operation();
        while (true) {
            Attachment current = home.usable();
            Context context = current.choose(flight);
            if (context == null) {
                if (software != null && software.knows(operation)) {
                    return null;
                }
                rest(current, flight);
            } else {
                enter(context, flight);
                if (context.launch(flight)) {
                    return context;
                }
                if (Context.isBusy(flight)) {
                    pause(flight, BUSY_REST);
                }
            }
        }
    }

    private static void enter(Context context, Flight flight) {
        while (true) {
            try {
                if (context.enter(flight.deadline)) {
                    return;
                }
                throw new ClientException(
                        Reason.TIMED_OUT, "all windows were full all the time", flight.trouble);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                flight.interrupted();
            }
        }
    }

    /** No context is ready: waits for one that may be again. */
    private static void rest(Attachment current, Flight flight) {
        Operation operation = flight.job.operation();
        if (!current.knows(operation, flight.unable)) {
            throw new ClientException(
                    Reason.NO_DEVICE,
                    "no accelerator that is there can do " + operation.id(),
                    flight.trouble);
        }
        pause(flight, current.rest(operation));
    }

    private static void pause(Flight flight, long nanos) {
        long left = flight.deadline - System.nanoTime();
        if (left <= 0) {
            throw new ClientException(
                    Reason.TIMED_OUT, "no queue could be had in time", flight.trouble);
        }
        LockSupport.parkNanos(Math.min(left, Math.max(1, nanos)));
        if (Thread.currentThread().isInterrupted()) {
            flight.interrupted();
        }
    }

    private JobResult inSoftware(Flight flight) {
        JobResult result = Objects.requireNonNull(software).run(flight.job, flight.patient);
        if (result.status() == JobStatus.ABORTED) {
            home.usable();
            throw flight.patient
                    ? ClientException.of(flight.job.operation().id(), result)
                    // Nobody but the thread itself can have it stopped.
                    : Context.interrupted();
        }
        counters.done(result, true);
        return result;
    }

    private void submitInSoftware(Flight flight) {
        SoftwareContext context = Objects.requireNonNull(software);
        context.enter();
        aside(
                flight,
                () -> {
                    try {
                        finish(flight, null, null);
                    } finally {
                        context.leave();
                    }
                });
    }

    /** Tells whether a result is the last word; otherwise the job is to be tried again. */
    private boolean isFinal(Context context, Flight flight, JobResult result) {
        return switch (result.status()) {
            case PAGE_FAULT -> !repaired(flight, result);
            case UNSUPPORTED -> !isElsewhere(context, flight);
            case ABORTED, DEVICE_ERROR -> {
                home.usable();
                flight.avoid = context;
                flight.failures++;
                if (flight.failures >= config.attempts()
                        || !Repair.isRestartable(flight.job)
                        || System.nanoTime() - flight.deadline >= 0) {
                    throw ClientException.of(
                            "%s on %s"
                                    .formatted(
                                            flight.job.operation().id(),
                                            context.accelerator().name()),
                            result);
                }
                counters.retries.increment();
                yield false;
            }
            default -> true;
        };
    }

    /** Tells whether somebody else can do what this device cannot. */
    private boolean isElsewhere(Context context, Flight flight) {
        Operation operation = flight.job.operation();
        flight.addUnable(context.accelerator());
        return home.usable().knows(operation, flight.unable)
                || (software != null && software.knows(operation));
    }

    private boolean repaired(Flight flight, JobResult result) {
        boolean again = result.produced() == 0 || Repair.isRestartable(flight.job);
        if (!again
                || flight.repairs >= MOST_REPAIRS
                || !Repair.touch(process, flight.job, result.faultAddress())) {
            return false;
        }
        flight.repairs++;
        counters.repairs.increment();
        return true;
    }

    JobStream stream(Operation operation) {
        Flight probe = new Flight(Job.nop(), () -> {}, deadline(config.timeout()), null, true);
        try {
            return stream(operation, probe);
        } finally {
            probe.restoreInterrupt();
        }
    }

    private JobStream stream(Operation operation, Flight probe) {
        while (true) {
            Attachment current = home.usable();
            Context.Seat seat = current.seat(operation);
            if (seat != null) {
                return new JobStream(this, operation, seat, null);
            }
            if (software != null && software.knows(operation)) {
                return new JobStream(this, operation, null, software);
            }
            if (!current.knows(operation, List.of())) {
                throw new ClientException(
                        Reason.NO_DEVICE,
                        "no accelerator that is there can do " + operation.id(),
                        null);
            }
            pause(probe, Math.clamp(current.rest(operation), BUSY_REST, LONGEST_REST));
        }
    }

    /** Has a job of a stream done by the queue that keeps the stream; never again elsewhere. */
    JobResult runPinned(Job job, Context.Seat seat, Runnable landed) {
        Flight flight = new Flight(job, landed, deadline(config.timeout()), null, true);
        flight.pinned = seat.queue();
        try {
            JobResult result = pinned(flight, seat.context());
            counters.done(result, false);
            return result;
        } finally {
            over(flight);
        }
    }

    private JobResult pinned(Flight flight, Context context) {
        while (true) {
            home.usable();
            enter(context, flight);
            if (context.launch(flight)) {
                JobResult result = context.land(flight);
                boolean untouched = result.consumed() == 0 && result.produced() == 0;
                if (result.status() == JobStatus.PAGE_FAULT
                        && untouched
                        && repaired(flight, result)) {
                    continue;
                }
                return result;
            }
            if (!Context.isBusy(flight)) {
                return new JobResult(JobStatus.NO_SESSION, 0, 0, 0, 0);
            }
            pause(flight, BUSY_REST);
        }
    }

    boolean touch(Job job, JobResult result) {
        counters.repairs.increment();
        return Repair.touch(process, job, result.faultAddress());
    }

    void counted(JobResult result) {
        counters.done(result, true);
    }

    /** Called by the poller of a context. */
    void arrived(Context context, Flight flight, JobResult result) {
        if (flight.future == null || flight.future.isDone() || result.succeeded()) {
            // Where nobody waits any more, nothing is tried again.
            flight.landed.run();
            deliver(flight, result);
        } else {
            aside(flight, () -> finish(flight, context, result));
        }
    }

    private void deliver(Flight flight, JobResult result) {
        if (result.succeeded()) {
            counters.done(result, false);
        }
        CompletableFuture<JobResult> future = flight.future;
        if (future != null && !future.isDone()) {
            aside(flight, () -> future.complete(result));
        }
    }

    /** Goes on in a thread of its own, within the caller's trace. */
    private static void aside(Flight flight, Runnable work) {
        Thread.ofVirtual().start(flight.caller.wrap(work));
    }

    /** Goes on with a job that did not succeed at once, in a thread of its own. */
    private void finish(Flight flight, @Nullable Context context, @Nullable JobResult first) {
        CompletableFuture<JobResult> future = Objects.requireNonNull(flight.future);
        // From here on this thread lands it; unless it gives up in the middle once more.
        flight.handedOver = false;
        JobResult result = null;
        Throwable trouble = null;
        try {
            if (context == null || first == null) {
                result = inSoftware(flight);
            } else if (isFinal(context, flight, first)) {
                counters.done(first, false);
                result = first;
            } else {
                result = complete(flight);
            }
        } catch (RuntimeException | Error e) {
            // Whatever it is, somebody waits to be told.
            trouble = e;
        }
        try {
            if (!flight.handedOver) {
                flight.landed.run();
            }
        } finally {
            if (result != null) {
                future.complete(result);
            } else if (trouble != null) {
                future.completeExceptionally(trouble);
            }
        }
    }
}
