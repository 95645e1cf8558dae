package org.opensva.conformance.suite.bench;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.process.ErrnoException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Devices at work beside the test: each thread runs one job after the other until it is stopped.
 * Jobs that fail are counted and do not end the load; a refused submission ends its thread.
 */
public final class DeviceLoad implements AutoCloseable {

    private final TestBench bench;
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicLong submitted = new AtomicLong();
    private final AtomicLong succeeded = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final List<Concurrent<Boolean>> threads = new ArrayList<>();

    private DeviceLoad(TestBench bench) {
        this.bench = bench;
    }

    /**
     * Starts a load.
     *
     * @param bench the bench, which stops it at the latest when the test is over
     * @param devices one thread works on each
     * @param jobs makes the job of a sequence number; numbers start at 1 and no two jobs share one
     * @return the running load
     */
    public static DeviceLoad start(
            TestBench bench, List<BoundDevice> devices, LongFunction<Job> jobs) {
        DeviceLoad load = bench.adopt(new DeviceLoad(bench));
        for (BoundDevice device : devices) {
            load.threads.add(bench.beside(() -> load.work(device, jobs)));
        }
        return load;
    }

    private boolean work(BoundDevice device, LongFunction<Job> jobs) {
        try {
            while (!stop.get()) {
                JobResult result = device.run(jobs.apply(submitted.incrementAndGet()));
                (result.succeeded() ? succeeded : failed).incrementAndGet();
                if (result.status() == JobStatus.ABORTED) {
                    return true;
                }
            }
        } catch (ErrnoException dead) {
            // The queue died under the load, which is what some tests are about.
            failed.incrementAndGet();
        }
        return true;
    }

    /**
     * How many jobs were given to a device, the ones that run now included.
     *
     * @return the last sequence number
     */
    public long submitted() {
        return submitted.get();
    }

    /**
     * How many jobs succeeded.
     *
     * @return 0 or more
     */
    public long succeeded() {
        return succeeded.get();
    }

    /**
     * How many jobs failed.
     *
     * @return 0 or more
     */
    public long failed() {
        return failed.get();
    }

    /**
     * How many jobs have ended.
     *
     * @return 0 or more
     */
    public long ended() {
        return succeeded.get() + failed.get();
    }

    /**
     * Waits until that many more jobs have ended, or until every thread has ended.
     *
     * @param more how many
     */
    public void awaitMore(long more) {
        long target = ended() + more;
        bench.until(
                more + " more device jobs to end",
                limit(),
                () -> ended() >= target || allThreadsEnded());
    }

    /**
     * Waits until that many more jobs have succeeded.
     *
     * @param more how many
     */
    public void awaitSuccesses(long more) {
        long target = succeeded() + more;
        bench.until(
                more + " more device jobs to succeed",
                limit(),
                () -> succeeded() >= target || allThreadsEnded());
        if (succeeded() < target) {
            stop();
            throw bench.violation(
                    "the device to go on with its jobs",
                    "its queue ended after "
                            + succeeded()
                            + " successful and "
                            + failed()
                            + " failed jobs");
        }
    }

    private boolean allThreadsEnded() {
        return threads.stream().allMatch(Concurrent::isDone);
    }

    private Duration limit() {
        return bench.limits().job();
    }

    /** Stops the load and waits for its threads. What a thread found broken is thrown here. */
    public void stop() {
        stop.set(true);
        for (Concurrent<Boolean> thread : threads) {
            bench.join("the device load", thread);
        }
    }

    @Override
    public void close() {
        stop.set(true);
        for (Concurrent<Boolean> thread : threads) {
            if (thread.await(limit()).isEmpty()) {
                thread.interrupt();
            }
        }
    }
}
