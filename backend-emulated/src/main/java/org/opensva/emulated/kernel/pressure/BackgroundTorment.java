package org.opensva.emulated.kernel.pressure;

import org.opensva.api.backend.MemoryPressure;

import java.util.Random;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/** Round after round on a thread of its own. */
final class BackgroundTorment implements MemoryPressure.Torment {

    private static final System.Logger LOG = System.getLogger(BackgroundTorment.class.getName());

    private final Tormentor tormentor;
    private final Random random;
    private final Runnable pause;
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLongArray pages = new AtomicLongArray(MemoryPressure.Kind.values().length);
    private final Thread thread;
    private volatile boolean closed;

    BackgroundTorment(Tormentor tormentor, long seed, ThreadFactory threads, Runnable pause) {
        this.pause = pause;
        this.tormentor = tormentor;
        this.random = new Random(seed);
        this.thread = threads.newThread(this::run);
        thread.start();
    }

    private void run() {
        while (!closed) {
            try {
                tormentor.round(random, pages);
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "a round of memory pressure failed", e);
                return;
            }
            rounds.incrementAndGet();
            pause.run();
        }
    }

    @Override
    public long rounds() {
        return rounds.get();
    }

    @Override
    public long pages(MemoryPressure.Kind kind) {
        return pages.get(kind.ordinal());
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        tormentor.ended(this);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
