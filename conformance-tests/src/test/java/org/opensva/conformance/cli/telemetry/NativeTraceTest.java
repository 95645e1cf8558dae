package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.telemetry.SvaAttributes;

import java.util.List;
import java.util.Map;

/** Real processes: their kernel reports to another thread what a call has changed. */
class NativeTraceTest {

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    private List<SpanData> below(SpanData parent, String name) {
        return named(name).stream()
                .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
                .toList();
    }

    private List<SpanData> named(String name) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .toList();
    }

    private static boolean isAvailable() {
        return BackendCatalog.load(NativeTraceTest.class.getClassLoader()).providers().stream()
                .filter(provider -> provider.name().equals("native"))
                .flatMap(provider -> provider.variants().stream())
                .anyMatch(variant -> variant.name().equals("host") && variant.available());
    }

    @Test
    void anUnmappingOfARealProcessIsOneTraceWithTheInvalidationsItCauses() {
        assumeTrue(isAvailable(), "native:host cannot be used here");
        try (OpenTelemetrySdk sdk =
                OpenTelemetrySdk.builder()
                        .setTracerProvider(
                                SdkTracerProvider.builder()
                                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                        .build())
                        .setMeterProvider(
                                SdkMeterProvider.builder().registerMetricReader(metrics).build())
                        .build()) {
            Journey journey = new Journey(sdk);
            try (Backend backend = journey.open("native:host", Map.of("pasid-series", "4"))) {
                journey.faultAndUnmap(backend);
                assertTrue(
                        metrics.collectAllMetrics().stream()
                                .filter(metric -> metric.getName().equals("uacce.jobs"))
                                .flatMap(metric -> metric.getLongSumData().getPoints().stream())
                                .anyMatch(point ->
                                        point.getAttributes().get(SvaAttributes.PASID) != null),
                        "a series by PASID");
            }
            SpanData host = named(Journey.HOST).getFirst();
            assertEquals(1, below(host, "uacce.job").size());
            SpanData unmap = below(host, "mm.unmap").getFirst();
            List<SpanData> invalidations = below(unmap, "sva.invalidate");
            assertFalse(invalidations.isEmpty(), "what the kernel reported is in the trace");
            for (SpanData invalidation : invalidations) {
                assertEquals(host.getTraceId(), invalidation.getTraceId());
                SpanData iotlb = below(invalidation, "sva.invalidate.iotlb").getFirst();
                SpanData atc = below(invalidation, "sva.invalidate.atc").getFirst();
                assertTrue(iotlb.getEndEpochNanos() <= atc.getStartEpochNanos());
                assertEquals("atc.invalidate", atc.getEvents().getFirst().getName());
                assertTrue(invalidation.getEndEpochNanos() <= unmap.getEndEpochNanos());
            }
            assertFalse(named("mm.release").isEmpty());
        }
    }
}
