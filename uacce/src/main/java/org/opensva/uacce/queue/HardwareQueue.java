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
public final class HardwareQueue extends ServedQueue implements DeviceQueue {

    private enum Mode {
        STOPPED,
        RUNNING,
        DRAINING,
        CANCELLED,
        FAILED
    }

    private final JobContext context;
    private final int depth;
    private final int limit;
    private final BooleanSupplier reachable;
    private final JobObserver observer;
    private final SharedPage shared;
    private final DoorbellPage doorbell;
    private final DirectJobs direct;
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
        context = new JobContext(pasid, this::cancelled, observer, new QueueSessions());
        this.depth = depth;
        this.limit = limit;
        this.reachable = reachable;
        this.observer = observer;
        shared = new SharedPage(regionSize);
        doorbell = new DoorbellPage(regionSize, this);
        direct = new DirectJobs(limit);
        ring = new DescriptorRing(pasid, limit);
    }

    @Override
    public MmioRegion doorbellPage() {
        return doorbell;
    }

    @Override
    public MmioRegion sharedPage() {
        return shared;
    }

    @Override
    public CompletionEvent event() {
        return event;
    }

    @Override
    public int starts() {
        return starts;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public int limit() {
        return limit;
    }

    int tail() {
        return ring.tail();
    }

    @Override
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

    @Override
    public boolean stop(long grace) {
        if (mode.compareAndSet(Mode.RUNNING, Mode.DRAINING)) {
            awaitQuiet(grace);
        }
        // A failed queue has nothing to drain.
        Mode last = mode.getAndSet(Mode.CANCELLED);
        boolean quiet = awaitQuiet(grace);
        direct.abortWaiting();
        if (quiet) {
            context.closeSessions();
            direct.abortAll();
            observer.abandoned();
            if (last != Mode.CANCELLED) {
                mode.set(Mode.STOPPED);
            }
        }
        event.signal();
        return quiet;
    }

    @Override
    public void kill(QueueError error) {
        shared.error(error, 0);
        mode.set(Mode.CANCELLED);
        direct.abortWaiting();
        event.signal();
    }

    @Override
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

    @Override
    public void whenQuiet(Runnable action) {
        whenQuiet.set(action);
        if (!isScheduled()) {
            runWhenQuiet();
        }
    }

    private void runWhenQuiet() {
        Runnable action = whenQuiet.getAndSet(null);
        if (action != null) {
            context.closeSessions();
            direct.abortAll();
            observer.abandoned();
            event.signal();
            action.run();
        }
    }

    @Override
    public boolean serves(int start) {
        Mode now = mode.get();
        return starts == start && (now == Mode.RUNNING || now == Mode.DRAINING || isScheduled());
    }

    @Override
    public boolean failed() {
        return mode.get() == Mode.FAILED;
    }

    private boolean cancelled() {
        Mode now = mode.get();
        return now != Mode.RUNNING && now != Mode.DRAINING || !reachable.getAsBoolean();
    }

    @Override
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

    @Override
    public JobTable.State stateOf(long ticket) {
        return direct.stateOf(ticket);
    }

    @Override
    public JobStatus collect(long ticket, long[] result) {
        return direct.collect(ticket, result);
    }

    @Override
    public boolean hasDone(Object owner) {
        return direct.hasDone(owner);
    }

    @Override
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
        job.run(context, descriptor);
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
        job.run(context, descriptor);
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
