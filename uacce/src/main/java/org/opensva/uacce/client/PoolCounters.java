package org.opensva.uacce.client;

import org.opensva.api.accelerator.JobResult;

import java.util.concurrent.atomic.LongAdder;

/** Counts what a pool does; many threads add at once. */
final class PoolCounters {

    final LongAdder retries = new LongAdder();
    final LongAdder repairs = new LongAdder();
    final LongAdder reopened = new LongAdder();
    final LongAdder timeouts = new LongAdder();
    private final LongAdder jobs = new LongAdder();
    private final LongAdder softwareJobs = new LongAdder();
    private final LongAdder consumed = new LongAdder();
    private final LongAdder produced = new LongAdder();

    void done(JobResult result, boolean software) {
        (software ? softwareJobs : jobs).increment();
        consumed.add(result.consumed());
        produced.add(result.produced());
    }

    PoolStatistics snapshot() {
        return new PoolStatistics(
                jobs.sum(),
                softwareJobs.sum(),
                consumed.sum(),
                produced.sum(),
                retries.sum(),
                repairs.sum(),
                reopened.sum(),
                timeouts.sum());
    }
}
