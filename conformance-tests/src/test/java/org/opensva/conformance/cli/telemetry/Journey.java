package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.ProbeDevice;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What a process can do with a device, once each, so that everything is told that there is. */
final class Journey {

    static final Duration SOON = Duration.ofSeconds(30);
    static final String HOST = "host.request";

    private final OpenTelemetry telemetry;

    Journey(OpenTelemetry telemetry) {
        this.telemetry = telemetry;
    }

    Backend open(String selector, Map<String, String> options) {
        return BackendCatalog.load(Journey.class.getClassLoader())
                .open(selector, options, telemetry);
    }

    /** One job whose source has never been touched, and the unmapping of it, below a span. */
    void faultAndUnmap(Backend backend) {
        SvaProcess process = backend.processes().spawn("traced");
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        long page = process.pageSize();
        long untouched = process.mmap(MapRequest.anonymous(page));
        below(() -> {
            assertTrue(queue.run(Job.crc32c(untouched, page), SOON).succeeded());
            process.munmap(untouched, page);
        });
        queue.close();
        process.exit(0);
    }

    /** Everything else. */
    void everything(Backend backend) {
        faultAndUnmap(backend);
        SvaProcess process = backend.processes().spawn("busy");
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        long page = process.pageSize();
        long area = process.mmap(MapRequest.anonymous(8 * page));
        for (int i = 0; i < 8; i++) {
            process.storeLong(area + i * page, i);
        }
        assertTrue(queue.run(Job.copy(area, area + 4 * page, 4 * page), SOON).succeeded());
        process.mprotect(area, page, Protection.READ);
        process.madvise(area + page, page, Advice.DONTNEED);
        process.mremap(area + 2 * page, page, page, false);
        assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.fill(area, page, 1), SOON).status());
        assertThrows(ErrnoException.class, () -> process.munmap(area + 1, page));
        process.fork().exit(0);
        shared(process, backend, area);
        damage(process, backend);
        queue.close();
        process.exit(0);
    }

    /** The same queue as others, and nothing else is told of it. */
    private static void shared(SvaProcess process, Backend backend, long area) {
        try (QueueHandle part =
                backend.accelerators().getFirst().open(process, QueueRequest.SHARED)) {
            part.start();
            assertTrue(part.run(Job.crc32c(area, 64), SOON).succeeded());
        }
    }

    /**
     * A page is unmapped, below a span, that is cached in a device which does not let go of it; and
     * an accelerator cannot be reset.
     */
    void silence(Backend backend) {
        BenchSettings settings = new BenchSettings("silence", List.of(), 0, new Limits(1));
        try (TestBench bench = new TestBench(backend, settings);
                SvaProcess process = backend.processes().spawn("beside the silent")) {
            ProbeDevice device = ProbeDevice.plug(bench, ProbeTraits.ATS);
            int pasid = device.bind(process).pasid().value();
            long page = process.mmap(MapRequest.anonymous(process.pageSize()));
            process.storeLong(page, 1);
            assertNotEquals(0, device.translate(pasid, Access.READ, page));
            device.holdBack(request -> true);
            below(() -> process.munmap(page, process.pageSize()));
        }
        backend.accelerators().getFirst().errorInjection().orElseThrow().failNextReset();
        backend.accelerators().getFirst().errorInjection().orElseThrow().hardwareError();
    }

    /** Does something below a span of the host's. */
    private void below(Runnable work) {
        Span host = telemetry.getTracer("host").spanBuilder(HOST).startSpan();
        try (Scope _ = host.makeCurrent()) {
            work.run();
        } finally {
            host.end();
        }
    }

    /** A fault that nobody serves, so that the IOMMU records it. */
    void unserved(Backend backend) {
        SvaProcess process = backend.processes().spawn("faulting");
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        long area = process.mmap(MapRequest.anonymous(process.pageSize()));
        below(() ->
                assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.crc32c(area, 8), SOON).status()));
        long deadline = System.nanoTime() + SOON.toNanos();
        while (backend.introspection().orElseThrow().faultRecords().isEmpty()) {
            assertTrue(System.nanoTime() < deadline, "the fault is recorded");
            Thread.onSpinWait();
        }
        queue.close();
        process.exit(0);
    }

    /** A doorbell that claims more than the ring has. */
    private static void damage(SvaProcess process, Backend backend) {
        QueueHandle other = backend.accelerators().getFirst().open(process);
        long doorbell = other.mapRegion(QueueRegion.MMIO);
        other.start();
        process.storeLong(doorbell, 0x7fff_ffffL);
        assertFalse(other.poll(Duration.ofMillis(1)));
        other.close();
    }
}
