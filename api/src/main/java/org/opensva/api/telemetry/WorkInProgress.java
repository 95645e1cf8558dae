package org.opensva.api.telemetry;

import io.opentelemetry.api.trace.Span;

import java.util.function.Consumer;

/**
 * Knows which jobs a device is working at, so that what the device causes (a page request, a fault)
 * can be told as theirs. The trace context of a job never goes into a descriptor or a message.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
@FunctionalInterface
public interface WorkInProgress {

    /** Nothing is under way, or nobody follows it. */
    WorkInProgress NONE = (address, visitor) -> {};

    /**
     * A job under way.
     *
     * @param submitted its span since submission ({@link SvaTelemetry#SPAN_JOB})
     * @param executing the span of the engine's work ({@link SvaTelemetry#SPAN_EXECUTE}), the
     *     parent of what the device causes
     */
    record Work(Span submitted, Span executing) {}

    /**
     * Visits the jobs under way that use a page.
     *
     * @param address an address in the page
     * @param visitor gets each job that reads or writes there
     */
    void visit(long address, Consumer<Work> visitor);

    /**
     * Visits the jobs that have just ended in a page fault and used a page: what the IOMMU records
     * of a fault may be read when the job that took it is over. Each is visited once.
     *
     * @param address an address in the page
     * @param visitor gets each job that read or wrote there
     */
    default void visitFaulted(long address, Consumer<Work> visitor) {}
}
