package org.opensva.conformance.measure;

import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;

import java.time.Duration;
import java.util.Collection;

/**
 * An OpenTelemetry SDK as a service in operation has it: one trace in a hundred is sampled, spans
 * go out in batches, metrics are collected all the time. What is sent is dropped at the end of the
 * way: networks are not measured here.
 */
final class SampledSdk {

    private static final double SAMPLED = 0.01;
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private SampledSdk() {}

    static OpenTelemetrySdk start() {
        return OpenTelemetrySdk.builder()
                .setTracerProvider(
                        SdkTracerProvider.builder()
                                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(SAMPLED)))
                                .addSpanProcessor(BatchSpanProcessor.builder(new NoSpans()).build())
                                .build())
                .setMeterProvider(
                        SdkMeterProvider.builder()
                                .registerMetricReader(
                                        PeriodicMetricReader.builder(new NoMetrics())
                                                .setInterval(INTERVAL)
                                                .build())
                                .build())
                .build();
    }

    private static final class NoSpans implements SpanExporter {

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    private static final class NoMetrics implements MetricExporter {

        @Override
        public AggregationTemporality getAggregationTemporality(InstrumentType instrument) {
            return AggregationTemporality.CUMULATIVE;
        }

        @Override
        public CompletableResultCode export(Collection<MetricData> metrics) {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }
}
