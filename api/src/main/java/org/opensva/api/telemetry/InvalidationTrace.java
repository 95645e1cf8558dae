package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;

import org.jspecify.annotations.Nullable;

/**
 * Spans and durations of invalidations, for drivers of IOMMUs: the whole, its IOTLB phase, its ATC
 * phase, and in each the wait for its completion. Where nobody records, nothing is done.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class InvalidationTrace {

    private static final Attributes ALL = Attributes.of(SvaAttributes.PHASE, "all");
    private static final Attributes IOTLB = Attributes.of(SvaAttributes.PHASE, "iotlb");
    private static final Attributes ATC = Attributes.of(SvaAttributes.PHASE, "atc");

    private static final Phase NOTHING = new Nothing();

    /** A phase under way. */
    public sealed interface Phase extends AutoCloseable permits Nothing, Recorded {

        /**
         * A device was told to forget something.
         *
         * @param requester the requester id
         * @param pasid the PASID
         */
        void told(int requester, int pasid);

        /**
         * The wait for the completion of the phase begins.
         *
         * @return ends the wait when closed
         */
        Phase sync();

        /** Ends the phase. */
        @Override
        void close();
    }

    private final boolean on;
    private final Tracer tracer;
    private final DoubleHistogram duration;
    private final FaultEvents events;

    /**
     * Creates a trace.
     *
     * @param telemetry where spans and durations go
     */
    public InvalidationTrace(OpenTelemetry telemetry) {
        on = SvaTelemetry.recordsSpans(telemetry) || SvaTelemetry.recordsMetrics(telemetry);
        tracer = telemetry.getTracer(SvaTelemetry.SCOPE);
        events = new FaultEvents(telemetry);
        duration =
                SvaMetric.INVALIDATION_DURATION.histogram(telemetry.getMeter(SvaTelemetry.SCOPE));
    }

    /**
     * Removes a range from all caches, inside a span that is current meanwhile.
     *
     * @param addressSpace the id of the address space
     * @param address the first address
     * @param length number of bytes, -1 for everything
     * @param body what to do
     */
    public void invalidation(long addressSpace, long address, long length, Runnable body) {
        if (!on) {
            body.run();
            return;
        }
        long began = System.nanoTime();
        Span span =
                tracer.spanBuilder(SvaTelemetry.SPAN_INVALIDATE)
                        .setAttribute(SvaAttributes.LANE, Lane.KERNEL.id())
                        .setAttribute(SvaAttributes.ADDRESS_SPACE, addressSpace)
                        .setAttribute(SvaAttributes.ADDRESS, SvaTelemetry.address(address))
                        .setAttribute(SvaAttributes.LENGTH, length)
                        .startSpan();
        try (Scope _ = span.makeCurrent()) {
            body.run();
        } finally {
            span.end();
            duration.record((System.nanoTime() - began) * 1e-9, ALL);
        }
    }

    /**
     * The IOTLB phase begins.
     *
     * @return ends it when closed
     */
    public Phase iotlb() {
        return on ? new Recorded(this, SvaTelemetry.SPAN_INVALIDATE_IOTLB, IOTLB) : NOTHING;
    }

    /**
     * The ATC phase begins.
     *
     * @return ends it when closed
     */
    public Phase atc() {
        return on ? new Recorded(this, SvaTelemetry.SPAN_INVALIDATE_ATC, ATC) : NOTHING;
    }

    /**
     * A device did not answer and is cut off.
     *
     * @param device the name of the device
     * @param requester its requester id
     */
    public void isolated(String device, int requester) {
        events.isolated(device, requester);
    }

    /** Nobody records. */
    private static final class Nothing implements Phase {
        @Override
        public void told(int requester, int pasid) {}

        @Override
        public Phase sync() {
            return this;
        }

        @Override
        public void close() {}
    }

    /** A span that is current until it is closed, by the thread that began it. */
    private static final class Recorded implements Phase {

        private final InvalidationTrace trace;
        private final @Nullable Attributes series;
        private final long began = System.nanoTime();
        private final Span span;
        private final Scope scope;

        @SuppressWarnings("MustBeClosedChecker") // close() closes it
        Recorded(InvalidationTrace trace, String name, @Nullable Attributes series) {
            this.trace = trace;
            this.series = series;
            Lane lane = ATC.equals(series) ? Lane.ATC : Lane.IOMMU_QUEUE;
            span =
                    trace.tracer
                            .spanBuilder(name)
                            .setAttribute(SvaAttributes.LANE, lane.id())
                            .startSpan();
            scope = span.makeCurrent();
        }

        @Override
        public void told(int requester, int pasid) {
            span.addEvent(
                    SvaTelemetry.EVENT_ATC_INVALIDATE,
                    Attributes.of(
                            SvaAttributes.REQUESTER,
                            (long) requester,
                            SvaAttributes.PASID,
                            (long) pasid));
        }

        @Override
        public Phase sync() {
            return new Recorded(trace, SvaTelemetry.SPAN_INVALIDATE_SYNC, null);
        }

        @Override
        public void close() {
            scope.close();
            span.end();
            if (series != null) {
                trace.duration.record((System.nanoTime() - began) * 1e-9, series);
            }
        }
    }
}
