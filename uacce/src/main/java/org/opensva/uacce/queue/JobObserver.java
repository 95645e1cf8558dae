package org.opensva.uacce.queue;

import org.opensva.api.accelerator.JobStatus;

/** Hears of the ends of jobs, for traces. Called by workers; must be quick. */
public interface JobObserver {

    /** Does nothing. */
    JobObserver NONE =
            new JobObserver() {
                @Override
                public void completed(long tag, JobStatus status) {}

                @Override
                public void abandoned() {}
            };

    /**
     * A job was completed.
     *
     * @param tag the tag of its descriptor, any number
     * @param status how it ended
     */
    void completed(long tag, JobStatus status);

    /** The queue has stopped: jobs that have not completed never will. */
    void abandoned();
}
