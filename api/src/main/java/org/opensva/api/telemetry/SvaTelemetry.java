package org.opensva.api.telemetry;

/**
 * Names of spans, metrics and attributes in the style of the OpenTelemetry semantic conventions:
 * lower case, dotted, units in UCUM.
 *
 * <p>Spans exist on the control plane only. The data plane is counted ({@link HardwareCounter}),
 * never traced.
 */
public final class SvaTelemetry {

    /** Instrumentation scope of every tracer and meter. */
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

    /** Span: a page-request group, from its report to its response. */
    public static final String SPAN_PAGE_REQUEST = "iommu.page_request";

    /** Span: a job, from submission to completion. */
    public static final String SPAN_JOB = "uacce.job";

    /** Span: an address space has died and is released. */
    public static final String SPAN_RELEASE = "mm.release";

    /** Span: a process unmaps a range. */
    public static final String SPAN_UNMAP = "mm.unmap";

    /** Span: a process forks. */
    public static final String SPAN_FORK = "mm.fork";

    /** Attribute, string: the backend and variant, for example {@code emulated:smmuv3}. */
    public static final String ATTRIBUTE_BACKEND = "sva.backend";

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

    /**
     * Attribute, string: which {@link HardwareCounter} a point of {@link #METRIC_HARDWARE} belongs
     * to.
     */
    public static final String ATTRIBUTE_COUNTER = "sva.counter";

    /**
     * Metric, observable counter, unit {@code {event}}: hardware counters, one series for each
     * {@link HardwareCounter}.
     */
    public static final String METRIC_HARDWARE = "sva.hardware.events";

    /** Metric, histogram, unit {@code s}: duration of an invalidation. */
    public static final String METRIC_INVALIDATE_DURATION = "sva.invalidate.duration";

    /** Metric, histogram, unit {@code s}: duration of a page request from report to response. */
    public static final String METRIC_PAGE_REQUEST_DURATION = "iommu.page_request.duration";

    /** Metric, up-down counter, unit {@code {pasid}}: PASIDs in use. */
    public static final String METRIC_PASIDS = "sva.pasids";

    private SvaTelemetry() {}
}
