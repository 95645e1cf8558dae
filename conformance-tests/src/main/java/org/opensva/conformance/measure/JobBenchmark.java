package org.opensva.conformance.measure;

import io.opentelemetry.api.OpenTelemetry;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Jobs from a process to an accelerator and back. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class JobBenchmark {

    private static final int BYTES = 4096;
    private static final int DEPTH = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Started queues of one process. */
    @State(Scope.Benchmark)
    public static class Queues {

        /** The backend. */
        @Param({"emulated:smmuv3", "emulated:vtd", "native:host"})
        String backend;

        /** How many queues the jobs are spread over. */
        @Param({"1", "4"})
        int queues;

        private final long[] tickets = new long[DEPTH];
        private final List<QueueHandle> handles = new ArrayList<>();
        private Backend opened;
        private Job copy;

        /** Opens and starts the queues, and warms the pages. */
        @Setup(Level.Trial)
        public void open() {
            opened =
                    BackendCatalog.load(JobBenchmark.class.getClassLoader())
                            .open(backend, Map.of(), OpenTelemetry.noop());
            SvaProcess process = opened.processes().spawn("measured");
            long from = process.mmap(MapRequest.anonymous(BYTES));
            long to = process.mmap(MapRequest.anonymous(BYTES));
            process.store(from, new byte[BYTES]);
            process.store(to, new byte[BYTES]);
            copy = Job.copy(from, to, BYTES);
            Accelerator accelerator = opened.accelerators().getFirst();
            for (int i = 0; i < queues; i++) {
                QueueHandle handle = accelerator.open(process);
                handle.start();
                handles.add(handle);
                check(handle.run(copy, PATIENCE));
            }
        }

        /** Takes the backend apart. */
        @TearDown(Level.Trial)
        public void close() {
            handles.forEach(QueueHandle::close);
            opened.close();
        }
    }

    private static JobResult check(JobResult result) {
        if (result.status() != JobStatus.SUCCESS) {
            throw new IllegalStateException("the job ended " + result.status());
        }
        return result;
    }

    /**
     * One job that does nothing, submitted and awaited.
     *
     * @param set the queues
     * @return its result
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public JobResult emptyJob(Queues set) {
        return check(set.handles.getFirst().run(Job.nop(), PATIENCE));
    }

    /**
     * One copy of 4 KiB, submitted and awaited.
     *
     * @param set the queues
     * @return its result
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public JobResult copyJob(Queues set) {
        return check(set.handles.getFirst().run(set.copy, PATIENCE));
    }

    /**
     * Copies of 4 KiB, 64 under way at once over all queues.
     *
     * @param set the queues
     */
    @Benchmark
    @OperationsPerInvocation(DEPTH)
    public void copyJobsInFlight(Queues set) {
        int count = set.handles.size();
        for (int i = 0; i < DEPTH; i++) {
            set.tickets[i] = set.handles.get(i % count).submit(set.copy);
        }
        for (int i = 0; i < DEPTH; i++) {
            check(set.handles.get(i % count).await(set.tickets[i], PATIENCE));
        }
    }
}
