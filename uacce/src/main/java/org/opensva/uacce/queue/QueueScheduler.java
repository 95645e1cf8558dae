package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The workers of a device and the queues that wait for one, first come, first served. A queue that
 * has had its turn goes to the end.
 *
 * <p>Workers are started with the first work. One that finds nothing more in its queue looks again
 * for some microseconds, there and for other queues, and then sleeps; so that a queue whose next
 * job follows soon costs neither a wake-up nor a lock. At most one worker looks at a time, and
 * nobody is woken while one does.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class QueueScheduler implements AutoCloseable {

    /** How long a worker looks for work before it sleeps; a lone processor has better to do. */
    private static final long SPIN_NANOS =
            Runtime.getRuntime().availableProcessors() > 1 ? 20_000 : 0;

    /** How often it looks before it looks at the clock. */
    private static final int SPINS = 16;

    private final String name;
    private final List<QueueWorker> workers = new ArrayList<>();
    private final Object monitor = new Object();
    private final ArrayDeque<ServedQueue> waiting;
    private final List<Thread> threads = new ArrayList<>();

    /**
     * Workers that sleep. None waits in a monitor: whom a notification wakes when is not for a
     * schedule of threads to choose.
     */
    private final ArrayDeque<Thread> sleepers;

    /** True while a worker looks for work. */
    private final AtomicBoolean searching = new AtomicBoolean();

    private volatile int count;
    private volatile boolean closed;

    /**
     * Makes a scheduler.
     *
     * @param name of the device, for thread names
     * @param workers number of workers, more than 0
     * @param queues how many queues there may be
     * @param port the device's way to memory
     * @param engines makes an engine for each worker
     */
    public QueueScheduler(
            String name, int workers, int queues, DmaPort port, EngineFactory engines) {
        this.name = name;
        waiting = new ArrayDeque<>(queues + 1);
        sleepers = new ArrayDeque<>(workers + 1);
        for (int i = 0; i < workers; i++) {
            this.workers.add(new QueueWorker(port, engines.create()));
        }
    }

    /**
     * What the engines can do.
     *
     * @return the operations of the first one; they are all of one kind
     */
    public Set<Operation> operations() {
        return workers.getFirst().operations();
    }

    /**
     * With what the engines can do it.
     *
     * @return the algorithms of the first one; they are all of one kind
     */
    public Set<Algorithm> algorithms() {
        return workers.getFirst().algorithms();
    }

    void add(ServedQueue queue) {
        synchronized (monitor) {
            if (!closed) {
                waiting.addLast(queue);
                count = waiting.size();
                if (threads.isEmpty()) {
                    startWorkers();
                }
                wakeOne();
                return;
            }
        }
        // No worker will come: let go of it, so that who waits for it goes on.
        queue.abandon(QueueError.REMOVED);
        queue.settle();
    }

    /** Called with the monitor. Who looks will find it. */
    private void wakeOne() {
        if (!sleepers.isEmpty() && !searching.get()) {
            LockSupport.unpark(sleepers.poll());
        }
    }

    private void startWorkers() {
        for (QueueWorker worker : workers) {
            // Who is started by a virtual thread belongs to its scheduler too.
            Thread.Builder builder =
                    Thread.currentThread().isVirtual()
                            ? Thread.ofVirtual()
                            : Thread.ofPlatform().daemon();
            threads.add(builder.name(name + "-worker-" + threads.size()).start(() -> work(worker)));
        }
    }

    private void work(QueueWorker worker) {
        try {
            while (true) {
                ServedQueue queue = next();
                if (queue == null) {
                    return;
                }
                serve(queue, worker);
            }
        } finally {
            worker.close();
        }
    }

    private void serve(ServedQueue queue, QueueWorker worker) {
        try {
            boolean more;
            do {
                more = queue.turn(worker);
                if (count == 0) {
                    queue.forgive();
                }
            } while (!closed && (more ? count == 0 : lookInto(queue)));
        } catch (RuntimeException | Error e) {
            // A port promises not to throw; one that does costs its queue, not the device.
            queue.abandon(QueueError.DEVICE_FAILURE);
        }
        if (queue.settle()) {
            add(queue);
        }
    }

    /** Stays with a queue that has nothing to do for a while; true if it has again. */
    private boolean lookInto(ServedQueue queue) {
        if (SPIN_NANOS == 0
                || count > 0
                || !queue.takesWork()
                || !searching.compareAndSet(false, true)) {
            return false;
        }
        boolean found = search(queue);
        searching.set(false);
        if (found && count > 0) {
            // It came while nobody was woken because this worker looked.
            synchronized (monitor) {
                wakeOne();
            }
        }
        return found;
    }

    private boolean search(ServedQueue queue) {
        long start = System.nanoTime();
        do {
            for (int i = 0; i < SPINS; i++) {
                if (queue.hasWork()) {
                    return true;
                }
                if (count > 0 || closed || !queue.takesWork()) {
                    return false;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - start < SPIN_NANOS);
        return false;
    }

    /** The next queue; null if there is none any more. */
    private @Nullable ServedQueue next() {
        Thread own = Thread.currentThread();
        while (true) {
            synchronized (monitor) {
                // It is among them still if nobody but time or an engine has woken it.
                sleepers.remove(own);
                ServedQueue queue = waiting.pollFirst();
                if (queue != null) {
                    count = waiting.size();
                    if (count > 0) {
                        wakeOne();
                    }
                    return queue;
                }
                if (closed) {
                    return null;
                }
                sleepers.add(own);
            }
            LockSupport.park(this);
            // Only an engine can have done that; a worker ends when the scheduler closes.
            Thread.interrupted();
        }
    }

    /**
     * Ends the workers and waits for them.
     *
     * @param grace how long to wait in nanoseconds
     * @return true if they have ended
     */
    public boolean shutDown(long grace) {
        List<Thread> ending;
        synchronized (monitor) {
            if (!closed && threads.isEmpty()) {
                workers.forEach(QueueWorker::close);
            }
            closed = true;
            sleepers.forEach(LockSupport::unpark);
            ending = List.copyOf(threads);
        }
        long deadline = System.nanoTime() + grace;
        boolean ended = true;
        for (Thread thread : ending) {
            ended &= thread.equals(Thread.currentThread()) || join(thread, deadline);
        }
        return ended;
    }

    private static boolean join(Thread thread, long deadline) {
        boolean interrupted = false;
        try {
            while (thread.isAlive()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                try {
                    thread.join(Duration.ofNanos(left));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends the workers without waiting. */
    @Override
    public void close() {
        shutDown(0);
    }
}
