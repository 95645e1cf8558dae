package org.opensva.api.telemetry;

import io.opentelemetry.api.common.AttributeKey;

/**
 * The attributes of spans, log events and metrics, each with its type. {@code TELEMETRY.md} beside
 * the sources of this module says what values they have.
 */
public final class SvaAttributes {

    /** The backend and variant, for example {@code emulated:smmuv3}. */
    public static final AttributeKey<String> BACKEND = AttributeKey.stringKey("sva.backend");

    /** The {@link Lane} of a timeline that a span belongs to. */
    public static final AttributeKey<String> LANE = AttributeKey.stringKey("sva.lane");

    /** The PASID. */
    public static final AttributeKey<Long> PASID = AttributeKey.longKey("sva.pasid");

    /** The requester id or stream id of the device. */
    public static final AttributeKey<Long> REQUESTER = AttributeKey.longKey("sva.requester");

    /** The name of the device. */
    public static final AttributeKey<String> DEVICE = AttributeKey.stringKey("sva.device");

    /** The id of the address space. */
    public static final AttributeKey<Long> ADDRESS_SPACE =
            AttributeKey.longKey("sva.address_space");

    /** The process id. */
    public static final AttributeKey<Long> PROCESS = AttributeKey.longKey("process.pid");

    /** First address of a range, hexadecimal with 0x. */
    public static final AttributeKey<String> ADDRESS = AttributeKey.stringKey("sva.address");

    /** Length of a range in bytes; -1 for everything. */
    public static final AttributeKey<Long> LENGTH = AttributeKey.longKey("sva.length");

    /** The operation of a job. */
    public static final AttributeKey<String> OPERATION = AttributeKey.stringKey("uacce.operation");

    /** The status of a job or the code of a page response. */
    public static final AttributeKey<String> STATUS = AttributeKey.stringKey("sva.status");

    /** The error number that a call was refused with, for example {@code EBUSY}. */
    public static final AttributeKey<String> ERRNO = AttributeKey.stringKey("error.type");

    /** The PRG index, or the STAG of a stalled transaction. */
    public static final AttributeKey<Long> GROUP = AttributeKey.longKey("iommu.page_request.group");

    /** How many pages a group asks for. */
    public static final AttributeKey<Long> PAGES = AttributeKey.longKey("iommu.page_request.pages");

    /** A stalled transaction, not a page-request group. */
    public static final AttributeKey<Boolean> STALLED =
            AttributeKey.booleanKey("iommu.page_request.stalled");

    /** {@code hit} or {@code miss}. */
    public static final AttributeKey<String> CACHE_RESULT =
            AttributeKey.stringKey("sva.cache.result");

    /** Level of a page table, 1 for the one whose entries are pages. */
    public static final AttributeKey<Long> WALK_LEVEL = AttributeKey.longKey("iommu.walk.level");

    /** {@code iotlb} or {@code atc}. */
    public static final AttributeKey<String> CACHE = AttributeKey.stringKey("sva.cache");

    /** {@code iotlb}, {@code atc}, or {@code all} for both of them. */
    public static final AttributeKey<String> PHASE =
            AttributeKey.stringKey("sva.invalidation.phase");

    /** {@code page}, {@code range} or {@code all}. */
    public static final AttributeKey<String> SIZE_CLASS =
            AttributeKey.stringKey("sva.invalidation.size");

    /** {@code read} or {@code write}, as the device sees it. */
    public static final AttributeKey<String> DIRECTION = AttributeKey.stringKey("sva.io.direction");

    /** The class of a fault. */
    public static final AttributeKey<String> FAULT_TYPE =
            AttributeKey.stringKey("iommu.fault.type");

    /** A fault in the words of the architecture. */
    public static final AttributeKey<String> FAULT_RECORD =
            AttributeKey.stringKey("iommu.fault.record");

    /** Why a queue stopped by itself. */
    public static final AttributeKey<String> QUEUE_ERROR =
            AttributeKey.stringKey("uacce.queue.error.type");

    /**
     * True on the series that has everything beyond a cardinality limit, as in the metrics SDK
     * specification of OpenTelemetry.
     */
    public static final AttributeKey<Boolean> OVERFLOW =
            AttributeKey.booleanKey("otel.metric.overflow");

    private SvaAttributes() {}
}
