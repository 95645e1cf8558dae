package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.EngineSession;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicInteger;

/** The streams of a job: found, begun, kept for the next job, or ended. */
final class Streams {

    /** How many streams all the engines of a device hold, and how many they may hold. */
    static final class Budget {

        private final int most;
        private final AtomicInteger live = new AtomicInteger();

        Budget(int most) {
            this.most = most;
        }

        boolean take() {
            int now;
            do {
                now = live.get();
                if (now >= most) {
                    return false;
                }
            } while (!live.compareAndSet(now, now + 1));
            return true;
        }

        void giveBack() {
            live.decrementAndGet();
        }

        int live() {
            return live.get();
        }
    }

    /** What is kept between jobs. */
    abstract static class Stream implements EngineSession {

        private final Operation operation;
        private final Algorithm algorithm;
        private @Nullable Budget budget;

        Stream(JobExecution job) {
            operation = job.operation();
            algorithm = job.algorithm();
        }

        @Override
        public final void close() {
            Budget paid = budget;
            if (paid != null) {
                budget = null;
                paid.giveBack();
                free();
            }
        }

        /** Frees what it holds outside the heap, and wipes what is secret. */
        abstract void free();
    }

    /** Makes a stream for a job; null if there is a failure in the data. */
    @FunctionalInterface
    interface Maker<S extends Stream> {
        @Nullable S make(JobExecution job) throws GeneralSecurityException;
    }

    private final JobData data;
    private final Budget budget;

    Streams(JobData data, Budget budget) {
        this.data = data;
        this.budget = budget;
    }

    /** Tells whether the job is part of a stream. */
    boolean streaming() {
        return data.parameters.has(JobParameters.SESSION);
    }

    /** Tells whether the job is the last one of its result: of a stream, or alone. */
    boolean last() {
        return !streaming() || data.parameters.has(JobParameters.END);
    }

    /**
     * The stream of the job.
     *
     * @return null if there is a failure in the data
     */
    <S extends Stream> @Nullable S open(JobExecution job, Class<S> type, Maker<S> maker)
            throws GeneralSecurityException {
        int number = data.parameters.session();
        if (!data.parameters.has(JobParameters.BEGIN)) {
            if (job.session(number) instanceof Stream stream
                    && type.isInstance(stream)
                    && stream.operation == job.operation()
                    && stream.algorithm == job.algorithm()) {
                return type.cast(stream);
            }
            data.fail(JobStatus.NO_SESSION);
            return null;
        }
        // The one that had the number makes way before it is known whether there is room.
        if (!job.keep(number, null)) {
            data.fail(JobStatus.UNSUPPORTED);
            return null;
        }
        if (!budget.take()) {
            data.fail(JobStatus.NO_SESSION);
            return null;
        }
        S made = null;
        try {
            made = maker.make(job);
        } finally {
            if (made == null) {
                budget.giveBack();
            }
        }
        if (made != null) {
            ((Stream) made).budget = budget;
            job.keep(number, made);
        }
        return made;
    }

    /** Ends the stream if this was its last job, or if it cannot be continued. */
    void settle(JobExecution job) {
        JobStatus failure = data.failure();
        boolean over = failure == null ? last() : !resumable(failure);
        if (streaming() && over) {
            job.keep(data.parameters.session(), null);
        }
    }

    private static boolean resumable(JobStatus failure) {
        return failure == JobStatus.PAGE_FAULT || failure == JobStatus.DESTINATION_FULL;
    }
}
