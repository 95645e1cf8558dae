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

/**
 * The workers of a device and the queues that wait for one, first come, first served. A queue that
 * has had its turn goes to the end.
 *
 * <p>Workers are started with the first work. One that finds nothing looks again for some
 * microseconds, one at a time, and then sleeps.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class QueueScheduler implements AutoCloseable {

    private static final long SPIN_NANOS = 20_000;

    private final String name;
    private final List<QueueWorker> workers = new ArrayList<>();
    private final Object monitor = new Object();
    private final ArrayDeque<HardwareQueue> waiting;
    private final List<Thread> threads = new ArrayList<>();
    private int sleepers;
    private boolean spinning;
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

    void add(HardwareQueue queue) {
        synchronized (monitor) {
            if (!closed) {
                waiting.addLast(queue);
                count = waiting.size();
                if (threads.isEmpty()) {
                    startWorkers();
                }
                if (sleepers > 0) {
                    monitor.notify();
                }
                return;
            }
        }
        // No worker will come: let go of it, so that who waits for it goes on.
        queue.kill(QueueError.REMOVED);
        queue.settle();
    }

    private void startWorkers() {
        for (QueueWorker worker : workers) {
            threads.add(
                    Thread.ofPlatform()
                            .name(name + "-worker-" + threads.size())
                            .daemon()
                            .start(() -> work(worker)));
        }
    }

    private void work(QueueWorker worker) {
        try {
            while (true) {
                HardwareQueue queue = next();
                if (queue != null) {
                    serve(queue, worker);
                } else if (closed) {
                    return;
                }
            }
        } finally {
            worker.close();
        }
    }

    private void serve(HardwareQueue queue, QueueWorker worker) {
        try {
            queue.serve(worker);
        } catch (RuntimeException | Error e) {
            // A port promises not to throw; one that does costs its queue, not the device.
            queue.kill(QueueError.DEVICE_FAILURE);
        }
        if (queue.settle()) {
            add(queue);
        }
    }

    /** The next queue; null if there is none any more, or for no reason. */
    private @Nullable HardwareQueue next() {
        if (count == 0) {
            spin();
        }
        synchronized (monitor) {
            sleepers++;
            try {
                while (waiting.isEmpty() && !closed) {
                    monitor.wait();
                }
            } catch (InterruptedException e) {
                // Only an engine can have done that; a worker ends when the scheduler closes.
                return null;
            } finally {
                sleepers--;
            }
            HardwareQueue queue = waiting.pollFirst();
            count = waiting.size();
            return queue;
        }
    }

    private void spin() {
        synchronized (monitor) {
            if (spinning) {
                return;
            }
            spinning = true;
        }
        long start = System.nanoTime();
        while (count == 0 && !closed && System.nanoTime() - start < SPIN_NANOS) {
            Thread.onSpinWait();
        }
        synchronized (monitor) {
            spinning = false;
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
            monitor.notifyAll();
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
