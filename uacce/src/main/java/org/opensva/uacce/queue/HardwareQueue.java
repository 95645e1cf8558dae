package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.MmioRegion;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
public final class HardwareQueue {

    /** How many jobs a queue is served before another one has its turn. */
    private static final int QUANTUM_JOBS = 16;

    /** How many bytes of sources a queue is served before another one has its turn. */
    private static final long QUANTUM_BYTES = 1 << 18;

    private enum Mode {
        STOPPED,
        RUNNING,
        DRAINING,
        CANCELLED,
        FAILED
    }

    private final int pasid;
    private final int depth;
    private final BooleanSupplier reachable;
    private final QueueScheduler scheduler;
    private final JobObserver observer;
    private final SharedPage shared;
    private final DoorbellPage doorbell;
    private final DirectJobs direct;
    private final QueueSessions sessions = new QueueSessions();
    private final CompletionEvent event = new CompletionEvent();
    private final AtomicReference<Mode> mode = new AtomicReference<>(Mode.STOPPED);

    /** True while it is in the schedule or in the hands of a worker. */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private final AtomicReference<@Nullable Runnable> whenQuiet = new AtomicReference<>();

    // Written before the mode becomes RUNNING, read by workers and doorbells after they saw it.
    private long submissionRing;
    private long completionRing;
    private int ringDepth;

    /** Descriptors that software has put into the ring since START. */
    private final AtomicInteger tail = new AtomicInteger();

    /** Descriptors that were taken from the ring since START; written by the serving worker. */
    private volatile int head;

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
     * @param observer hears of the ends of jobs
     */
    public HardwareQueue(
            int pasid,
            int depth,
            long regionSize,
            BooleanSupplier reachable,
            QueueScheduler scheduler,
            JobObserver observer) {
        this.pasid = pasid;
        this.depth = depth;
        this.reachable = reachable;
        this.scheduler = scheduler;
        this.observer = observer;
        shared = new SharedPage(regionSize);
        doorbell = new DoorbellPage(regionSize, this);
        direct = new DirectJobs(depth);
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
     * How many jobs each source holds.
     *
     * @return a power of two
     */
    public int depth() {
        return depth;
    }

    int pasid() {
        return pasid;
    }

    /** What the engines keep for this queue; for the worker that serves it. */
    QueueSessions sessions() {
        return sessions;
    }

    int tail() {
        return tail.get();
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
        submissionRing = parameters.submission();
        completionRing = parameters.completion();
        ringDepth = (int) parameters.depth();
        tail.set(0);
        head = 0;
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
            if (!scheduled.get()) {
                return true;
            }
            if (!event.awaitUninterruptibly(seen, deadline)) {
                return !scheduled.get();
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
        if (!scheduled.get()) {
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
        return starts == start && (now == Mode.RUNNING || now == Mode.DRAINING || scheduled.get());
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
     * Pushes a job into the device.
     *
     * @param owner who will collect the result
     * @param job the job
     * @param accepted gets the ticket before any worker can see the job, or null
     * @return a ticket, or {@link JobTable#NONE} if there is no room or it does not run
     */
    public long submit(Object owner, Job job, @Nullable LongConsumer accepted) {
        if (mode.get() != Mode.RUNNING) {
            return JobTable.NONE;
        }
        long ticket = direct.submit(owner, job, accepted);
        if (ticket != JobTable.NONE) {
            schedule();
            Mode now = mode.get();
            if (now != Mode.RUNNING && now != Mode.DRAINING) {
                // It stopped meanwhile, and who stopped it may have looked too early.
                direct.abortWaiting();
            }
        }
        return ticket;
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
     * @return the result
     */
    public JobResult collect(long ticket) {
        return direct.collect(ticket);
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
        if (mode.get() != Mode.RUNNING || ringDepth == 0) {
            return;
        }
        int current;
        do {
            // Forwards only, and never past the entries that are still in use.
            current = tail.get();
            if (Integer.compareUnsigned(value - current, ringDepth) > 0
                    || Integer.compareUnsigned(value - head, ringDepth) > 0) {
                fail(QueueError.BAD_DOORBELL, 0);
                return;
            }
        } while (!tail.compareAndSet(current, value));
        schedule();
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            scheduler.add(this);
        }
    }

    private boolean hasWork() {
        Mode now = mode.get();
        return (now == Mode.RUNNING || now == Mode.DRAINING)
                && (head != tail.get() || !direct.isEmpty());
    }

    /** Stops by itself: what was not completed is aborted. */
    private void fail(QueueError error, long address) {
        if (mode.compareAndSet(Mode.RUNNING, Mode.FAILED)
                || mode.compareAndSet(Mode.DRAINING, Mode.FAILED)) {
            shared.error(error, address);
            direct.abortWaiting();
            observer.abandoned();
            event.signal();
        }
    }

    /** A turn of this queue. Called by one worker at a time. */
    void serve(QueueWorker worker) {
        int jobs = 0;
        long bytes = 0;
        while (jobs < QUANTUM_JOBS && bytes < QUANTUM_BYTES && hasWork()) {
            directTurn = !directTurn;
            boolean served = directTurn ? serveDirect(worker) : serveRing(worker);
            if (served) {
                jobs++;
                bytes += worker.job().sourceLength();
            }
        }
    }

    /**
     * The end of a turn.
     *
     * @return true if it wants another one
     */
    boolean settle() {
        if (hasWork()) {
            return true;
        }
        scheduled.set(false);
        if (hasWork() && scheduled.compareAndSet(false, true)) {
            return true;
        }
        if (mode.get() != Mode.RUNNING) {
            event.signal();
            if (!scheduled.get()) {
                runWhenQuiet();
            }
        }
        return false;
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
        observer.completed(ticket, job.status);
        event.signal();
        return true;
    }

    private boolean serveRing(QueueWorker worker) {
        int index = head;
        if (index == tail.get()) {
            return false;
        }
        DmaPort port = worker.port();
        byte[] descriptor = worker.descriptor();
        long offset = (long) (index & ringDepth - 1) << QueueLayout.ENTRY_SHIFT;
        long from = submissionRing + offset;
        long read = port.read(pasid, Access.READ, from, descriptor, 0, QueueLayout.ENTRY_SIZE);
        if (!DmaResult.isComplete(read)) {
            fail(QueueError.DESCRIPTOR_UNREACHABLE, from + DmaResult.bytes(read));
            return false;
        }
        RunningJob job = worker.job();
        job.run(this, descriptor);
        long tag = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_TAG);
        byte[] entry = worker.completion();
        job.encode(entry, tag, QueueLayout.phase(index, ringDepth));
        // Before software can see the completion: it may ring for the freed entry at once.
        head = index + 1;
        if (complete(port, completionRing + offset, entry)) {
            observer.completed(tag, job.status);
            event.signal();
        }
        return true;
    }

    private boolean complete(DmaPort port, long to, byte[] entry) {
        if (!reachable.getAsBoolean()) {
            // Nobody is left to see it, and the access would only be recorded as a fault.
            fail(QueueError.ADDRESS_SPACE_GONE, 0);
            return false;
        }
        int split = QueueLayout.COMPLETION_PHASE;
        long moved = write(port, to, entry, 0, split);
        if (moved == split) {
            moved += write(port, to + split, entry, split, QueueLayout.ENTRY_SIZE - split);
        }
        if (moved != QueueLayout.ENTRY_SIZE) {
            fail(QueueError.COMPLETION_UNREACHABLE, to + moved);
            return false;
        }
        return true;
    }

    private long write(DmaPort port, long to, byte[] entry, int from, int length) {
        return DmaResult.bytes(port.write(pasid, Access.WRITE, to, entry, from, length));
    }
}
