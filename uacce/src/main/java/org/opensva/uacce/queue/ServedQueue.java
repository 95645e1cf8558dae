package org.opensva.uacce.queue;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What workers serve, in turns: a queue with its place in the schedule.
 *
 * <p>Queues share the workers by deficit round robin: each turn grants credit in proportion to the
 * weight, each job costs what it reads and a fixed amount, and a job that cost more than there was
 * is paid for by later turns. So every queue with work has a turn in every round, and over time
 * each gets its share of the bytes, whatever the sizes of its jobs.
 *
 * <p><b>Threading.</b> At most one worker serves a queue at a time; everything else by any thread.
 */
abstract class ServedQueue {

    /** What a turn grants for each unit of weight, in bytes. */
    static final long GRANT = 1 << 13;

    /** What a job costs beside its bytes: a small one is not free. */
    static final long JOB_COST = 1 << 12;

    /** The most that one job costs: nobody is to be punished for hours. */
    private static final long MOST_COST = 1L << 30;

    private final QueueScheduler scheduler;
    private final int weight;

    /** True while it is in the schedule or in the hands of a worker. */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /** Of the worker that serves it. */
    private long credit;

    ServedQueue(QueueScheduler scheduler, int weight) {
        this.scheduler = scheduler;
        this.weight = weight;
    }

    /** Tells whether there is a job that may be done now. */
    abstract boolean hasWork();

    /** Tells whether more work may come without a start in between. */
    abstract boolean takesWork();

    /** Does one job, if there is one; returns how many bytes it had to read. */
    abstract long serveOne(QueueWorker worker);

    /** No worker serves it, and none will unless it is started. */
    abstract void atRest();

    /** A worker has failed in it, or there is none any more. */
    abstract void abandon(QueueError error);

    /** There is work: it gets a turn. Cheap while it has one. */
    final void schedule() {
        if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            scheduler.add(this);
        }
    }

    /** Tells whether a worker serves it or will. */
    final boolean isScheduled() {
        return scheduled.get();
    }

    /**
     * A turn.
     *
     * @return true if it ended with work left
     */
    final boolean turn(QueueWorker worker) {
        worker.newTurn();
        credit += weight * GRANT;
        while (hasWork()) {
            if (credit <= 0) {
                return true;
            }
            credit -= Math.min(JOB_COST + Math.max(0, serveOne(worker)), MOST_COST);
        }
        // What is not used is lost, or who was idle for long could keep the others waiting.
        credit = Math.min(credit, 0);
        return false;
    }

    /** Nobody else wants the worker: a debt that delays nobody is none. */
    final void forgive() {
        credit = Math.max(credit, 0);
    }

    /**
     * The worker lets go.
     *
     * @return true if it must not, because work has come
     */
    final boolean settle() {
        if (hasWork()) {
            return true;
        }
        scheduled.set(false);
        if (hasWork() && scheduled.compareAndSet(false, true)) {
            return true;
        }
        if (!takesWork()) {
            atRest();
        }
        return false;
    }
}
