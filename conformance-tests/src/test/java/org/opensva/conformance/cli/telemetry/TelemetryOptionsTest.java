package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import picocli.CommandLine;

import java.util.Map;

class TelemetryOptionsTest {

    private static TelemetryOptions options(String... args) {
        return CommandLine.populateCommand(new TelemetryOptions(), args);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nowhere",
                "console:x",
                "file:",
                "file:/no/such/folder/x.jsonl",
                "file:\0",
                "prometheus:",
                "prometheus:70000",
                "prometheus:-1",
                "prometheus:no.such.host.invalid:1"
            })
    void aSinkThatMakesNoSenseIsOneLine(String sink) {
        TelemetryException e =
                assertThrows(
                        TelemetryException.class,
                        () -> options("--telemetry", sink).open(Map.of(), line -> {}));
        assertFalse(String.valueOf(e.getMessage()).contains("\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "localhost:4318", "ftp://x", "http://", "http:// x"})
    void anEndpointThatIsNoAddressIsOneLine(String endpoint) {
        assertThrows(
                TelemetryException.class,
                () -> options("--otlp", endpoint).open(Map.of(), line -> {}));
    }

    @Test
    void theProtocolFollowsFromTheAddress() {
        assertEquals("grpc", protocol("http://localhost:4317"));
        assertEquals("grpc", protocol("grpc://localhost:9999"));
        assertEquals("http/protobuf", protocol("http://localhost:4318"));
        assertEquals("http/protobuf", protocol("https://otlp.example/x"));
        assertEquals(
                "https://localhost:1",
                OtlpEndpoint.of("grpcs://localhost:1", Map.of())
                        .properties()
                        .get("otel.exporter.otlp.endpoint"));
    }

    private static String protocol(String endpoint) {
        return OtlpEndpoint.of(endpoint, Map.of())
                .properties()
                .getOrDefault("otel.exporter.otlp.protocol", "");
    }

    @Test
    void theEnvironmentAsksToo() {
        assertTrue(
                OtlpEndpoint.of(null, Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x")).isAsked());
        assertTrue(OtlpEndpoint.of(null, Map.of("OTEL_TRACES_EXPORTER", "otlp")).isAsked());
        assertFalse(
                OtlpEndpoint.of(
                                null,
                                Map.of("OTEL_TRACES_EXPORTER", "otlp", "OTEL_SDK_DISABLED", "true"))
                        .isAsked());
    }

    @Test
    void seriesByPasidAreAnOptionOfTheBackend() {
        assertEquals(
                Map.of("queues", "2", "pasid-series", "8"),
                options("--pasid-series", "8").options(Map.of("queues", "2")));
        assertEquals(Map.of(), options().options(Map.of()));
        assertThrows(
                TelemetryException.class, () -> options("--pasid-series", "-1").options(Map.of()));
    }
}
