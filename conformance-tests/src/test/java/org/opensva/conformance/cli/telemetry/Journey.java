package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.InvalidationTrace;

import java.time.Duration;
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
        Span host = telemetry.getTracer("host").spanBuilder(HOST).startSpan();
        try (Scope _ = host.makeCurrent()) {
            assertTrue(queue.run(Job.crc32c(untouched, page), SOON).succeeded());
            process.munmap(untouched, page);
        } finally {
            host.end();
        }
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
        damage(process, backend);
        queue.close();
        process.exit(0);
        // A device that says nothing is cut off; the driver tells it by this.
        new InvalidationTrace(telemetry).isolated("zip-0", 0x100);
    }

    /** A fault that nobody serves, so that the IOMMU records it. */
    void unserved(Backend backend) {
        SvaProcess process = backend.processes().spawn("faulting");
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        long area = process.mmap(MapRequest.anonymous(process.pageSize()));
        assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.crc32c(area, 8), SOON).status());
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
