package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The metrics of the data plane of a backend: what hardware counts anyway ({@link
 * HardwareCounter}), read when somebody collects.
 */
public final class HardwareMeters implements AutoCloseable {

    private record Point(HardwareCounter counter, CounterSource from, Attributes attributes) {}

    private final List<AutoCloseable> instruments = new ArrayList<>();

    private HardwareMeters() {}

    /**
     * Begins to observe.
     *
     * @param telemetry where metrics go
     * @param backend the backend and variant
     * @param inside reads the counters, of each device and of what all devices share
     * @param devices the names of the devices by requester id
     * @return ends the observation when closed
     */
    public static HardwareMeters observe(
            OpenTelemetry telemetry,
            String backend,
            CounterSource inside,
            Map<Integer, String> devices) {
        HardwareMeters meters = new HardwareMeters();
        if (!SvaTelemetry.recordsMetrics(telemetry)) {
            return meters;
        }
        Meter meter = telemetry.getMeter(SvaTelemetry.SCOPE);
        for (SvaMetric metric :
                List.of(
                        SvaMetric.TRANSLATIONS,
                        SvaMetric.IOTLB_LOOKUPS,
                        SvaMetric.WALK_CACHE_LOOKUPS,
                        SvaMetric.WALK_READS,
                        SvaMetric.ATC_LOOKUPS,
                        SvaMetric.ATC_EVICTIONS,
                        SvaMetric.DMA_IO)) {
            List<Point> points = new ArrayList<>();
            devices.forEach((requester, name) -> {
                Attributes own =
                        Attributes.of(
                                SvaAttributes.BACKEND,
                                backend,
                                SvaAttributes.DEVICE,
                                name,
                                SvaAttributes.REQUESTER,
                                (long) requester);
                points.addAll(points(metric, counter -> inside.count(counter, requester), own));
            });
            meters.add(metric, meter, points);
        }
        Attributes own = Attributes.of(SvaAttributes.BACKEND, backend);
        for (SvaMetric metric :
                List.of(SvaMetric.IOTLB_EVICTIONS, SvaMetric.WALK_CACHE_EVICTIONS)) {
            meters.add(metric, meter, points(metric, inside, own));
        }
        return meters;
    }

    private void add(SvaMetric metric, Meter meter, List<Point> points) {
        instruments.add(metric.observe(meter, measurement -> record(points, measurement)));
    }

    private static void record(List<Point> points, ObservableLongMeasurement measurement) {
        for (Point point : points) {
            measurement.record(point.from().count(point.counter()), point.attributes());
        }
    }

    private static List<Point> points(SvaMetric metric, CounterSource from, Attributes own) {
        return switch (metric) {
            case TRANSLATIONS -> List.of(new Point(HardwareCounter.TRANSLATIONS, from, own));
            case IOTLB_LOOKUPS ->
                    lookups(HardwareCounter.IOTLB_HITS, HardwareCounter.IOTLB_MISSES, from, own);
            case WALK_CACHE_LOOKUPS ->
                    lookups(
                            HardwareCounter.WALK_CACHE_HITS,
                            HardwareCounter.WALK_CACHE_MISSES,
                            from,
                            own);
            case ATC_LOOKUPS ->
                    lookups(HardwareCounter.ATC_HITS, HardwareCounter.ATC_MISSES, from, own);
            case WALK_READS -> {
                List<Point> levels = new ArrayList<>();
                for (int level = 1; level <= HardwareCounter.WALK_LEVELS; level++) {
                    levels.add(
                            new Point(
                                    HardwareCounter.walkReads(level),
                                    from,
                                    own.toBuilder()
                                            .put(SvaAttributes.WALK_LEVEL, (long) level)
                                            .build()));
                }
                yield levels;
            }
            case ATC_EVICTIONS -> List.of(new Point(HardwareCounter.ATC_EVICTIONS, from, own));
            case IOTLB_EVICTIONS -> List.of(new Point(HardwareCounter.IOTLB_EVICTIONS, from, own));
            case WALK_CACHE_EVICTIONS ->
                    List.of(new Point(HardwareCounter.WALK_CACHE_EVICTIONS, from, own));
            case DMA_IO ->
                    List.of(
                            new Point(
                                    HardwareCounter.DMA_BYTES_READ,
                                    from,
                                    own.toBuilder().put(SvaAttributes.DIRECTION, "read").build()),
                            new Point(
                                    HardwareCounter.DMA_BYTES_WRITTEN,
                                    from,
                                    own.toBuilder().put(SvaAttributes.DIRECTION, "write").build()));
            default -> List.of();
        };
    }

    private static List<Point> lookups(
            HardwareCounter hits, HardwareCounter misses, CounterSource from, Attributes own) {
        return List.of(
                new Point(
                        hits, from, own.toBuilder().put(SvaAttributes.CACHE_RESULT, "hit").build()),
                new Point(
                        misses,
                        from,
                        own.toBuilder().put(SvaAttributes.CACHE_RESULT, "miss").build()));
    }

    /** Ends the observation. */
    @Override
    public void close() {
        SvaMetric.close(instruments);
    }
}
