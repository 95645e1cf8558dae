package org.opensva.uacce.cdev;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.uacce.queue.JobObserver;

import java.util.concurrent.ConcurrentHashMap;

/**
 * The spans of the jobs of one queue, from submission to completion. Exists only where spans are
 * recorded.
 */
public final class JobSpans implements JobObserver {

    private final Tracer tracer;
    private final String device;
    private final int requester;
    private final int pasid;
    private final ConcurrentHashMap<Long, Span> open = new ConcurrentHashMap<>();

    JobSpans(Tracer tracer, String device, int requester, int pasid) {
        this.tracer = tracer;
        this.device = device;
        this.requester = requester;
        this.pasid = pasid;
    }

    /**
     * Begins the span of a job, as a child of the caller's.
     *
     * @param process who submits
     * @param job what
     * @return a span for {@link #submitted} or {@link #refused}
     */
    public Span begin(long process, Job job) {
        return tracer.spanBuilder(SvaTelemetry.SPAN_JOB)
                .setAttribute(SvaTelemetry.ATTRIBUTE_DEVICE, device)
                .setAttribute(SvaTelemetry.ATTRIBUTE_REQUESTER, requester)
                .setAttribute(SvaTelemetry.ATTRIBUTE_PASID, pasid)
                .setAttribute(SvaTelemetry.ATTRIBUTE_PROCESS, process)
                .setAttribute(SvaTelemetry.ATTRIBUTE_OPERATION, job.operation().id())
                .setAttribute(SvaTelemetry.ATTRIBUTE_LENGTH, job.sourceLength())
                .startSpan();
    }

    /**
     * The job is about to be visible to the device.
     *
     * @param tag the tag of its descriptor
     * @param span its span
     */
    public void submitted(long tag, Span span) {
        Span stale = open.put(tag, span);
        if (stale != null) {
            end(stale, JobStatus.ABORTED);
        }
    }

    /**
     * The device did not get the job after all.
     *
     * @param tag the tag given to {@link #submitted}
     */
    public void refused(long tag) {
        completed(tag, JobStatus.ABORTED);
    }

    @Override
    public void completed(long tag, JobStatus status) {
        Span span = open.remove(tag);
        if (span != null) {
            end(span, status);
        }
    }

    @Override
    public void abandoned() {
        open.keySet().forEach(tag -> completed(tag, JobStatus.ABORTED));
    }

    private static void end(Span span, JobStatus status) {
        span.setAttribute(SvaTelemetry.ATTRIBUTE_STATUS, status.name());
        if (status != JobStatus.SUCCESS) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
