package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.memory.MmioRegion;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A queue of the device, bound to one PASID: its registers, its rings, and its place in the
 * schedule.
 *
 * <p>Jobs come from two sources, the ring in process memory and {@link #submit}; each is served in
 * its own order, and they take turns. At most one worker serves a queue at a time.
 *
 * <p><b>Threading.</b> {@link #start} and {@link #stop} are called by one thread at a time;
 * everything else by any thread.
 */
public final class HardwareQueue extends ServedQueue {

    private enum Mode {
        STOPPED,
        RUNNING,
        DRAINING,
        CANCELLED,
        FAILED
    }

    private final int pasid;
    private final int depth;
    private final int limit;
    private final BooleanSupplier reachable;
    private final JobObserver observer;
    private final SharedPage shared;
    private final DoorbellPage doorbell;
    private final DirectJobs direct;
    private final QueueSessions sessions = new QueueSessions();
    private final CompletionEvent event = new CompletionEvent();
    private final AtomicReference<Mode> mode = new AtomicReference<>(Mode.STOPPED);

    private final AtomicReference<@Nullable Runnable> whenQuiet = new AtomicReference<>();

    private final DescriptorRing ring;

    private volatile int starts;
    private boolean directTurn;

    /**
     * Makes a stopped queue.
     *
     * @param pasid the PASID of every access
     * @param depth how many jobs each source holds at most, a power of two
     * @param regionSize the size of each region in bytes
     * @param reachable tells whether the address space behind the PASID is there; false turns
     *     faults into aborted jobs
     * @param scheduler who serves it
     * @param weight its share of the device's time relative to others, more than 0
     * @param limit how many jobs each source may hold, at most {@code depth}
     * @param observer hears of the beginnings and ends of jobs
     */
    public HardwareQueue(
            int pasid,
            int depth,
            long regionSize,
            BooleanSupplier reachable,
            QueueScheduler scheduler,
            int weight,
            int limit,
            JobObserver observer) {
        super(scheduler, weight);
        this.pasid = pasid;
        this.depth = depth;
        this.limit = limit;
        this.reachable = reachable;
        this.observer = observer;
        shared = new SharedPage(regionSize);
        doorbell = new DoorbellPage(regionSize, this);
        direct = new DirectJobs(limit);
        ring = new DescriptorRing(pasid, limit);
    }

    /**
     * The MMIO region.
     *
     * @return its registers
     */
    public MmioRegion doorbellPage() {
        return doorbell;
    }

    /**
     * The SHARED region.
     *
     * @return its words
     */
    public MmioRegion sharedPage() {
        return shared;
    }

    /**
     * Signalled when something completes, and when the queue stops.
     *
     * @return the interrupt
     */
    public CompletionEvent event() {
        return event;
    }

    /**
     * How often it was started.
     *
     * @return a number that names the present start
     */
    public int starts() {
        return starts;
    }

    /**
     * How many entries a ring can have.
     *
     * @return a power of two
     */
    public int depth() {
        return depth;
    }

    /**
     * How many jobs each source may hold.
     *
     * @return 1 to {@link #depth}
     */
    public int limit() {
        return limit;
    }

    int pasid() {
        return pasid;
    }

    JobObserver observer() {
        return observer;
    }

    /** What the engines keep for this queue; for the worker that serves it. */
    QueueSessions sessions() {
        return sessions;
    }

    int tail() {
        return ring.tail();
    }

    /**
     * Latches the parameters and runs.
     *
     * @return false if the parameters make no sense; nothing is changed then. A queue that was
     *     killed stays dead
     */
    public boolean start() {
        RingParameters parameters = shared.latch();
        if (!parameters.valid(depth)) {
            return false;
        }
        ring.latch(parameters);
        starts = shared.started();
        mode.compareAndSet(Mode.STOPPED, Mode.RUNNING);
        return true;
    }

    /**
     * Finishes the work that was accepted, aborts what is left at the deadline, and stops. Does
     * nothing if it is stopped.
     *
     * @param grace how long to wait for the work, and then for the worker, in nanoseconds
     * @return false if a worker does not let go of the queue; then it stays dead
     */
    public boolean stop(long grace) {
        if (mode.compareAndSet(Mode.RUNNING, Mode.DRAINING)) {
            awaitQuiet(grace);
        }
        // A failed queue has nothing to drain.
        Mode last = mode.getAndSet(Mode.CANCELLED);
        boolean quiet = awaitQuiet(grace);
        direct.abortWaiting();
        if (quiet) {
            sessions.closeAll();
            direct.abortAll();
            observer.abandoned();
            if (last != Mode.CANCELLED) {
                mode.set(Mode.STOPPED);
            }
        }
        event.signal();
        return quiet;
    }

    /**
     * Stops for ever, without waiting: the job under way is told, the others are aborted.
     *
     * @param error why
     */
    public void kill(QueueError error) {
        shared.error(error, 0);
        mode.set(Mode.CANCELLED);
        direct.abortWaiting();
        event.signal();
    }

    /**
     * Waits until no worker serves it. Only meaningful once it takes no more work.
     *
     * @param grace how long to wait in nanoseconds
     * @return true if none does
     */
    public boolean awaitQuiet(long grace) {
        long deadline = System.nanoTime() + grace;
        while (true) {
            long seen = event.count();
            if (!isScheduled()) {
                return true;
            }
            if (!event.awaitUninterruptibly(seen, deadline)) {
                return !isScheduled();
            }
        }
    }

    /**
     * Does something once no worker serves a dead queue: now, or when the worker lets go.
     *
     * @param action what to do, once
     */
    public void whenQuiet(Runnable action) {
        whenQuiet.set(action);
        if (!isScheduled()) {
            runWhenQuiet();
        }
    }

    private void runWhenQuiet() {
        Runnable action = whenQuiet.getAndSet(null);
        if (action != null) {
            sessions.closeAll();
            direct.abortAll();
            observer.abandoned();
            event.signal();
            action.run();
        }
    }

    /**
     * Tells whether jobs of one start may still complete.
     *
     * @param start what {@link #starts} said
     * @return false once none will
     */
    public boolean serves(int start) {
        Mode now = mode.get();
        return starts == start && (now == Mode.RUNNING || now == Mode.DRAINING || isScheduled());
    }

    /**
     * Tells whether it stopped by itself.
     *
     * @return true after an error that the status word tells
     */
    public boolean failed() {
        return mode.get() == Mode.FAILED;
    }

    boolean cancelled() {
        Mode now = mode.get();
        return now != Mode.RUNNING && now != Mode.DRAINING || !reachable.getAsBoolean();
    }

    /**
     * Pushes jobs into the device, all or none.
     *
     * @param owner who will collect the results
     * @param jobs the jobs
     * @param accepted gets each ticket before any worker can see the job, or null
     * @return a ticket for each, or none if there is no room or it does not run
     */
    public long[] submit(Object owner, List<Job> jobs, @Nullable LongConsumer accepted) {
        if (mode.get() != Mode.RUNNING) {
            return new long[0];
        }
        long[] tickets = direct.submit(owner, jobs, accepted);
        if (tickets.length > 0) {
            schedule();
            Mode now = mode.get();
            if (now != Mode.RUNNING && now != Mode.DRAINING) {
                // It stopped meanwhile, and who stopped it may have looked too early.
                direct.abortWaiting();
            }
        }
        return tickets;
    }

    /**
     * What is known about a job that was pushed.
     *
     * @param ticket any number
     * @return its state
     */
    public JobTable.State stateOf(long ticket) {
        return direct.stateOf(ticket);
    }

    /**
     * Collects the result of a job that was pushed.
     *
     * @param ticket a ticket that is done
     * @param result takes consumed, produced, value and fault address
     * @return how the job ended
     */
    public JobStatus collect(long ticket, long[] result) {
        return direct.collect(ticket, result);
    }

    /**
     * Tells whether results wait for an owner.
     *
     * @param owner as given to {@link #submit}
     * @return true if one does
     */
    public boolean hasDone(Object owner) {
        return direct.hasDone(owner);
    }

    /**
     * Drops the results of an owner, also those that are still to come.
     *
     * @param owner as given to {@link #submit}
     */
    public void forget(Object owner) {
        direct.forget(owner);
    }

    /** A doorbell write. Ignored unless the queue runs and has rings. */
    void ring(int value) {
        if (mode.get() != Mode.RUNNING || !ring.exists()) {
            return;
        }
        if (ring.ring(value)) {
            schedule();
        } else {
            fail(QueueError.BAD_DOORBELL, 0);
        }
    }

    @Override
    boolean hasWork() {
        Mode now = mode.get();
        return (now == Mode.RUNNING || now == Mode.DRAINING)
                && (!ring.isEmpty() || !direct.isEmpty());
    }

    @Override
    boolean takesWork() {
        return mode.get() == Mode.RUNNING;
    }

    @Override
    void abandon(QueueError error) {
        kill(error);
    }

    @Override
    void atRest() {
        event.signal();
        if (!isScheduled()) {
            runWhenQuiet();
        }
    }

    /** Stops by itself: what was not completed is aborted. */
    private void fail(QueueError error, long address) {
        if (mode.compareAndSet(Mode.RUNNING, Mode.FAILED)
                || mode.compareAndSet(Mode.DRAINING, Mode.FAILED)) {
            shared.error(error, address);
            direct.abortWaiting();
            observer.failed(error);
            observer.abandoned();
            event.signal();
        }
    }

    @Override
    long serveOne(QueueWorker worker) {
        directTurn = !directTurn;
        boolean served =
                directTurn && serveDirect(worker)
                        || serveRing(worker)
                        || !directTurn && serveDirect(worker);
        return served ? worker.job().sourceLength() : 0;
    }

    private boolean serveDirect(QueueWorker worker) {
        byte[] descriptor = worker.descriptor();
        if (direct.isEmpty() || !direct.take(descriptor)) {
            return false;
        }
        RunningJob job = worker.job();
        job.run(this, descriptor);
        long ticket = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_TAG);
        direct.finish(ticket, job.status, job.consumed, job.produced, job.value, job.faultAddress);
        observer.completed(ticket, job.status, job.consumed, job.produced);
        event.signal();
        return true;
    }

    private boolean serveRing(QueueWorker worker) {
        if (ring.isEmpty()) {
            return false;
        }
        if (!ring.fetch(worker)) {
            fail(QueueError.DESCRIPTOR_UNREACHABLE, ring.fault());
            return false;
        }
        byte[] descriptor = worker.descriptor();
        RunningJob job = worker.job();
        job.run(this, descriptor);
        long tag = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_TAG);
        byte[] entry = worker.completion(tag);
        int index = ring.advance();
        if (!reachable.getAsBoolean()) {
            // Nobody is left to see it, and the access would only be recorded as a fault.
            fail(QueueError.ADDRESS_SPACE_GONE, 0);
        } else if (ring.complete(worker.port(), index, entry)) {
            observer.completed(tag, job.status, job.consumed, job.produced);
            event.signal();
        } else {
            fail(QueueError.COMPLETION_UNREACHABLE, ring.fault());
        }
        return true;
    }
}
