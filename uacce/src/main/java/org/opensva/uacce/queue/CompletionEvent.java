package org.opensva.uacce.queue;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The interrupt of a queue: something has completed, or its state has changed. Who waits takes the
 * count, looks whether it has what it wants, and then waits for another count.
 *
 * <p><b>Threading.</b> Any thread may call. Signalling costs two memory accesses while nobody
 * sleeps, and never blocks for long. Nobody waits in a monitor: whom a notification wakes when is
 * not for a schedule of threads to choose.
 */
public final class CompletionEvent {

    /** How long to look again and again before sleeping: a completion is often that near. */
    private static final long SPIN_NANOS =
            Runtime.getRuntime().availableProcessors() > 1 ? 20_000 : 0;

    /** How often to look before looking at the clock. */
    private static final int SPINS = 16;

    private final Object monitor = new Object();
    private final ArrayDeque<Thread> waiters = new ArrayDeque<>();
    private final AtomicLong count = new AtomicLong();

    /** Size of the waiters, for those who do not want to look. */
    private volatile int sleepers;

    CompletionEvent() {}

    /**
     * How often it was signalled.
     *
     * @return a number to hand to {@link #await}
     */
    public long count() {
        return count.get();
    }

    /** Wakes everybody who waits. */
    public void signal() {
        count.getAndIncrement();
        if (sleepers > 0) {
            synchronized (monitor) {
                for (Thread waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
                    LockSupport.unpark(waiter);
                }
                sleepers = 0;
            }
        }
    }

    /**
     * Waits for a signal.
     *
     * @param seen a count; returns at once if there was a signal since it was taken
     * @param deadline of {@link System#nanoTime}
     * @return false if the deadline has passed without one
     * @throws ErrnoException {@code EINTR} if the thread is interrupted; it stays so
     */
    public boolean await(long seen, long deadline) {
        try {
            return waitFor(seen, deadline);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ErrnoException(Errno.EINTR, "wait", "the thread was interrupted");
        }
    }

    /**
     * Waits for a signal, whoever interrupts the thread: for teardown, which must not stop halfway.
     *
     * @param seen a count
     * @param deadline of {@link System#nanoTime}
     * @return false if the deadline has passed without a signal
     */
    public boolean awaitUninterruptibly(long seen, long deadline) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return waitFor(seen, deadline);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean waitFor(long seen, long deadline) throws InterruptedException {
        long start = System.nanoTime();
        long spin = Math.min(deadline - start, SPIN_NANOS);
        for (long now = start; now - start < spin; now = System.nanoTime()) {
            for (int i = 0; i < SPINS; i++) {
                if (count.get() != seen) {
                    return true;
                }
                Thread.onSpinWait();
            }
        }
        return sleep(seen, deadline);
    }

    private boolean sleep(long seen, long deadline) throws InterruptedException {
        Thread own = Thread.currentThread();
        try {
            while (true) {
                // First among the waiters, then the look: a signal in between wakes.
                enlist(own);
                if (count.get() != seen) {
                    return true;
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                LockSupport.parkNanos(this, left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        } finally {
            synchronized (monitor) {
                waiters.remove(own);
                sleepers = waiters.size();
            }
        }
    }

    private void enlist(Thread own) {
        synchronized (monitor) {
            if (!waiters.contains(own)) {
                waiters.add(own);
                sleepers = waiters.size();
            }
        }
    }
}
