package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.TracerProvider;

/**
 * Names of spans and log events in the style of the OpenTelemetry semantic conventions: lower case,
 * dotted. {@link SvaAttributes} has their attributes, {@link SvaMetric} the metrics; {@code
 * TELEMETRY.md} beside the sources of this module says what each of them means, and a test keeps
 * the two and what is emitted the same.
 *
 * <p>Spans exist on the control plane only. The data plane is counted ({@link HardwareCounter}),
 * never traced.
 */
public final class SvaTelemetry {

    /** Instrumentation scope of every tracer, meter and logger. */
    public static final String SCOPE = "org.opensva";

    /** Span: an address space is bound to a device. */
    public static final String SPAN_BIND = "sva.bind";

    /** Span: the last bond of an address space and a device is undone. */
    public static final String SPAN_UNBIND = "sva.unbind";

    /** Span: a range of an address space is invalidated in every device bound to it. */
    public static final String SPAN_INVALIDATE = "sva.invalidate";

    /** Span, child of {@link #SPAN_INVALIDATE}: the IOTLB phase, completion included. */
    public static final String SPAN_INVALIDATE_IOTLB = "sva.invalidate.iotlb";

    /** Span, child of {@link #SPAN_INVALIDATE}: the ATC phase, completion included. */
    public static final String SPAN_INVALIDATE_ATC = "sva.invalidate.atc";

    /**
     * Span, child of {@link #SPAN_INVALIDATE_IOTLB} or {@link #SPAN_INVALIDATE_ATC}: waiting until
     * the IOMMU says that the phase is complete (CMD_SYNC, invalidation wait descriptor).
     */
    public static final String SPAN_INVALIDATE_SYNC = "sva.invalidate.sync";

    /** Span: a page-request group or a stalled transaction, from its report to its response. */
    public static final String SPAN_PAGE_REQUEST = "iommu.page_request";

    /** Span: a job, from submission to completion. */
    public static final String SPAN_JOB = "uacce.job";

    /** Span, child of {@link #SPAN_JOB}: an engine works at the job. */
    public static final String SPAN_EXECUTE = "uacce.execute";

    /** Span: an address space has died and is released. */
    public static final String SPAN_RELEASE = "mm.release";

    /** Span: a process unmaps a range. */
    public static final String SPAN_UNMAP = "mm.unmap";

    /** Span: a process changes the protection of a range. */
    public static final String SPAN_PROTECT = "mm.protect";

    /** Span: a process moves or resizes a mapping. */
    public static final String SPAN_REMAP = "mm.remap";

    /** Span: a process gives advice about a range. */
    public static final String SPAN_ADVISE = "mm.advise";

    /** Span: a process forks. */
    public static final String SPAN_FORK = "mm.fork";

    /** Event on {@link #SPAN_INVALIDATE_ATC}: an invalidate request is on its way to a device. */
    public static final String EVENT_ATC_INVALIDATE = "atc.invalidate";

    /** Log event: the IOMMU recorded a fault. */
    public static final String LOG_FAULT = "iommu.fault";

    /** Log event: a device was cut off from its IOMMU because it did not answer. */
    public static final String LOG_DEVICE_ISOLATED = "iommu.device.isolated";

    /** Log event: a queue stopped by itself. */
    public static final String LOG_QUEUE_ERROR = "uacce.queue.error";

    /** Log event: an accelerator is not trusted any more. */
    public static final String LOG_ACCELERATOR_ISOLATED = "uacce.device.isolated";

    private SvaTelemetry() {}

    /**
     * Tells whether spans go anywhere, which instrumented parts ask once, when they are made.
     *
     * @param telemetry what a part was given
     * @return false for the no-operation telemetry
     */
    public static boolean recordsSpans(OpenTelemetry telemetry) {
        return !TracerProvider.noop().equals(telemetry.getTracerProvider());
    }

    /**
     * Tells whether metrics go anywhere, which instrumented parts ask once, when they are made.
     *
     * @param telemetry what a part was given
     * @return false for the no-operation telemetry
     */
    public static boolean recordsMetrics(OpenTelemetry telemetry) {
        return !MeterProvider.noop().equals(telemetry.getMeterProvider());
    }

    /**
     * An address as an attribute.
     *
     * @param address any address
     * @return hexadecimal with 0x, unsigned
     */
    public static String address(long address) {
        return "0x" + Long.toHexString(address);
    }
}
