package org.opensva.conformance.measure;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaMetric;
import org.opensva.api.telemetry.SvaTelemetry;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The price of telemetry: the same translations and jobs without an SDK ({@code Untold}) and with
 * one that samples and collects ({@code Told}).
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init")
public class TelemetryBenchmark {

    private static final int PAGES = 1000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Nobody records. */
    @State(Scope.Benchmark)
    public static class Untold {

        OpenTelemetry telemetry() {
            return OpenTelemetry.noop();
        }
    }

    /** An SDK records. */
    @State(Scope.Benchmark)
    public static class Told {

        private OpenTelemetrySdk sdk;

        OpenTelemetry telemetry() {
            sdk = SampledSdk.start();
            return sdk;
        }

        /** Ends the SDK. */
        @TearDown(Level.Trial)
        public void end() {
            sdk.close();
        }
    }

    /** Pages whose translations are cached in the IOTLB for one device, in the ATC for another. */
    abstract static class Pages {

        private MeasuredMachine machine;
        private AgentPort port;
        private Endpoint endpoint;
        private long[] order;
        private int pasid;

        final void fill(String iommu, OpenTelemetry telemetry) {
            machine = MeasuredMachine.open(iommu, MeasuredMachine.Caches.LARGE, telemetry);
            SvaProcess process = machine.processes().spawn("measured");
            WorkingSet set = WorkingSet.map(process, PAGES);
            BareDevice device = machine.bareDevice();
            endpoint = machine.endpoint(1 << 12);
            pasid = machine.binder().bind(device, process.addressSpace()).pasid().value();
            machine.binder().bind(endpoint, process.addressSpace());
            port = device.port();
            order = set.order();
            byte[] buffer = new byte[8];
            for (int page = 0; page < PAGES; page++) {
                check(port.read(pasid, Access.READ, set.address(page), buffer, 0, 8));
                check(endpoint.read(pasid, Access.READ, set.address(page), buffer, 0, 8));
            }
        }

        final long iotlb(Stroll stroll) {
            return port.read(pasid, Access.READ, order[stroll.next()], stroll.buffer, 0, 8);
        }

        final long atc(Stroll stroll) {
            return endpoint.read(pasid, Access.READ, order[stroll.next()], stroll.buffer, 0, 8);
        }

        /** Takes the machine apart. */
        @TearDown(Level.Trial)
        public void close() {
            machine.close();
        }

        private static void check(long result) {
            if (!DmaResult.isComplete(result)) {
                throw new IllegalStateException("a page is not there");
            }
        }
    }

    /** Nobody records translations. */
    @State(Scope.Benchmark)
    public static class UntoldPages extends Pages {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /**
         * Fills the caches.
         *
         * @param telemetry none
         */
        @Setup(Level.Trial)
        public void fill(Untold telemetry) {
            fill(iommu, telemetry.telemetry());
        }
    }

    /** An SDK collects what translations count. */
    @State(Scope.Benchmark)
    public static class ToldPages extends Pages {

        /** The machine. */
        @Param({"smmuv3", "vtd"})
        String iommu;

        /**
         * Fills the caches.
         *
         * @param telemetry the SDK
         */
        @Setup(Level.Trial)
        public void fill(Told telemetry) {
            fill(iommu, telemetry.telemetry());
        }
    }

    /** A started queue. */
    abstract static class Queue {

        private Backend backend;
        private QueueHandle queue;
        private Job work;

        final void start(String job, OpenTelemetry telemetry) {
            backend =
                    BackendCatalog.load(TelemetryBenchmark.class.getClassLoader())
                            .open("emulated:smmuv3", Map.of(), telemetry);
            SvaProcess process = backend.processes().spawn("measured");
            boolean copies = job.equals("copy-4k");
            int bytes = copies ? 1 << 12 : 1 << 16;
            byte[] data = new byte[bytes];
            Random random = new Random(1);
            for (int i = 0; i < bytes; i++) {
                data[i] = (byte) ('a' + random.nextInt(8));
            }
            long from = process.mmap(MapRequest.anonymous(bytes));
            long to = process.mmap(MapRequest.anonymous(2L * bytes));
            process.store(from, data);
            process.store(to, new byte[2 * bytes]);
            work =
                    copies
                            ? Job.copy(from, to, bytes)
                            : Job.transform(Operation.GZIP, from, bytes, to, 2L * bytes);
            queue = backend.accelerators().getFirst().open(process);
            queue.start();
        }

        final JobResult run() {
            JobResult result = queue.run(work, PATIENCE);
            if (result.status() != JobStatus.SUCCESS) {
                throw new IllegalStateException("the job ended " + result.status());
            }
            return result;
        }

        /** Takes the backend apart. */
        @TearDown(Level.Trial)
        public void close() {
            queue.close();
            backend.close();
        }
    }

    /** Nobody records jobs. */
    @State(Scope.Benchmark)
    public static class UntoldQueue extends Queue {

        /** What a job does: the smallest there is, and one as programs have them. */
        @Param({"copy-4k", "gzip-64k"})
        String job;

        /**
         * Starts the queue.
         *
         * @param telemetry none
         */
        @Setup(Level.Trial)
        public void start(Untold telemetry) {
            start(job, telemetry.telemetry());
        }
    }

    /** An SDK samples jobs, and counts all. */
    @State(Scope.Benchmark)
    public static class ToldQueue extends Queue {

        /** What a job does: the smallest there is, and one as programs have them. */
        @Param({"copy-4k", "gzip-64k"})
        String job;

        /**
         * Starts the queue.
         *
         * @param telemetry the SDK
         */
        @Setup(Level.Trial)
        public void start(Told telemetry) {
            start(job, telemetry.telemetry());
        }
    }

    /** What the SDK itself does for a job, and nothing else. */
    @State(Scope.Benchmark)
    @SuppressWarnings("MustBeClosedChecker")
    public static class SdkAlone {

        private Tracer tracer;
        private DoubleHistogram histogram;
        private Attributes point;

        /**
         * Takes what a device takes.
         *
         * @param telemetry the SDK
         */
        @Setup(Level.Trial)
        public void start(Told telemetry) {
            OpenTelemetry sdk = telemetry.telemetry();
            tracer = sdk.getTracer(SvaTelemetry.SCOPE);
            histogram = SvaMetric.JOB_DURATION.histogram(sdk.getMeter(SvaTelemetry.SCOPE));
            point =
                    Attributes.builder()
                            .put(SvaAttributes.DEVICE, "zip-0")
                            .put(SvaAttributes.REQUESTER, 8L)
                            .put(SvaAttributes.OPERATION, "copy")
                            .put(SvaAttributes.STATUS, "SUCCESS")
                            .build();
        }

        Span job() {
            Span span =
                    tracer.spanBuilder(SvaTelemetry.SPAN_JOB)
                            .setAttribute(SvaAttributes.OPERATION, "copy")
                            .startSpan();
            try (io.opentelemetry.context.Scope _ = span.makeCurrent()) {
                histogram.record(1e-6, point);
            }
            span.end();
            return span;
        }
    }

    /**
     * The translation is in the IOTLB; no SDK.
     *
     * @param pages the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long iotlbHitUntold(UntoldPages pages, Stroll stroll) {
        return pages.iotlb(stroll);
    }

    /**
     * The translation is in the IOTLB; an SDK collects.
     *
     * @param pages the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long iotlbHitTold(ToldPages pages, Stroll stroll) {
        return pages.iotlb(stroll);
    }

    /**
     * The translation is in the ATC; no SDK.
     *
     * @param pages the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long atcHitUntold(UntoldPages pages, Stroll stroll) {
        return pages.atc(stroll);
    }

    /**
     * The translation is in the ATC; an SDK collects.
     *
     * @param pages the pages
     * @param stroll the thread
     * @return the result
     */
    @Benchmark
    public long atcHitTold(ToldPages pages, Stroll stroll) {
        return pages.atc(stroll);
    }

    /**
     * A job, submitted and awaited; no SDK.
     *
     * @param queue the queue
     * @return its result
     */
    @Benchmark
    public JobResult jobUntold(UntoldQueue queue) {
        return queue.run();
    }

    /**
     * What the SDK itself takes for one job: a span that the sampler is asked for, the context of
     * the engine, and a point in a histogram. The least that {@code jobTold} can be above {@code
     * jobUntold}, without a reading of the clock.
     *
     * @param alone the SDK
     * @return the span
     */
    @Benchmark
    public Span sdkAlone(SdkAlone alone) {
        return alone.job();
    }

    /**
     * A job, submitted and awaited; an SDK samples and counts.
     *
     * @param queue the queue
     * @return its result
     */
    @Benchmark
    public JobResult jobTold(ToldQueue queue) {
        return queue.run();
    }
}
