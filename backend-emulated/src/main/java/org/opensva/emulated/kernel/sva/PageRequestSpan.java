package org.opensva.emulated.kernel.sva;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.api.telemetry.Lane;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.api.telemetry.WorkInProgress.Work;

import java.util.ArrayList;
import java.util.List;

/**
 * The span of a page-request group, below the engine's span of the first job that waits for it and
 * linked with all of them; those jobs' spans link to it in turn.
 */
final class PageRequestSpan {

    private PageRequestSpan() {}

    static Span begin(
            KernelTracer tracer, AttachedDevice device, PageFaultGroup group, @Nullable Bond bond) {
        long address = group.faults().getFirst().address();
        List<Work> waiting = new ArrayList<>();
        if (bond != null) {
            bond.visitWork(address, waiting::add);
        }
        SpanBuilder builder =
                tracer.span(SvaTelemetry.SPAN_PAGE_REQUEST)
                        .setNoParent()
                        .setAttribute(SvaAttributes.LANE, Lane.KERNEL.id())
                        .setAttribute(SvaAttributes.DEVICE, device.function().name())
                        .setAttribute(SvaAttributes.REQUESTER, (long) group.requester().value())
                        .setAttribute(SvaAttributes.PASID, (long) group.pasid())
                        .setAttribute(SvaAttributes.ADDRESS, SvaTelemetry.address(address))
                        .setAttribute(SvaAttributes.GROUP, (long) group.tag())
                        .setAttribute(SvaAttributes.PAGES, (long) group.faults().size())
                        .setAttribute(SvaAttributes.STALLED, group.stalled());
        if (!waiting.isEmpty()) {
            builder.setParent(Context.root().with(waiting.getFirst().executing()));
        }
        for (Work work : waiting) {
            builder.addLink(work.submitted().getSpanContext());
        }
        Span span = builder.startSpan();
        for (Work work : waiting) {
            work.submitted().addLink(span.getSpanContext());
        }
        return span;
    }

    static void end(Span span, PageResponse response) {
        span.setAttribute(SvaAttributes.STATUS, response.name());
        if (response != PageResponse.SUCCESS) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
