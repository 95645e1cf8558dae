package org.opensva.conformance.cli.telemetry;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where OTLP goes: the option, or what the environment says (OpenTelemetry environment variable
 * specification).
 *
 * @param properties of the SDK's autoconfiguration, which take precedence over the environment
 * @param isAsked false if neither says anything
 */
record OtlpEndpoint(Map<String, String> properties, boolean isAsked) {

    private static final int GRPC_PORT = 4317;

    /** Whoever sets one of these wants telemetry from every program started there. */
    private static final List<String> ASKING =
            List.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
                    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
                    "OTEL_TRACES_EXPORTER",
                    "OTEL_METRICS_EXPORTER",
                    "OTEL_LOGS_EXPORTER");

    private static final Map<String, String> NO_EXPORTER =
            Map.of(
                    "otel.traces.exporter", "none",
                    "otel.metrics.exporter", "none",
                    "otel.logs.exporter", "none");

    private static final Map<String, String> OTLP_EXPORTER =
            Map.of(
                    "otel.traces.exporter", "otlp",
                    "otel.metrics.exporter", "otlp",
                    "otel.logs.exporter", "otlp");

    /** Where it goes, for messages. */
    String receiver() {
        return properties.getOrDefault("otel.exporter.otlp.endpoint", "a receiver");
    }

    static OtlpEndpoint of(@Nullable String endpoint, Map<String, String> environment) {
        if (endpoint == null) {
            boolean asked =
                    ASKING.stream().anyMatch(name -> isSet(environment.get(name)))
                            && !"true".equalsIgnoreCase(environment.get("OTEL_SDK_DISABLED"));
            return new OtlpEndpoint(asked ? Map.of() : NO_EXPORTER, asked);
        }
        URI uri = parse(endpoint);
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        boolean grpc = scheme.startsWith("grpc") || uri.getPort() == GRPC_PORT;
        String url =
                switch (scheme) {
                    case "grpc" -> "http" + endpoint.substring(scheme.length());
                    case "grpcs" -> "https" + endpoint.substring(scheme.length());
                    default -> endpoint;
                };
        Map<String, String> properties = new HashMap<>(OTLP_EXPORTER);
        properties.put("otel.exporter.otlp.endpoint", url);
        properties.put("otel.exporter.otlp.protocol", grpc ? "grpc" : "http/protobuf");
        return new OtlpEndpoint(Map.copyOf(properties), true);
    }

    private static boolean isSet(@Nullable String value) {
        return value != null && !value.isEmpty() && !value.equalsIgnoreCase("none");
    }

    private static URI parse(String endpoint) {
        URI uri;
        try {
            uri = new URI(endpoint);
        } catch (URISyntaxException e) {
            throw new TelemetryException(wrong(endpoint), e);
        }
        if (uri.getScheme() == null
                || !List.of("http", "https", "grpc", "grpcs")
                        .contains(uri.getScheme().toLowerCase(Locale.ROOT))
                || uri.getHost() == null) {
            throw new TelemetryException(wrong(endpoint));
        }
        return uri;
    }

    private static String wrong(String endpoint) {
        return "--otlp '%s' is no address such as http://localhost:4318".formatted(endpoint);
    }
}
