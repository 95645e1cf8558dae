package org.opensva.uacce.queue;

import io.opentelemetry.context.Scope;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

/** Hears of the beginnings and ends of jobs, for traces and metrics. Must be quick. */
public interface JobObserver {

    /** Does nothing. */
    JobObserver NONE =
            new JobObserver() {
                @Override
                public Scope started(long tag, JobExecution job) {
                    return Scope.noop();
                }

                @Override
                public void completed(long tag, JobStatus status, long consumed, long produced) {}

                @Override
                public void failed(QueueError error) {}

                @Override
                public void abandoned() {}
            };

    /**
     * An engine is about to work at a job. Called by the worker, which closes what it gets when the
     * engine is done.
     *
     * @param tag the tag of its descriptor, any number
     * @param job the job; to be looked at during the call only
     * @return ends the context in which the engine works
     */
    Scope started(long tag, JobExecution job);

    /**
     * A job was completed. Called by the worker.
     *
     * @param tag the tag of its descriptor, any number
     * @param status how it ended
     * @param consumed bytes consumed
     * @param produced bytes produced
     */
    void completed(long tag, JobStatus status, long consumed, long produced);

    /**
     * The queue has stopped by itself.
     *
     * @param error why
     */
    void failed(QueueError error);

    /** The queue has stopped: jobs that have not completed never will. */
    void abandoned();
}
