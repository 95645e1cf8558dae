package org.opensva.conformance.suite.bench;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.conformance.suite.bench.Timeline.Lane;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The last spans of a test. A backend emits them in the midst of what tests race with, so noting
 * one takes no lock.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class SpanRing implements SpanFeed.Audience {

    private static final int SPANS = 512;

    /** The lanes of spans, as the picture has them. */
    private static final Map<String, Lane> LANES =
            Map.of(
                    org.opensva.api.telemetry.Lane.PROCESS.id(), Lane.PROCESS,
                    org.opensva.api.telemetry.Lane.KERNEL.id(), Lane.KERNEL,
                    org.opensva.api.telemetry.Lane.IOMMU_QUEUE.id(), Lane.IOMMU,
                    org.opensva.api.telemetry.Lane.ATC.id(), Lane.ATC,
                    org.opensva.api.telemetry.Lane.DEVICE.id(), Lane.DEVICE);

    private final LongSupplier clock;
    private final LongSupplier order;
    private final AtomicLong next = new AtomicLong();
    private final AtomicReferenceArray<@Nullable Noted> ring = new AtomicReferenceArray<>(SPANS);

    /**
     * Creates an empty ring.
     *
     * @param clock how many hardware events there have been, with the epoch above them
     * @param order a number above all earlier ones
     */
    SpanRing(LongSupplier clock, LongSupplier order) {
        this.clock = clock;
        this.order = order;
    }

    /** One span. */
    final class Noted implements SpanFeed.Seen {

        private final String name;
        private final long began = clock.getAsLong();
        private final long first = order.getAsLong();
        private final Map<String, Object> attributes = new ConcurrentSkipListMap<>();
        private volatile long ended = Long.MAX_VALUE;
        private volatile long last = Long.MAX_VALUE;

        private Noted(String name) {
            this.name = name;
        }

        @Override
        public void attribute(String key, Object value) {
            attributes.put(key, value);
        }

        @Override
        public void ended() {
            last = order.getAsLong();
            ended = clock.getAsLong();
        }

        long began() {
            return began;
        }

        long first() {
            return first;
        }

        /** Tells whether something that happened then was within this span. */
        boolean holds(long at, long number) {
            return at < ended || at == ended && number < last;
        }

        Lane lane() {
            Object lane = attributes.get(SvaAttributes.LANE.getKey());
            return LANES.getOrDefault(lane == null ? "" : lane.toString(), Lane.KERNEL);
        }

        String name() {
            return name;
        }

        String detail() {
            return attributes.entrySet().stream()
                    .filter(entry -> !entry.getKey().equals(SvaAttributes.LANE.getKey()))
                    .map(entry ->
                            entry.getKey().substring(entry.getKey().lastIndexOf('.') + 1)
                                    + " "
                                    + entry.getValue())
                    .collect(Collectors.joining(", "));
        }
    }

    @Override
    public SpanFeed.Seen began(String name) {
        Noted span = new Noted(name);
        // A job is the test's own step, which the picture has in its words already.
        if (!name.equals(SvaTelemetry.SPAN_JOB)) {
            ring.set((int) (next.getAndIncrement() % SPANS), span);
        }
        return span;
    }

    void clear() {
        for (int i = 0; i < SPANS; i++) {
            ring.set(i, null);
        }
        next.set(0);
    }

    /** How many were not kept. */
    long lost() {
        return Math.max(0, next.get() - SPANS);
    }

    /** What was kept, in order. */
    List<Noted> spans() {
        List<Noted> all = new ArrayList<>();
        for (int i = 0; i < SPANS; i++) {
            Noted span = ring.get(i);
            if (span != null) {
                all.add(span);
            }
        }
        all.sort(Comparator.comparingLong(Noted::first));
        return all;
    }
}
