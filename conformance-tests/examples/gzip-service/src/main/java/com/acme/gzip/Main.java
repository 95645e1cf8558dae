package com.acme.gzip;

import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;

import org.opensva.api.backend.BackendException;
import org.opensva.uacce.client.ClientException;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts the service and runs until it is told to end. */
final class Main {

    private static final int WRONG = 2;
    private static final int PATIENCE_SECONDS = 5;
    private static final List<String> EXPORTERS =
            List.of("otel.traces.exporter", "otel.metrics.exporter", "otel.logs.exporter");

    private Main() {}

    /**
     * Starts.
     *
     * @param arguments see {@link Settings#USAGE}
     */
    public static void main(String... arguments) {
        try {
            run(Settings.parse(arguments));
        } catch (IllegalArgumentException
                | IOException
                | ConfigurationException
                | BackendException
                | ClientException e) {
            System.err.println("gzip-service: " + e.getMessage());
            System.exit(WRONG);
        }
    }

    private static void run(Settings settings) throws IOException {
        OpenTelemetrySdk telemetry = telemetry(settings, System.getenv());
        GzipService service = GzipService.start(settings, telemetry);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> {
                            // Counters go with the backend: what they say is sent before.
                            telemetry
                                    .getSdkMeterProvider()
                                    .forceFlush()
                                    .join(PATIENCE_SECONDS, TimeUnit.SECONDS);
                            service.close();
                            telemetry.close();
                        }));
        System.out.printf("curl --data-binary @FILE %sgzip%n", service.address());
    }

    /** The SDK as its environment variables say; nothing leaves the process if nobody asked. */
    static OpenTelemetrySdk telemetry(Settings settings, Map<String, String> environment) {
        Map<String, String> unlessSaid = new HashMap<>(Map.of("otel.service.name", "gzip-service"));
        Map<String, String> said = new HashMap<>();
        String url = settings.otlp();
        if (url != null) {
            EXPORTERS.forEach(exporter -> said.put(exporter, "otlp"));
            said.put("otel.exporter.otlp.endpoint", url);
            said.put("otel.exporter.otlp.protocol", "http/protobuf");
        } else if (!environment.containsKey("OTEL_EXPORTER_OTLP_ENDPOINT")) {
            EXPORTERS.forEach(exporter -> unlessSaid.put(exporter, "none"));
        }
        return AutoConfiguredOpenTelemetrySdk.builder()
                .disableShutdownHook()
                .addPropertiesSupplier(() -> unlessSaid)
                .addPropertiesCustomizer(config -> said)
                .addTracerProviderCustomizer((provider, config) -> {
                    if (settings.print()) {
                        provider.addSpanProcessor(new TracePrinter(System.out::println));
                    }
                    return provider;
                })
                .build()
                .getOpenTelemetrySdk();
    }
}
