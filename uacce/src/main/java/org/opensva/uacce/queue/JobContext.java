package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;

import java.util.function.BooleanSupplier;

/**
 * Whose a job is: the PASID of every access, when to give it up, who hears of it, and the streams
 * that outlive it. A dedicated queue has one for all its jobs, a shared queue one for each PASID.
 *
 * @param pasid the PASID of every access
 * @param cancelled true once its jobs are to end
 * @param observer hears of the beginnings and ends of jobs
 * @param sessions what the engines keep; null where they cannot, because the device does not know
 *     whose job it is beyond its address space
 */
record JobContext(
        int pasid,
        BooleanSupplier cancelled,
        JobObserver observer,
        @Nullable QueueSessions sessions) {

    /** The streams end. */
    void closeSessions() {
        QueueSessions kept = sessions;
        if (kept != null) {
            kept.closeAll();
        }
    }
}
