package org.opensva.emulated.kernel.pressure;

import org.jspecify.annotations.Nullable;
import org.opensva.emulated.kernel.mm.AddressSpaces;

import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

/**
 * Merges pages of the same contents where processes have said that it may ({@code MADV_MERGEABLE};
 * Linux: {@code ksmd}): some pages, then a pause, as long as there are any. Its thread starts when
 * a process says so first.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SamePageDaemon implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(SamePageDaemon.class.getName());

    /** Linux: {@code pages_to_scan}. */
    private static final int PAGES = 100;

    /** Linux: {@code sleep_millisecs}. */
    private static final long PAUSE_NANOS = 20_000_000;

    private final AddressSpaces addressSpaces;
    private final ThreadFactory threads;
    private final Runnable pause;
    private final Semaphore wakeups = new Semaphore(0);
    private volatile boolean closed;

    /** Guarded by the monitor. */
    private @Nullable Thread thread;

    /**
     * Creates the daemon, and has it woken.
     *
     * @param addressSpaces whose pages are merged
     * @param threads makes its thread
     */
    public SamePageDaemon(AddressSpaces addressSpaces, ThreadFactory threads) {
        this(addressSpaces, threads, () -> LockSupport.parkNanos(PAUSE_NANOS));
    }

    /**
     * Creates the daemon, and has it woken.
     *
     * @param addressSpaces whose pages are merged
     * @param threads makes its thread
     * @param pause lets others go on between two scans; ends early when the thread is unparked
     */
    public SamePageDaemon(AddressSpaces addressSpaces, ThreadFactory threads, Runnable pause) {
        this.addressSpaces = addressSpaces;
        this.threads = threads;
        this.pause = pause;
        addressSpaces.whenMergeable(this::wake);
    }

    private void wake() {
        synchronized (this) {
            if (thread == null && !closed) {
                Thread fresh = threads.newThread(this::run);
                thread = fresh;
                fresh.start();
            }
        }
        if (wakeups.availablePermits() == 0) {
            wakeups.release();
        }
    }

    private void run() {
        while (!closed) {
            wakeups.acquireUninterruptibly();
            wakeups.drainPermits();
            try {
                mergeWhatThereIs();
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "merging failed", e);
                return;
            }
        }
    }

    private void mergeWhatThereIs() {
        List<Runnable> pages = addressSpaces.pages().mergeable();
        while (!closed && !pages.isEmpty()) {
            for (int at = 0; at < pages.size() && !closed; at++) {
                pages.get(at).run();
                if ((at + 1) % PAGES == 0) {
                    pause.run();
                }
            }
            pause.run();
            pages = addressSpaces.pages().mergeable();
        }
    }

    /** Ends the thread, after the page that it merges at the moment. */
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
            LockSupport.unpark(last);
            try {
                last.join(100);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
