package org.opensva.emulated.kernel.pressure;

import org.jspecify.annotations.Nullable;
import org.opensva.emulated.kernel.mm.AddressSpaces;

import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;

/**
 * Reclaims in the background while less memory is free than should be, so that faults rarely have
 * to (Linux: {@code kswapd}). Its thread begins with the first shortage.
 */
public final class ReclaimDaemon implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ReclaimDaemon.class.getName());

    private final AddressSpaces addressSpaces;
    private final ThreadFactory threads;
    private final Semaphore wakeups = new Semaphore(0);
    private volatile boolean closed;
    private volatile boolean started;

    /** Guarded by the monitor. */
    private @Nullable Thread thread;

    /**
     * Creates the daemon, and has it woken.
     *
     * @param addressSpaces whose pages are reclaimed
     * @param threads makes its thread
     */
    public ReclaimDaemon(AddressSpaces addressSpaces, ThreadFactory threads) {
        this.addressSpaces = addressSpaces;
        this.threads = threads;
        addressSpaces.whenMemoryIsLow(this::wake);
    }

    private void wake() {
        if (!started) {
            start();
        }
        if (wakeups.availablePermits() == 0) {
            wakeups.release();
        }
    }

    private synchronized void start() {
        if (!started && !closed) {
            started = true;
            Thread fresh = threads.newThread(this::run);
            thread = fresh;
            fresh.start();
        }
    }

    private void run() {
        while (!closed) {
            wakeups.acquireUninterruptibly();
            wakeups.drainPermits();
            try {
                while (!closed && addressSpaces.reclaimSome()) {
                    Thread.yield();
                }
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "background reclaim failed", e);
                return;
            }
        }
    }

    /** Ends the thread, after the pages that it reclaims at the moment. */
    @Override
    public void close() {
        Thread last;
        synchronized (this) {
            closed = true;
            last = thread;
        }
        wakeups.release();
        boolean interrupted = false;
        while (last != null && last.isAlive()) {
            try {
                last.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
