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
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRequest;
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
    private static final int DIGEST = 32;
    private static final int RESULT = 4;
    private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();

    /** Started queues of one process. */
    @State(Scope.Benchmark)
    public abstract static class Queues {

        /** The backend. */
        @Param({"emulated:smmuv3", "emulated:vtd", "native:host"})
        String backend;

        private final long[] tickets = new long[DEPTH];
        private Backend opened;

        /** The queues. */
        final List<QueueHandle> handles = new ArrayList<>();

        /** Nothing to do. */
        Job empty;

        /** A copy of a page. */
        Job copy;

        /** A CRC-32C of a page. */
        Job sum;

        /** A SHA-256 of a page. */
        Job digest;

        /** Where the last job's result is. */
        final long[] result = new long[RESULT];

        /** Opens and starts the queues, and warms the pages. */
        final void open(int queues, QueueRequest kind) {
            BackendCatalog catalog = MeasuredBackend.catalog();
            opened =
                    catalog.open(
                            backend,
                            MeasuredBackend.options(catalog, backend, Map.of()),
                            OpenTelemetry.noop());
            SvaProcess process = opened.processes().spawn("measured");
            long from = process.mmap(MapRequest.anonymous(BYTES));
            long to = process.mmap(MapRequest.anonymous(BYTES));
            process.store(from, new byte[BYTES]);
            process.store(to, new byte[BYTES]);
            empty = Job.nop();
            copy = Job.copy(from, to, BYTES);
            sum = Job.crc32c(from, BYTES);
            digest = Job.transform(Operation.DIGEST, Algorithm.SHA_256, from, BYTES, to, DIGEST);
            Accelerator accelerator = opened.accelerators().getFirst();
            for (int i = 0; i < queues; i++) {
                QueueHandle handle = accelerator.open(process, kind);
                handle.start();
                handles.add(handle);
                run(handle, copy, result);
            }
        }

        /** Takes the backend apart. */
        @TearDown(Level.Trial)
        public void close() {
            handles.forEach(QueueHandle::close);
            opened.close();
        }
    }

    /** One queue. */
    @State(Scope.Benchmark)
    public static class One extends Queues {

        /** Opens and starts the queue. */
        @Setup(Level.Trial)
        public void open() {
            open(1, QueueRequest.DEDICATED);
        }
    }

    /** One queue that others may use, too. */
    @State(Scope.Benchmark)
    public static class Shared extends Queues {

        /** Opens and starts the queue. */
        @Setup(Level.Trial)
        public void open() {
            open(1, QueueRequest.SHARED);
        }
    }

    /** Queues that work at the same time. */
    @State(Scope.Benchmark)
    public static class Several extends Queues {

        /** How many queues the jobs are spread over. */
        @Param({"1", "2", "4"})
        int queues;

        /** Opens and starts the queues. */
        @Setup(Level.Trial)
        public void open() {
            open(queues, QueueRequest.DEDICATED);
        }
    }

    /** Makes no object. */
    private static void run(QueueHandle handle, Job job, long[] result) {
        await(handle, handle.submit(job), result);
    }

    private static void await(QueueHandle handle, long ticket, long[] result) {
        JobStatus status = handle.await(ticket, PATIENCE_NANOS, result);
        if (status != JobStatus.SUCCESS) {
            throw new IllegalStateException("the job ended " + status);
        }
    }

    /**
     * One job that does nothing, submitted and awaited: the queue and the completion alone.
     *
     * @param set the queues
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public void emptyJob(One set) {
        run(set.handles.getFirst(), set.empty, set.result);
    }

    /**
     * One copy of 4 KiB, submitted and awaited.
     *
     * @param set the queues
     */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public void copyJob(One set) {
        run(set.handles.getFirst(), set.copy, set.result);
    }

    /**
     * One CRC-32C of 4 KiB, submitted and awaited.
     *
     * @param set the queues
     */
    @Benchmark
    public void crc32cJob(One set) {
        run(set.handles.getFirst(), set.sum, set.result);
    }

    /**
     * One SHA-256 of 4 KiB, submitted and awaited.
     *
     * @param set the queues
     */
    @Benchmark
    public void sha256Job(One set) {
        run(set.handles.getFirst(), set.digest, set.result);
    }

    /**
     * One copy of 4 KiB through the shared queue, submitted and awaited.
     *
     * @param set the queues
     */
    @Benchmark
    public void copyJobAtASharedQueue(Shared set) {
        run(set.handles.getFirst(), set.copy, set.result);
    }

    /**
     * Copies of 4 KiB, 64 under way at once over all queues; the figure is for one.
     *
     * @param set the queues
     */
    @Benchmark
    @OperationsPerInvocation(DEPTH)
    public void copyJobsInFlight(Several set) {
        inFlight(set, set.copy);
    }

    /**
     * SHA-256 of 4 KiB, 64 under way at once over all queues; the figure is for one.
     *
     * @param set the queues
     */
    @Benchmark
    @OperationsPerInvocation(DEPTH)
    public void sha256JobsInFlight(Several set) {
        inFlight(set, set.digest);
    }

    private static void inFlight(Queues set, Job job) {
        int count = set.handles.size();
        for (int i = 0; i < DEPTH; i++) {
            set.tickets[i] = set.handles.get(i % count).submit(job);
        }
        for (int i = 0; i < DEPTH; i++) {
            await(set.handles.get(i % count), set.tickets[i], set.result);
        }
    }
}
