package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.TracerProvider;

/**
 * Names of spans, log events and attributes in the style of the OpenTelemetry semantic conventions:
 * lower case, dotted. {@link SvaMetric} has the metrics, {@link Lane} the lanes of a timeline;
 * {@code TELEMETRY.md} beside the sources of this module says what each of them means, and a test
 * keeps the two and what is emitted the same.
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

    /** Attribute, string: the backend and variant, for example {@code emulated:smmuv3}. */
    public static final String ATTRIBUTE_BACKEND = "sva.backend";

    /** Attribute, string: the {@link Lane} of a timeline that a span belongs to. */
    public static final String ATTRIBUTE_LANE = "sva.lane";

    /** Attribute, integer: the PASID. */
    public static final String ATTRIBUTE_PASID = "sva.pasid";

    /** Attribute, integer: the requester id or stream id of the device. */
    public static final String ATTRIBUTE_REQUESTER = "sva.requester";

    /** Attribute, string: the name of the device. */
    public static final String ATTRIBUTE_DEVICE = "sva.device";

    /** Attribute, integer: the id of the address space. */
    public static final String ATTRIBUTE_ADDRESS_SPACE = "sva.address_space";

    /** Attribute, integer: the process id. */
    public static final String ATTRIBUTE_PROCESS = "process.pid";

    /** Attribute, string: first address of a range, hexadecimal with 0x. */
    public static final String ATTRIBUTE_ADDRESS = "sva.address";

    /** Attribute, integer: length of a range in bytes; -1 for everything. */
    public static final String ATTRIBUTE_LENGTH = "sva.length";

    /** Attribute, string: the operation of a job. */
    public static final String ATTRIBUTE_OPERATION = "uacce.operation";

    /** Attribute, string: the status of a job or the code of a page response. */
    public static final String ATTRIBUTE_STATUS = "sva.status";

    /**
     * Attribute, string: the error number that a call was refused with, for example {@code EBUSY}.
     */
    public static final String ATTRIBUTE_ERRNO = "error.type";

    /** Attribute, integer: the PRG index, or the STAG of a stalled transaction. */
    public static final String ATTRIBUTE_GROUP = "iommu.page_request.group";

    /** Attribute, integer: how many pages a group asks for. */
    public static final String ATTRIBUTE_PAGES = "iommu.page_request.pages";

    /** Attribute, boolean: a stalled transaction, not a page-request group. */
    public static final String ATTRIBUTE_STALLED = "iommu.page_request.stalled";

    /** Attribute, string: {@code hit} or {@code miss}. */
    public static final String ATTRIBUTE_CACHE_RESULT = "sva.cache.result";

    /** Attribute, integer: level of a page table, 1 for the one whose entries are pages. */
    public static final String ATTRIBUTE_WALK_LEVEL = "iommu.walk.level";

    /** Attribute, string: {@code iotlb} or {@code atc}. */
    public static final String ATTRIBUTE_CACHE = "sva.cache";

    /** Attribute, string: {@code iotlb}, {@code atc}, or {@code all} for both of them. */
    public static final String ATTRIBUTE_PHASE = "sva.invalidation.phase";

    /** Attribute, string: {@code page}, {@code range} or {@code all}. */
    public static final String ATTRIBUTE_SIZE_CLASS = "sva.invalidation.size";

    /** Attribute, string: {@code read} or {@code write}, as the device sees it. */
    public static final String ATTRIBUTE_DIRECTION = "sva.io.direction";

    /** Attribute, string: the class of a fault. */
    public static final String ATTRIBUTE_FAULT_TYPE = "iommu.fault.type";

    /** Attribute, string: a fault in the words of the architecture. */
    public static final String ATTRIBUTE_FAULT_RECORD = "iommu.fault.record";

    /** Attribute, string: why a queue stopped by itself. */
    public static final String ATTRIBUTE_QUEUE_ERROR = "uacce.queue.error.type";

    /**
     * Attribute, boolean: true on the series that has everything beyond a cardinality limit, as in
     * the metrics SDK specification of OpenTelemetry.
     */
    public static final String ATTRIBUTE_OVERFLOW = "otel.metric.overflow";

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
