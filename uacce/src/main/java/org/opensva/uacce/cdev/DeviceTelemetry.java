package org.opensva.uacce.cdev;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Tracer;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.telemetry.FaultEvents;
import org.opensva.api.telemetry.PasidLimit;
import org.opensva.api.telemetry.SeriesTable;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaMetric;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.uacce.queue.QueueError;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a device tells about its jobs. Exists only where somebody records.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class DeviceTelemetry implements AutoCloseable {

    private final String name;
    private final int requester;
    private final Tracer tracer;
    private final FaultEvents events;
    private final SeriesTable jobs;
    private final SeriesTable bytes;
    private final AtomicLong depth = new AtomicLong();
    private final DoubleHistogram duration;
    private final List<AutoCloseable> instruments;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DeviceTelemetry(
            String name, int requester, OpenTelemetry telemetry, PasidLimit pasids) {
        this.name = name;
        this.requester = requester;
        tracer = telemetry.getTracer(SvaTelemetry.SCOPE);
        events = new FaultEvents(telemetry);
        Map<Integer, String> names = Map.of(requester, name);
        jobs =
                new SeriesTable(
                        Attributes.empty(),
                        names,
                        pasids,
                        List.of(SvaAttributes.OPERATION, SvaAttributes.STATUS));
        bytes =
                new SeriesTable(
                        Attributes.empty(),
                        names,
                        pasids,
                        List.of(SvaAttributes.OPERATION, SvaAttributes.DIRECTION));
        Meter meter = telemetry.getMeter(SvaTelemetry.SCOPE);
        duration = SvaMetric.JOB_DURATION.histogram(meter);
        Attributes own =
                Attributes.builder()
                        .put(SvaAttributes.DEVICE, name)
                        .put(SvaAttributes.REQUESTER, (long) requester)
                        .build();
        instruments =
                List.of(
                        SvaMetric.JOBS.observe(meter, jobs::observe),
                        SvaMetric.JOB_IO.observe(meter, bytes::observe),
                        SvaMetric.QUEUE_DEPTH.observe(
                                meter, points -> points.record(depth.get(), own)));
    }

    /**
     * Begins to tell, if somebody records.
     *
     * @param telemetry where it goes
     * @param name the name of the device
     * @param requester its requester id
     * @param pasids which PASIDs have metric series of their own
     * @return null if nobody records
     */
    public static @Nullable DeviceTelemetry of(
            OpenTelemetry telemetry, String name, int requester, PasidLimit pasids) {
        return SvaTelemetry.recordsSpans(telemetry)
                        || SvaTelemetry.recordsMetrics(telemetry)
                        || new FaultEvents(telemetry).isOn()
                ? new DeviceTelemetry(name, requester, telemetry, pasids)
                : null;
    }

    /** Follows the jobs of a queue. */
    JobSpans queue(int pasid) {
        return new JobSpans(this, pasid);
    }

    String name() {
        return name;
    }

    int requester() {
        return requester;
    }

    Tracer tracer() {
        return tracer;
    }

    void submitted() {
        depth.incrementAndGet();
    }

    void withdrawn() {
        depth.decrementAndGet();
    }

    /** What the jobs of one operation that end in one way are counted in. */
    record Tally(SeriesTable.Series jobs, SeriesTable.Series read, SeriesTable.Series written) {}

    Tally tally(int pasid, Operation operation, JobStatus status) {
        return new Tally(
                jobs.of(requester, pasid, operation.id(), status.name()),
                bytes.of(requester, pasid, operation.id(), "read"),
                bytes.of(requester, pasid, operation.id(), "write"));
    }

    void ended(Tally tally, long consumed, long produced, long nanos) {
        depth.decrementAndGet();
        tally.jobs().add(1);
        duration.record(nanos * 1e-9, tally.jobs().attributes());
        tally.read().add(consumed);
        tally.written().add(produced);
    }

    void queueError(int pasid, QueueError error) {
        events.queueError(name, requester, pasid, error.name());
    }

    void isolated(String why) {
        events.acceleratorIsolated(name, requester, why);
    }

    /** Ends the observation; a device that was removed is closed again with its backend. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            SvaMetric.close(instruments);
        }
    }
}
