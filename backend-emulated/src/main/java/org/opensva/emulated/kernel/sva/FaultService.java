package org.opensva.emulated.kernel.sva;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.memory.Access;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.emulated.kernel.KernelTracer;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Serves page-fault groups on a few threads (Linux: {@code iommu_sva_handle_iopf} on an unbound
 * work queue): groups concurrently, the pages of a group in order. Every group gets exactly one
 * answer. Events of requests and answers are recorded by the driver of the IOMMU.
 */
final class FaultService implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(FaultService.class.getName());

    private static final int WORKERS = 4;

    private static final AttributeKey<Long> REQUESTER =
            AttributeKey.longKey(SvaTelemetry.ATTRIBUTE_REQUESTER);
    private static final AttributeKey<Long> PASID =
            AttributeKey.longKey(SvaTelemetry.ATTRIBUTE_PASID);
    private static final AttributeKey<String> ADDRESS =
            AttributeKey.stringKey(SvaTelemetry.ATTRIBUTE_ADDRESS);
    private static final AttributeKey<String> STATUS =
            AttributeKey.stringKey(SvaTelemetry.ATTRIBUTE_STATUS);

    private final KernelTracer tracer;
    private final DoubleHistogram duration;
    private final ThreadPoolExecutor workers;
    private final AtomicLong pending = new AtomicLong();
    private final LongAdder failures = new LongAdder();

    FaultService(OpenTelemetry telemetry, KernelTracer tracer) {
        this.tracer = tracer;
        this.duration =
                telemetry
                        .getMeter(SvaTelemetry.SCOPE)
                        .histogramBuilder(SvaTelemetry.METRIC_PAGE_REQUEST_DURATION)
                        .setUnit("s")
                        .build();
        this.workers =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("opensva-iopf-", 0).factory());
        workers.allowCoreThreadTimeOut(true);
    }

    /** Queues a group whose bond has been entered; the bond is left after the answer. */
    void serve(AttachedDevice device, PageFaultGroup group, Bond bond) {
        long began = System.nanoTime();
        pending.incrementAndGet();
        try {
            workers.execute(() -> work(device, group, bond, began));
        } catch (RejectedExecutionException e) {
            try {
                respond(device, group, PageResponse.RESPONSE_FAILURE);
            } finally {
                bond.leave();
            }
        }
    }

    /** Answers a group that nobody is there to serve. */
    void refuse(AttachedDevice device, PageFaultGroup group) {
        pending.incrementAndGet();
        respond(device, group, PageResponse.INVALID_REQUEST);
    }

    long pendingGroups() {
        return pending.get();
    }

    long failures() {
        return failures.sum();
    }

    /** Serves what is queued, then ends the threads. */
    @Override
    public void close() {
        workers.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (workers.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work(AttachedDevice device, PageFaultGroup group, Bond bond, long began) {
        try {
            if (tracer.isOn()) {
                tracer.run(
                        tracer.span(SvaTelemetry.SPAN_PAGE_REQUEST)
                                .setNoParent()
                                .setAttribute(REQUESTER, (long) group.requester().value())
                                .setAttribute(PASID, (long) group.pasid())
                                .setAttribute(
                                        ADDRESS,
                                        "0x"
                                                + Long.toHexString(
                                                        group.faults().getFirst().address())),
                        () -> {
                            PageResponse response = resolveAndRespond(device, group, bond);
                            Span.current().setAttribute(STATUS, response.name());
                            return response;
                        });
                duration.record((System.nanoTime() - began) * 1e-9, Attributes.empty());
            } else {
                resolveAndRespond(device, group, bond);
            }
        } catch (RuntimeException e) {
            failed(group, e);
        } finally {
            bond.leave();
        }
    }

    private PageResponse resolveAndRespond(AttachedDevice device, PageFaultGroup group, Bond bond) {
        PageResponse response;
        try {
            response = resolve(bond.addressSpace(), group);
        } catch (RuntimeException e) {
            failed(group, e);
            response = PageResponse.RESPONSE_FAILURE;
        }
        respond(device, group, response);
        return response;
    }

    /** The first failure decides for the group; pages before it may be there already. */
    private static PageResponse resolve(AddressSpace addressSpace, PageFaultGroup group) {
        for (PageFault fault : group.faults()) {
            // Processes' pages are never asked for in privileged mode (VT-d and PCIe treat it so).
            if ((fault.access() & Access.PRIVILEGED) != 0
                    || addressSpace.handleFault(fault.address(), fault.access())
                            != FaultOutcome.RESOLVED) {
                return PageResponse.INVALID_REQUEST;
            }
        }
        return PageResponse.SUCCESS;
    }

    private void respond(AttachedDevice device, PageFaultGroup group, PageResponse response) {
        try {
            device.respond(group, response);
        } finally {
            pending.decrementAndGet();
        }
    }

    private void failed(PageFaultGroup group, RuntimeException e) {
        failures.increment();
        LOG.log(System.Logger.Level.ERROR, "page fault " + group + " could not be served", e);
    }
}
