package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.ClientException.Reason;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * An open queue with a window of jobs. When the queue fails it gets a new one; when its device is
 * gone it is gone.
 *
 * <p>A place in the window is held from before the submission until the result is collected, so a
 * full window holds its callers back. Jobs that nobody waits for in a call of their own are
 * collected by a thread that lives as long as there are any.
 */
final class Context {

    private static final JobResult ABORTED = new JobResult(JobStatus.ABORTED, 0, 0, 0, 0);
    private static final long SLICE = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long FIRST_REST = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long LONGEST_REST = TimeUnit.SECONDS.toNanos(1);

    /** What becomes of a job that the poller has collected. */
    @FunctionalInterface
    interface Arrivals {
        void arrived(Context context, Flight flight, JobResult result);
    }

    private final Accelerator accelerator;
    private final SvaProcess process;
    private final int node;
    private final long stuckAfter;
    private final int depth;
    private final Semaphore window;
    private final PoolCounters counters;
    private final Arrivals arrivals;
    private final String name;

    private final Object control = new Object();
    private volatile @Nullable QueueHandle queue;
    private volatile boolean gone;
    private volatile boolean closed;
    private volatile long restUntil;
    private long rest = FIRST_REST;

    /** Jobs that the poller collects, oldest first; also the monitor of {@link #polling}. */
    private final Deque<Flight> flights = new ArrayDeque<>();

    private boolean polling;

    /** The numbers of streams that are taken on {@link #seated}; guarded by itself. */
    private final BitSet seats = new BitSet();

    private @Nullable QueueHandle seated;

    /**
     * The number of a stream on a queue.
     *
     * @param context where the queue is
     * @param queue which one; a context may have another one later, which knows nothing of the
     *     stream
     * @param number 0 to {@link JobParameters#SESSIONS}-1
     */
    record Seat(Context context, QueueHandle queue, int number) {

        void leave() {
            synchronized (context.seats) {
                if (isSame(context.seated, queue)) {
                    context.seats.clear(number);
                }
            }
        }
    }

    Context(
            Accelerator accelerator,
            SvaProcess process,
            QueueHandle queue,
            PoolConfig config,
            PoolCounters counters,
            Arrivals arrivals) {
        this.accelerator = accelerator;
        this.process = process;
        this.queue = queue;
        this.counters = counters;
        this.arrivals = arrivals;
        node = config.locality().nodeOf(accelerator);
        stuckAfter = config.stuckAfter().toNanos();
        depth = Math.max(1, Math.min(config.depth(), accelerator.info().queueDepth()));
        window = new Semaphore(depth);
        name = config.name() + "-poll-" + accelerator.name();
    }

    Accelerator accelerator() {
        return accelerator;
    }

    @Nullable QueueHandle queue() {
        return queue;
    }

    int node() {
        return node;
    }

    int underWay() {
        return depth - window.availablePermits();
    }

    boolean isFull() {
        return window.availablePermits() <= 0;
    }

    /** Tells whether the device will never be back. */
    boolean isGone() {
        return gone || closed;
    }

    /** Tells whether jobs can be submitted; gets a new queue if that is due. */
    boolean ready() {
        if (queue != null) {
            return true;
        }
        if (isGone() || System.nanoTime() - restUntil < 0) {
            return false;
        }
        synchronized (control) {
            if (queue == null && !isGone() && System.nanoTime() - restUntil >= 0) {
                reopen();
            }
            return queue != null;
        }
    }

    /** Takes the number of a stream; null if the queue can keep none more, or there is no queue. */
    @Nullable Seat seat() {
        QueueHandle current = queue;
        if (current != null && current.state() == QueueState.ZOMBIE) {
            // A stream that begins on a dead queue would be lost with its first job.
            renew(current);
            current = queue;
        }
        if (current == null) {
            return null;
        }
        synchronized (seats) {
            if (!isSame(seated, current)) {
                seated = current;
                seats.clear();
            }
            int number = seats.nextClearBit(0);
            if (number >= JobParameters.SESSIONS) {
                return null;
            }
            seats.set(number);
            return new Seat(this, current, number);
        }
    }

    /** Two handles are the same queue only if they are one object: a new one has other streams. */
    @SuppressWarnings("ReferenceEquality")
    static boolean isSame(@Nullable QueueHandle one, @Nullable QueueHandle other) {
        return one == other;
    }

    /** How many streams the queue keeps. */
    int seatsTaken() {
        synchronized (seats) {
            return seats.cardinality();
        }
    }

    /** Takes a place in the window, waiting for one until the deadline. */
    boolean enter(long deadline) throws InterruptedException {
        return window.tryAcquire()
                || window.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /**
     * Submits a job, for which a place is held.
     *
     * @return false if that failed; then the place has been given back
     */
    boolean launch(Flight flight) {
        QueueHandle current = queue;
        boolean launched = false;
        try {
            if (current != null && flight.mayUse(current)) {
                flight.ticket = current.submit(flight.job);
                flight.queue = current;
                flight.since = System.nanoTime();
                launched = true;
            }
        } catch (ErrnoException e) {
            flight.trouble = e;
        } finally {
            if (!launched) {
                window.release();
            }
        }
        boolean tried = flight.mayUse(current);
        if (!launched && current != null && tried && !isBusy(flight)) {
            renew(current);
        }
        return launched;
    }

    /** Tells whether a submission failed only because the queue is shared and full. */
    static boolean isBusy(Flight flight) {
        return flight.trouble instanceof ErrnoException e && e.errno() == Errno.EAGAIN;
    }

    /**
     * Waits for a job in the calling thread.
     *
     * @throws ClientException if the caller's time is up or the thread is interrupted; the poller
     *     has the job then
     */
    JobResult land(Flight flight) {
        while (true) {
            long now = System.nanoTime();
            long stuckAt = flight.since + stuckAfter;
            long until = Math.min(flight.deadline - now, stuckAt - now);
            JobResult result = collect(flight, Math.max(0, until));
            if (result != null) {
                window.release();
                return result;
            }
            boolean interrupted = Thread.currentThread().isInterrupted();
            now = System.nanoTime();
            if (interrupted && flight.patient) {
                flight.interrupted();
            } else if (interrupted || flight.isLate(now)) {
                handOver(flight);
                throw interrupted ? interrupted() : late(flight);
            }
            if (now - stuckAt >= 0) {
                renew(flight.queue());
            }
        }
    }

    static ClientException interrupted() {
        return new ClientException(
                Reason.INTERRUPTED, "interrupted while a job was under way", null);
    }

    private ClientException late(Flight flight) {
        return new ClientException(
                Reason.TIMED_OUT,
                "%s on %s has not completed in time"
                        .formatted(flight.job.operation().id(), accelerator.name()),
                null);
    }

    /** The result, or null if there is none in that time or the thread was interrupted. */
    private @Nullable JobResult collect(Flight flight, long nanos) {
        try {
            return flight.queue().await(flight.ticket, Duration.ofNanos(nanos));
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ETIMEDOUT || e.errno() == Errno.EINTR) {
                return null;
            }
            // Whatever else is wrong with the ticket: no result will come.
            flight.trouble = e;
            return ABORTED;
        }
    }

    /** Leaves a job to the poller, place in the window included. */
    void handOver(Flight flight) {
        flight.handedOver = true;
        synchronized (flights) {
            flights.add(flight);
            if (!polling) {
                polling = true;
                Thread.ofVirtual().name(name).start(this::poll);
            }
        }
    }

    private void poll() {
        while (true) {
            Flight head;
            synchronized (flights) {
                Flight first = flights.peek();
                if (first == null) {
                    polling = false;
                    flights.notifyAll();
                    return;
                }
                head = first;
            }
            JobResult result = collect(head, SLICE);
            if (result == null) {
                watch(head);
                continue;
            }
            synchronized (flights) {
                flights.remove();
            }
            window.release();
            arrivals.arrived(this, head, result);
        }
    }

    /** Nothing came for a while: tells those whose time is up, and looks whether it is stuck. */
    private void watch(Flight head) {
        long now = System.nanoTime();
        synchronized (flights) {
            for (Flight flight : flights) {
                if (flight.future != null && flight.isLate(now) && !flight.future.isDone()) {
                    counters.timeouts.increment();
                    flight.future.completeExceptionally(late(flight));
                }
            }
        }
        if (now - head.since >= stuckAfter) {
            renew(head.queue());
        }
    }

    /** Replaces a queue that has failed, unless that has happened already. */
    void renew(QueueHandle seen) {
        synchronized (control) {
            if (isSame(queue, seen) && !closed) {
                queue = null;
                OpenedQueue.close(seen);
                reopen();
            }
        }
    }

    private void reopen() {
        try {
            queue = OpenedQueue.open(accelerator, process);
            rest = FIRST_REST;
            counters.reopened.increment();
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENODEV || e.errno() == Errno.ESRCH) {
                gone = true;
            }
            restUntil = System.nanoTime() + rest;
            rest = Math.min(LONGEST_REST, 2 * rest);
        }
    }

    /** How long to wait before asking again, in nanoseconds. */
    long rest() {
        return isGone() ? Long.MAX_VALUE : Math.max(0, restUntil - System.nanoTime());
    }

    /**
     * Stops and closes the queue. When it returns, no job of it is under way, and those the poller
     * had have landed.
     */
    void close() {
        synchronized (control) {
            closed = true;
            QueueHandle current = queue;
            queue = null;
            if (current != null) {
                OpenedQueue.close(current);
            }
        }
        awaitPoller();
    }

    private void awaitPoller() {
        boolean interrupted = false;
        synchronized (flights) {
            while (polling) {
                try {
                    flights.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
