package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * What a shared queue knows of one PASID: whether its commands are taken, and how many are under
 * way. Processes that open the queue more than once have one for all their parts.
 *
 * <p><b>Threading.</b> Fields that are not final are written with the monitor of the queue held;
 * the volatile ones are read by anybody.
 */
final class Submitter {

    enum Mode {
        STOPPED,
        RUNNING,
        DRAINING,
        /** Its job is told to end, and then it is stopped. */
        CANCELLED,
        /** For ever. */
        DEAD
    }

    final int pasid;
    final BooleanSupplier reachable;
    final JobContext context;
    final CompletionEvent event = new CompletionEvent();

    /** Taken by who starts or stops a part: one at a time. */
    final ReentrantLock control = new ReentrantLock();

    final List<SharedPart> parts = new ArrayList<>();
    final List<Runnable> whenQuiet = new ArrayList<>();

    volatile Mode mode = Mode.STOPPED;

    /** How many parts are started. */
    int started;

    /** How many of its commands may wait in the queue. */
    int limit;

    /** How many commands wait in the queue. */
    int queued;

    /** How many commands were taken. */
    volatile int accepted;

    /** How many of them are over. */
    volatile int completed;

    Submitter(int pasid, BooleanSupplier reachable, JobObserver observer) {
        this.pasid = pasid;
        this.reachable = reachable;
        context = new JobContext(pasid, this::cancelled, observer, null);
    }

    private boolean cancelled() {
        Mode now = mode;
        return now != Mode.RUNNING && now != Mode.DRAINING || !reachable.getAsBoolean();
    }

    boolean isQuiet() {
        return accepted == completed;
    }

    /** Waits until as many commands are over; false if they are not by then. */
    boolean await(int count, long grace) {
        long deadline = System.nanoTime() + grace;
        while (true) {
            long seen = event.count();
            if (completed - count >= 0) {
                return true;
            }
            if (!event.awaitUninterruptibly(seen, deadline)) {
                return completed - count >= 0;
            }
        }
    }

    /** What waited for the last job, if it is over; to be run without the monitor. */
    @Nullable Runnable ifQuiet() {
        if (!isQuiet() || whenQuiet.isEmpty()) {
            return null;
        }
        List<Runnable> actions = List.copyOf(whenQuiet);
        whenQuiet.clear();
        return () -> {
            context.observer().abandoned();
            actions.forEach(Runnable::run);
        };
    }
}
