package org.opensva.conformance.suite.profile;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Measures what users of a backend wait for. One thread, one device, nothing beside it: what a
 * caller sees, and no promise about load. Each operation is measured for some time or some
 * thousands of times, whatever comes first; the first tenth counts as warming up.
 *
 * <p><b>Threading.</b> One thread runs it.
 */
public final class PerformanceProfile {

    private static final int MOST = 20_000;

    /** Below this there is nothing that a percentile could be taken of. */
    private static final int FEWEST = 10;

    private final Backend backend;
    private final Limits limits;
    private final Duration each;

    /**
     * Prepares measuring.
     *
     * @param backend the backend, open and used by nobody else
     * @param limits how long single operations may take
     * @param each how long to measure each operation, at most
     */
    public PerformanceProfile(Backend backend, Limits limits, Duration each) {
        this.backend = backend;
        this.limits = limits;
        this.each = each;
    }

    /** Times one operation; what is needed for it and undone after it does not count. */
    @FunctionalInterface
    private interface Sample {
        long nanoseconds();
    }

    /** Makes what is measured on a bench of its own. */
    @FunctionalInterface
    private interface Preparation {
        Sample on(TestBench bench);
    }

    /**
     * Measures.
     *
     * @return the figures, in a fixed order; what a backend cannot do has its reason
     */
    public List<Latency> run() {
        List<Latency> all = new ArrayList<>();
        all.add(
                measure(
                        "bind",
                        "opening a queue: bind, and a hardware queue",
                        PerformanceProfile::bind));
        all.add(
                measure(
                        "unbind",
                        "the last close of a queue: drained and unbound",
                        PerformanceProfile::unbind));
        all.add(
                measure(
                        "unmap-1",
                        "munmap of a page whose translation the device has cached",
                        bench -> unmap(bench, 1)));
        all.add(
                measure(
                        "unmap-64",
                        "munmap of 64 pages, of which the device has cached the first and last",
                        bench -> unmap(bench, 64)));
        all.add(
                measure(
                        "page-request",
                        "a job of eight bytes on a page that is absent: requested, served, retried",
                        PerformanceProfile::pageRequest));
        all.add(
                measure(
                        "job",
                        "a job of eight bytes on a page that is there, from submission to its"
                                + " result",
                        PerformanceProfile::job));
        all.add(
                measure(
                        "submit",
                        "handing a job of eight bytes over, without waiting for it",
                        PerformanceProfile::submit));
        return List.copyOf(all);
    }

    private Latency measure(String operation, String what, Preparation preparation) {
        Concurrent<Latency> running =
                Concurrent.start(() -> {
                    try {
                        return times(operation, what, preparation);
                    } catch (RuleViolation e) {
                        return Latency.unmeasured(operation, what, reason(e));
                    } catch (ErrnoException | CpuFaultException | Inconclusive | NotObservable e) {
                        return Latency.unmeasured(operation, what, reason(e));
                    }
                });
        Duration limit = each.plus(limits.test());
        Optional<Latency> measured = running.await(limit);
        if (measured.isEmpty()) {
            running.interrupt();
        }
        return measured.orElseGet(() ->
                Latency.unmeasured(
                        operation,
                        what,
                        "it did not end within %d s".formatted(limit.toSeconds())));
    }

    private static String reason(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static String reason(RuleViolation e) {
        return "expected %s, and saw: %s".formatted(e.evidence().expected(), e.evidence().seen());
    }

    private Latency times(String operation, String what, Preparation preparation) {
        BenchSettings settings = new BenchSettings("profile." + operation, List.of(), 1, limits);
        try (TestBench bench = new TestBench(backend, settings)) {
            Sample sample = preparation.on(bench);
            long begin = System.nanoTime();
            long limit = each.toNanos();
            long warm = begin + limit / 10;
            for (int i = 0; i < MOST / 10 && System.nanoTime() - warm < 0; i++) {
                sample.nanoseconds();
            }
            long[] times = new long[MOST];
            int count = 0;
            while (count < MOST && (count < FEWEST || System.nanoTime() - begin < limit)) {
                times[count++] = sample.nanoseconds();
            }
            return Latency.of(operation, what, Arrays.copyOf(times, count));
        }
    }

    private static Sample bind(TestBench bench) {
        SvaProcess process = bench.process("measured");
        return () -> {
            long begin = System.nanoTime();
            QueueHandle handle = bench.accelerator(0).open(process);
            long time = System.nanoTime() - begin;
            handle.close();
            return time;
        };
    }

    private static Sample unbind(TestBench bench) {
        SvaProcess process = bench.process("measured");
        return () -> {
            QueueHandle handle = bench.accelerator(0).open(process);
            long begin = System.nanoTime();
            handle.close();
            return System.nanoTime() - begin;
        };
    }

    private static Sample unmap(TestBench bench, int pages) {
        SvaProcess process = bench.process("measured");
        BoundDevice device = bench.device(process);
        return () -> {
            long address = bench.map(process, pages);
            for (int i = 0; i < pages; i++) {
                process.storeLong(address + bench.pages(i), 1);
            }
            must(bench, device.run(fill(address)));
            must(bench, device.run(fill(address + bench.pages(pages - 1))));
            long begin = System.nanoTime();
            process.munmap(address, bench.pages(pages));
            return System.nanoTime() - begin;
        };
    }

    private static Sample pageRequest(TestBench bench) {
        if (!bench.claims(Capability.DEMAND_PAGING)) {
            throw new NotObservable("devices cannot ask for pages");
        }
        SvaProcess process = bench.process("measured");
        BoundDevice device = bench.device(process);
        return () -> {
            long address = bench.map(process, 1);
            Job job = fill(address);
            long begin = System.nanoTime();
            JobResult result = device.run(job);
            long time = System.nanoTime() - begin;
            must(bench, result);
            process.munmap(address, bench.pageSize());
            return time;
        };
    }

    private static Sample job(TestBench bench) {
        SvaProcess process = bench.process("measured");
        BoundDevice device = bench.device(process);
        Job job = fill(bench.memory(process, 1, "memory of the job").address());
        return () -> {
            long begin = System.nanoTime();
            JobResult result = device.run(job);
            long time = System.nanoTime() - begin;
            must(bench, result);
            return time;
        };
    }

    private static Sample submit(TestBench bench) {
        SvaProcess process = bench.process("measured");
        BoundDevice device = bench.device(process);
        Job job = fill(bench.memory(process, 1, "memory of the job").address());
        return () -> {
            long begin = System.nanoTime();
            long ticket = device.handle().submit(job);
            long time = System.nanoTime() - begin;
            must(bench, device.await(ticket, "the measured job"));
            return time;
        };
    }

    private static Job fill(long address) {
        return Job.fill(address, Long.BYTES, 1);
    }

    private static void must(TestBench bench, JobResult result) {
        bench.check(result.succeeded(), "the measured job to succeed", result.status().toString());
    }
}
