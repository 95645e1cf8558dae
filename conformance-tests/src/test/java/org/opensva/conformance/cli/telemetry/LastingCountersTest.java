package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.api.telemetry.SvaMetric;
import org.opensva.api.telemetry.SvaTelemetry;

import java.util.Map;
import java.util.TreeMap;

/** Counters of machines that come and go. */
class LastingCountersTest {

    private final InMemoryMetricReader reader = InMemoryMetricReader.create();
    private final OpenTelemetrySdk sdk =
            OpenTelemetrySdk.builder()
                    .setMeterProvider(
                            SdkMeterProvider.builder().registerMetricReader(reader).build())
                    .build();
    private final LastingCounters lasting = new LastingCounters(sdk);

    private Map<String, Long> collect(SvaMetric metric) {
        Map<String, Long> values = new TreeMap<>();
        reader.collectAllMetrics().stream()
                .filter(data -> data.getName().equals(metric.id()))
                .forEach(data -> {
                    for (LongPointData point : data.getLongSumData().getPoints()) {
                        values.put(ConsoleSink.text(point.getAttributes()), point.getValue());
                    }
                });
        return values;
    }

    private AutoCloseable count(SvaMetric metric, String device, long value) {
        Attributes series = Attributes.of(AttributeKey.stringKey("device"), device);
        return metric.observe(
                lasting.getMeter(SvaTelemetry.SCOPE), points -> points.record(value, series));
    }

    @Test
    void whatAClosedMachineCountedStaysAndMachinesOfOneNameAddUp() throws Exception {
        AutoCloseable first = count(SvaMetric.JOBS, "zip-0", 5);
        AutoCloseable second = count(SvaMetric.JOBS, "zip-0", 2);
        assertEquals(Map.of("device=zip-0", 7L), collect(SvaMetric.JOBS));
        first.close();
        first.close();
        assertEquals(Map.of("device=zip-0", 7L), collect(SvaMetric.JOBS));
        second.close();
        AutoCloseable third = count(SvaMetric.JOBS, "dma-1", 1);
        assertEquals(Map.of("device=zip-0", 7L, "device=dma-1", 1L), collect(SvaMetric.JOBS));
        third.close();
    }

    @Test
    void whatIsInUseGoesWithTheMachine() throws Exception {
        AutoCloseable depth = count(SvaMetric.QUEUE_DEPTH, "zip-0", 3);
        AutoCloseable other = count(SvaMetric.QUEUE_DEPTH, "zip-0", 1);
        assertEquals(Map.of("device=zip-0", 4L), collect(SvaMetric.QUEUE_DEPTH));
        other.close();
        assertEquals(Map.of("device=zip-0", 3L), collect(SvaMetric.QUEUE_DEPTH));
        depth.close();
        assertEquals(Map.of("device=zip-0", 0L), collect(SvaMetric.QUEUE_DEPTH));
    }

    @Test
    void aBackendsCountersAreThereAfterItWasClosedAndRiseWithTheNext() {
        Journey journey = new Journey(lasting);
        long before = 0;
        for (int machine = 1; machine <= 3; machine++) {
            try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                journey.faultAndUnmap(backend);
            }
            assertEquals(
                    machine, collect(SvaMetric.JOBS).values().stream().mapToLong(v -> v).sum());
            long translations =
                    collect(SvaMetric.TRANSLATIONS).values().stream().mapToLong(v -> v).sum();
            assertTrue(translations > before, "they rise");
            before = translations;
        }
    }
}
