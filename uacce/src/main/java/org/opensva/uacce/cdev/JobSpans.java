package org.opensva.uacce.cdev;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.telemetry.Lane;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.api.telemetry.WorkInProgress;
import org.opensva.uacce.queue.JobObserver;
import org.opensva.uacce.queue.QueueError;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * Follows the jobs of one queue from submission to completion, by the tags of their descriptors:
 * their spans, what they are counted as, and which of them an engine works at. Exists only where
 * spans or metrics are recorded.
 */
public final class JobSpans implements JobObserver, WorkInProgress {

    /** The page of the messages of PCI Express, whatever the granule of the tables. */
    private static final int PAGE_SHIFT = 12;

    /** A record of a fault that is older than its job by more than this is of something else. */
    private static final long FAULTED_NANOS = 1_000_000_000;

    private static final int MOST_FAULTED = 16;

    /** A job that has ended in a page fault. */
    private record Faulted(Work work, Execution execution, long at) {}

    private final DeviceTelemetry device;
    private final ConcurrentLinkedDeque<Faulted> faulted = new ConcurrentLinkedDeque<>();
    private final int pasid;
    private final ConcurrentHashMap<Long, Open> open = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<DeviceTelemetry.@Nullable Tally> successes =
            new AtomicReferenceArray<>(Operation.values().length);

    JobSpans(DeviceTelemetry device, int pasid) {
        this.device = device;
        this.pasid = pasid;
    }

    /** A job that has not ended. */
    public static final class Open {

        private final Span span;
        private final Operation operation;
        private final long began = System.nanoTime();
        private volatile @Nullable Execution execution;
        private volatile @Nullable Execution executed;

        private Open(Span span, Operation operation) {
            this.span = span;
            this.operation = operation;
        }
    }

    /** What an engine works at: a copy, for the object of the engine is used again. */
    private record Execution(
            Span span,
            long source,
            long sourceLength,
            long destination,
            long destinationLength,
            boolean scattered) {

        static Execution of(Span span, JobExecution job) {
            // What lists, parameters and second addresses lead to is not looked up: any page.
            boolean scattered =
                    (job.flags() & JobFlags.ALL & ~JobFlags.FENCE) != 0
                            || job.operation() == Operation.BATCH
                            || job.operation() == Operation.COMPARE
                            || job.operation() == Operation.DUAL_CAST;
            return new Execution(
                    span,
                    job.source(),
                    job.sourceLength(),
                    job.destination(),
                    job.destinationCapacity(),
                    scattered);
        }

        boolean uses(long address) {
            long page = address >>> PAGE_SHIFT;
            return scattered
                    || touches(source, sourceLength, page)
                    || touches(destination, destinationLength, page);
        }

        private static boolean touches(long start, long length, long page) {
            return length > 0
                    && page >= start >>> PAGE_SHIFT
                    && page <= start + (length - 1) >>> PAGE_SHIFT;
        }
    }

    /**
     * Begins to follow a job, as a child of the caller's span.
     *
     * @param process who submits
     * @param job what
     * @return for {@link #submitted} or {@link #refused(Open)}
     */
    public Open begin(long process, Job job) {
        return begin(process, job.operation(), job.sourceLength(), Context.current());
    }

    private Open begin(long process, Operation operation, long length, Context parent) {
        Span span =
                device.tracer()
                        .spanBuilder(SvaTelemetry.SPAN_JOB)
                        .setParent(parent)
                        .setAttribute(SvaAttributes.OPERATION, operation.id())
                        .startSpan();
        // A sampler decides by the operation alone: most jobs end here, and are counted only.
        if (span.isRecording()) {
            describe(span, Lane.PROCESS)
                    .setAttribute(SvaAttributes.PROCESS, process)
                    .setAttribute(SvaAttributes.LENGTH, length);
        }
        return new Open(span, operation);
    }

    private Span describe(Span span, Lane lane) {
        return span.setAttribute(SvaAttributes.LANE, lane.id())
                .setAttribute(SvaAttributes.DEVICE, device.name())
                .setAttribute(SvaAttributes.REQUESTER, (long) device.requester())
                .setAttribute(SvaAttributes.PASID, (long) pasid);
    }

    /**
     * The job is about to be visible to the device.
     *
     * @param tag the tag of its descriptor
     * @param job what {@link #begin} gave
     */
    public void submitted(long tag, Open job) {
        device.submitted();
        Open stale = open.put(tag, job);
        if (stale != null) {
            end(stale, JobStatus.ABORTED, 0, 0);
        }
    }

    /**
     * The device did not get the job after all.
     *
     * @param tag the tag given to {@link #submitted}
     */
    public void refused(long tag) {
        Open job = open.remove(tag);
        if (job != null) {
            device.withdrawn();
            refused(job);
        }
    }

    /**
     * The device did not get the job, which was never {@link #submitted}.
     *
     * @param job what {@link #begin} gave
     */
    public void refused(Open job) {
        job.span.setAttribute(SvaAttributes.STATUS, JobStatus.ABORTED.name());
        job.span.setStatus(StatusCode.ERROR);
        job.span.end();
    }

    @Override
    public Scope started(long tag, JobExecution job) {
        // A process that fills its rings without this library submits what nobody has announced.
        Open followed =
                open.computeIfAbsent(
                        tag,
                        key -> {
                            device.submitted();
                            return begin(-1, job.operation(), job.sourceLength(), Context.root());
                        });
        // Without a span of its own, what the device causes is not sampled either.
        boolean own = followed.span.isRecording();
        Span span = own ? execute(followed.span) : followed.span;
        followed.execution = Execution.of(span, job);
        @SuppressWarnings("MustBeClosedChecker") // closed by what is returned
        Scope current = span.makeCurrent();
        return () -> {
            current.close();
            followed.executed = followed.execution;
            followed.execution = null;
            if (own) {
                span.end();
            }
        };
    }

    private Span execute(Span submitted) {
        return describe(
                device.tracer()
                        .spanBuilder(SvaTelemetry.SPAN_EXECUTE)
                        .setParent(Context.root().with(submitted))
                        .startSpan(),
                Lane.DEVICE);
    }

    @Override
    public void completed(long tag, JobStatus status, long consumed, long produced) {
        Open job = open.remove(tag);
        if (job != null) {
            end(job, status, consumed, produced);
        }
    }

    @Override
    public void failed(QueueError error) {
        device.queueError(pasid, error);
    }

    @Override
    public void abandoned() {
        open.keySet().forEach(tag -> completed(tag, JobStatus.ABORTED, 0, 0));
    }

    private void end(Open job, JobStatus status, long consumed, long produced) {
        if (job.span.isRecording()) {
            job.span.setAttribute(SvaAttributes.STATUS, status.name());
            if (status != JobStatus.SUCCESS) {
                job.span.setStatus(StatusCode.ERROR);
            }
            job.span.end();
        }
        Execution executed = job.executed;
        if (status == JobStatus.PAGE_FAULT && executed != null) {
            faulted.addLast(
                    new Faulted(new Work(job.span, executed.span()), executed, System.nanoTime()));
            if (faulted.size() > MOST_FAULTED) {
                faulted.pollFirst();
            }
        }
        device.ended(
                tally(job.operation, status), consumed, produced, System.nanoTime() - job.began);
    }

    /** Looked up once for each operation, as long as jobs succeed. */
    private DeviceTelemetry.Tally tally(Operation operation, JobStatus status) {
        if (status != JobStatus.SUCCESS) {
            return device.tally(pasid, operation, status);
        }
        DeviceTelemetry.Tally known = successes.get(operation.ordinal());
        if (known == null) {
            known = device.tally(pasid, operation, status);
            successes.set(operation.ordinal(), known);
        }
        return known;
    }

    @Override
    public void visit(long address, Consumer<Work> visitor) {
        for (Open job : open.values()) {
            Execution execution = job.execution;
            if (execution != null && execution.uses(address)) {
                visitor.accept(new Work(job.span, execution.span()));
            }
        }
    }

    @Override
    public void visitFaulted(long address, Consumer<Work> visitor) {
        for (Faulted job : faulted) {
            boolean recent = System.nanoTime() - job.at() < FAULTED_NANOS;
            if ((!recent || job.execution().uses(address)) && faulted.remove(job) && recent) {
                visitor.accept(job.work());
            }
        }
    }
}
