package org.opensva.emulated.kernel.sva;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.memory.Access;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.machine.MachineThreads;

import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;

/**
 * Serves page-fault groups on a few threads (Linux: {@code iommu_sva_handle_iopf} on an unbound
 * work queue): groups concurrently, the pages of a group in order. Every group gets exactly one
 * answer. Events of requests and answers are recorded by the driver of the IOMMU.
 *
 * <p>One group at a time is served by the thread whose interrupt handler reported it, after the
 * handler: to wake another thread costs more than most page faults.
 */
final class FaultService implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(FaultService.class.getName());

    private static final int WORKERS = 4;

    private static final Span NO_SPAN = Span.getInvalid();

    private final KernelTracer tracer;
    private final ControlMeters meters;
    private final Predicate<Runnable> afterHandlers;
    private final ThreadPoolExecutor workers;

    /** This service, until it ends, and the groups that are served after handlers. */
    private final Phaser deferred = new Phaser(1);

    private final AtomicLong pending = new AtomicLong();
    private final LongAdder failures = new LongAdder();

    /**
     * Creates the service.
     *
     * @param afterHandlers takes work over from an interrupt handler, unless it returns false; how
     *     much at a time is its business
     */
    FaultService(ControlMeters meters, KernelTracer tracer, Predicate<Runnable> afterHandlers) {
        this.tracer = tracer;
        this.afterHandlers = afterHandlers;
        this.meters = meters;
        this.workers =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedTransferQueue<>(),
                        MachineThreads.named("opensva-iopf-"));
        // Virtual threads cost nothing, and shall not end when a clock says so.
        workers.allowCoreThreadTimeOut(!Thread.currentThread().isVirtual());
    }

    /** Queues a group whose bond has been entered; the bond is left after the answer. */
    void serve(AttachedDevice device, PageFaultGroup group, Bond bond) {
        long began = System.nanoTime();
        Span span = tracer.isOn() ? PageRequestSpan.begin(tracer, device, group, bond) : NO_SPAN;
        pending.incrementAndGet();
        if (isDeferred(() -> work(device, group, bond, began, span))) {
            return;
        }
        try {
            workers.execute(() -> work(device, group, bond, began, span));
        } catch (RejectedExecutionException e) {
            try {
                respond(device, group, PageResponse.RESPONSE_FAILURE, began, span);
            } finally {
                bond.leave();
            }
        }
    }

    private boolean isDeferred(Runnable work) {
        boolean taken =
                deferred.register() >= 0
                        && afterHandlers.test(() -> {
                            try {
                                work.run();
                            } finally {
                                deferred.arriveAndDeregister();
                            }
                        });
        if (!taken) {
            deferred.arriveAndDeregister();
        }
        return taken;
    }

    /** Answers a group that nobody is there to serve. */
    void refuse(AttachedDevice device, PageFaultGroup group) {
        pending.incrementAndGet();
        Span span = tracer.isOn() ? PageRequestSpan.begin(tracer, device, group, null) : NO_SPAN;
        respond(device, group, PageResponse.INVALID_REQUEST, System.nanoTime(), span);
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
        deferred.awaitAdvance(deferred.arriveAndDeregister());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work(
            AttachedDevice device, PageFaultGroup group, Bond bond, long began, Span span) {
        try {
            respond(device, group, resolve(bond.addressSpace(), group, span), began, span);
        } catch (RuntimeException e) {
            failed(group, e);
        } finally {
            bond.leave();
        }
    }

    private PageResponse resolve(AddressSpace addressSpace, PageFaultGroup group, Span span) {
        try {
            if (!tracer.isOn()) {
                return resolve(addressSpace, group);
            }
            // What serving the group does (reclaim, an unmapping) belongs to its trace.
            try (Scope _ = span.makeCurrent()) {
                return resolve(addressSpace, group);
            }
        } catch (RuntimeException e) {
            failed(group, e);
            return PageResponse.RESPONSE_FAILURE;
        }
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

    private void respond(
            AttachedDevice device,
            PageFaultGroup group,
            PageResponse response,
            long began,
            Span span) {
        try {
            device.respond(group, response);
        } finally {
            pending.decrementAndGet();
            meters.responded(
                    group.requester().value(),
                    group.pasid(),
                    response.name(),
                    System.nanoTime() - began);
            PageRequestSpan.end(span, response);
        }
    }

    private void failed(PageFaultGroup group, RuntimeException e) {
        failures.increment();
        LOG.log(System.Logger.Level.ERROR, "page fault " + group + " could not be served", e);
    }
}
