package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The OpenTelemetry SDK of one command, or nothing. Whatever becomes of the receivers, a command
 * ends as it would without, after one warning.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Telemetry implements AutoCloseable {

    /** How long the end of a command may be held up by what has not been delivered. */
    private static final long PATIENCE_SECONDS = 5;

    private static final Telemetry OFF = new Telemetry(null, List.of(), null, "");

    private final @Nullable OpenTelemetrySdk sdk;
    private final OpenTelemetry api;
    private final List<AutoCloseable> sinks;
    private final @Nullable Complaints complaints;
    private final String receiver;

    /** Delivers what there is when the JVM is told to end in the midst of a command. */
    private final Thread interrupted = new Thread(this::end, "opensva-telemetry");

    private final AtomicBoolean ended = new AtomicBoolean();

    private Telemetry(
            @Nullable OpenTelemetrySdk sdk,
            List<AutoCloseable> sinks,
            @Nullable Complaints complaints,
            String receiver) {
        this.sdk = sdk;
        this.receiver = receiver;
        this.api = sdk == null ? OpenTelemetry.noop() : new LastingCounters(sdk);
        this.sinks = sinks;
        this.complaints = complaints;
    }

    /**
     * Nobody asked.
     *
     * @return telemetry that goes nowhere and costs nothing
     */
    public static Telemetry off() {
        return OFF;
    }

    /**
     * What a backend is opened with.
     *
     * @return the SDK, or the no-operation telemetry
     */
    public OpenTelemetry api() {
        return api;
    }

    private void beginToWatch() {
        try {
            Runtime.getRuntime().addShutdownHook(interrupted);
        } catch (IllegalStateException e) {
            // The JVM is ending: close() will not be interrupted by it any more.
            return;
        }
    }

    /** Delivers what there is and ends; returns after a few seconds at most. */
    @Override
    public void close() {
        try {
            boolean _ = Runtime.getRuntime().removeShutdownHook(interrupted);
        } catch (IllegalStateException e) {
            // The JVM is ending, and the hook runs; whoever comes second does nothing.
            end();
            return;
        }
        end();
    }

    private void end() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        if (sdk != null) {
            boolean delivered = sdk.shutdown().join(PATIENCE_SECONDS, TimeUnit.SECONDS).isSuccess();
            if (!delivered && complaints != null) {
                complaints.complain(receiver + " has not taken everything");
            }
        }
        Builder.close(sinks);
        if (complaints != null) {
            complaints.close();
        }
    }

    /** Collects where telemetry goes, then starts. */
    static final class Builder {

        private final OtlpEndpoint otlp;
        private final Complaints complaints;
        private final List<SinkExporter> exporters = new ArrayList<>();
        private final List<MetricReader> readers = new ArrayList<>();
        private final List<AutoCloseable> opened = new ArrayList<>();

        Builder(OtlpEndpoint otlp, Consumer<String> complain) {
            this.otlp = otlp;
            this.complaints = new Complaints(complain);
        }

        void add(Sink sink) {
            SinkExporter exporter = new SinkExporter(sink, complaints::complain);
            exporters.add(exporter);
            opened.add(exporter);
        }

        void add(MetricReader reader) {
            readers.add(reader);
        }

        /** Closes what was opened, when another part failed. */
        void abandon() {
            close(opened);
            readers.forEach(MetricReader::shutdown);
            complaints.close();
        }

        Telemetry start() {
            try {
                OpenTelemetrySdk sdk =
                        AutoConfiguredOpenTelemetrySdk.builder()
                                .disableShutdownHook()
                                .addPropertiesSupplier(() -> Map.of("otel.service.name", "opensva"))
                                .addPropertiesCustomizer(config -> otlp.properties())
                                .addTracerProviderCustomizer((provider, config) -> {
                                    exporters.forEach(exporter ->
                                            provider.addSpanProcessor(
                                                    BatchSpanProcessor.builder(exporter.spans())
                                                            .build()));
                                    return provider;
                                })
                                .addMeterProviderCustomizer((provider, config) -> {
                                    exporters.forEach(exporter ->
                                            provider.registerMetricReader(
                                                    PeriodicMetricReader.create(
                                                            exporter.metrics())));
                                    readers.forEach(provider::registerMetricReader);
                                    return provider;
                                })
                                .addLoggerProviderCustomizer((provider, config) -> {
                                    exporters.forEach(exporter ->
                                            provider.addLogRecordProcessor(
                                                    BatchLogRecordProcessor.builder(exporter.logs())
                                                            .build()));
                                    return provider;
                                })
                                .build()
                                .getOpenTelemetrySdk();
                Telemetry telemetry = new Telemetry(sdk, opened, complaints, otlp.receiver());
                telemetry.beginToWatch();
                return telemetry;
            } catch (ConfigurationException | IllegalArgumentException e) {
                throw new TelemetryException(
                        "telemetry cannot be configured: " + e.getMessage(), e);
            }
        }

        private static void close(List<AutoCloseable> sinks) {
            for (AutoCloseable sink : sinks) {
                try {
                    sink.close();
                } catch (Exception e) {
                    // SinkExporter declares none; the command goes on whatever becomes of a sink.
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
