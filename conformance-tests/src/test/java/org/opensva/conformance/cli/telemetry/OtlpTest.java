package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Backend;

import picocli.CommandLine;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.zip.GZIPInputStream;

/** What leaves the process, as those read it who wrote OTLP. */
class OtlpTest {

    /** A receiver of OTLP over HTTP that keeps what it gets. */
    private static final class Receiver implements AutoCloseable {

        private final List<Span> spans = new CopyOnWriteArrayList<>();
        private final List<String> metrics = new CopyOnWriteArrayList<>();
        private final List<LogRecord> logs = new CopyOnWriteArrayList<>();
        private final HttpServer server;

        Receiver() throws IOException {
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            take(
                    "/v1/traces",
                    body ->
                            ExportTraceServiceRequest.parseFrom(body)
                                    .getResourceSpansList()
                                    .stream()
                                    .flatMap(r -> r.getScopeSpansList().stream())
                                    .flatMap(s -> s.getSpansList().stream())
                                    .forEach(spans::add));
            take(
                    "/v1/metrics",
                    body ->
                            ExportMetricsServiceRequest.parseFrom(body)
                                    .getResourceMetricsList()
                                    .stream()
                                    .flatMap(r -> r.getScopeMetricsList().stream())
                                    .filter(s -> s.getScope().getName().equals("org.opensva"))
                                    .flatMap(s -> s.getMetricsList().stream())
                                    .forEach(m -> metrics.add(m.getName())));
            take(
                    "/v1/logs",
                    body ->
                            ExportLogsServiceRequest.parseFrom(body).getResourceLogsList().stream()
                                    .flatMap(r -> r.getScopeLogsList().stream())
                                    .flatMap(s -> s.getLogRecordsList().stream())
                                    .forEach(logs::add));
            server.start();
        }

        private interface Decoder {
            void take(InputStream body) throws IOException;
        }

        private void take(String path, Decoder decoder) {
            server.createContext(
                    path,
                    exchange -> {
                        try (exchange) {
                            InputStream body = exchange.getRequestBody();
                            boolean zipped =
                                    "gzip"
                                            .equals(
                                                    exchange.getRequestHeaders()
                                                            .getFirst("Content-Encoding"));
                            decoder.take(zipped ? new GZIPInputStream(body) : body);
                            exchange.sendResponseHeaders(200, -1);
                        }
                    });
        }

        List<String> events() {
            return logs.stream().map(LogRecord::getEventName).sorted().toList();
        }

        String address() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        Span named(String name) {
            List<Span> all = spans.stream().filter(s -> s.getName().equals(name)).toList();
            assertEquals(1, all.size(), name + " in " + spans.stream().map(Span::getName).toList());
            return all.getFirst();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    private static TelemetryOptions options(String... args) {
        return CommandLine.populateCommand(new TelemetryOptions(), args);
    }

    private static Map<String, String> attributes(Span span) {
        Map<String, String> all = new HashMap<>();
        for (KeyValue pair : span.getAttributesList()) {
            all.put(
                    pair.getKey(),
                    pair.getValue().hasIntValue()
                            ? Long.toString(pair.getValue().getIntValue())
                            : pair.getValue().getStringValue());
        }
        return all;
    }

    @Test
    void oneTraceTellsOfAJobThatPageFaultedAndOfAnUnmapping() throws IOException {
        List<String> complaints = new ArrayList<>();
        try (Receiver receiver = new Receiver()) {
            try (Telemetry told =
                    options("--otlp", receiver.address()).open(Map.of(), complaints::add)) {
                Journey journey = new Journey(told.api());
                try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                    journey.faultAndUnmap(backend);
                }
            }
            assertEquals(List.of(), complaints);
            Span host = receiver.named(Journey.HOST);
            Span job = receiver.named("uacce.job");
            Span engine = receiver.named("uacce.execute");
            Span request = receiver.named("iommu.page_request");
            Span unmap =
                    children(receiver, host.getSpanId()).stream()
                            .filter(s -> s.getName().equals("mm.unmap"))
                            .findFirst()
                            .orElseThrow();
            Span invalidate =
                    receiver.spans.stream()
                            .filter(s -> s.getParentSpanId().equals(unmap.getSpanId()))
                            .findFirst()
                            .orElseThrow();
            for (Span span : List.of(job, engine, request, unmap, invalidate)) {
                assertEquals(host.getTraceId(), span.getTraceId(), span.getName());
            }
            assertEquals(host.getSpanId(), job.getParentSpanId());
            assertEquals(job.getSpanId(), engine.getParentSpanId());
            assertEquals(engine.getSpanId(), request.getParentSpanId());
            assertEquals(
                    List.of(request.getSpanId()),
                    job.getLinksList().stream().map(Span.Link::getSpanId).toList());
            assertEquals(
                    List.of(job.getSpanId()),
                    request.getLinksList().stream().map(Span.Link::getSpanId).toList());
            assertEquals("SUCCESS", attributes(request).get("sva.status"));
            assertEquals(
                    attributes(unmap).get("sva.address"), attributes(request).get("sva.address"));
            assertEquals("sva.invalidate", invalidate.getName());
            assertPhases(receiver, invalidate);
            assertTrue(job.getStartTimeUnixNano() <= request.getStartTimeUnixNano());
            assertTrue(receiver.metrics.contains("iommu.translations"), "metrics came");
            assertTrue(receiver.metrics.contains("uacce.jobs"), "metrics came");
        }
    }

    /** IOTLB, then ATC, each with its wait. */
    private static void assertPhases(Receiver receiver, Span invalidate) {
        List<Span> phases = children(receiver, invalidate.getSpanId());
        assertEquals(
                List.of("sva.invalidate.iotlb", "sva.invalidate.atc"),
                phases.stream().map(Span::getName).toList());
        assertTrue(
                phases.getFirst().getEndTimeUnixNano() <= phases.getLast().getStartTimeUnixNano());
        for (Span phase : phases) {
            assertEquals(
                    List.of("sva.invalidate.sync"),
                    children(receiver, phase.getSpanId()).stream().map(Span::getName).toList());
        }
        assertEquals("atc.invalidate", phases.getLast().getEvents(0).getName());
    }

    private static List<Span> children(Receiver receiver, ByteString parent) {
        return receiver.spans.stream()
                .filter(s -> s.getParentSpanId().equals(parent))
                .sorted((a, b) -> Long.compare(a.getStartTimeUnixNano(), b.getStartTimeUnixNano()))
                .toList();
    }

    @Test
    void aFaultIsALogEventAndEverythingIsInTheFileToo(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("told.jsonl");
        try (Receiver receiver = new Receiver()) {
            try (Telemetry told =
                    options("--otlp", receiver.address(), "--telemetry", "file:" + file)
                            .open(Map.of(), line -> {})) {
                Journey journey = new Journey(told.api());
                try (Backend backend = journey.open("emulated:vtd", Map.of())) {
                    journey.everything(backend);
                }
            }
            assertTrue(
                    receiver.events().contains("uacce.queue.error"), receiver.events().toString());
            List<String> spans = new ArrayList<>();
            List<String> metrics = new ArrayList<>();
            List<String> logs = new ArrayList<>();
            JsonMapper json = JsonMapper.builder().build();
            for (String line : Files.readAllLines(file)) {
                JsonNode batch = json.readTree(line);
                collect(batch, "resourceSpans", "scopeSpans", "spans", "spanId", spans);
                collect(batch, "resourceMetrics", "scopeMetrics", "metrics", "name", metrics);
                collect(batch, "resourceLogs", "scopeLogs", "logRecords", "eventName", logs);
            }
            assertEquals(
                    receiver.spans.stream().map(s -> hex(s.getSpanId())).sorted().toList(),
                    spans.stream().sorted().toList());
            assertEquals(receiver.events(), logs.stream().sorted().toList());
            assertTrue(metrics.containsAll(receiver.metrics), metrics.toString());
        }
    }

    private void assertOfTheHostsTrace(
            String variant, String event, BiConsumer<Journey, Backend> trip) throws IOException {
        try (Receiver receiver = new Receiver()) {
            try (Telemetry told =
                    options("--otlp", receiver.address()).open(Map.of(), line -> {})) {
                Journey journey = new Journey(told.api());
                try (Backend backend = journey.open(variant, Map.of())) {
                    trip.accept(journey, backend);
                }
            }
            Span host = receiver.named(Journey.HOST);
            List<LogRecord> all =
                    receiver.logs.stream().filter(l -> l.getEventName().equals(event)).toList();
            assertEquals(1, all.size(), variant + " " + receiver.events());
            assertEquals(hex(host.getTraceId()), hex(all.getFirst().getTraceId()), variant);
            assertTrue(
                    receiver.spans.stream()
                            .anyMatch(s -> s.getSpanId().equals(all.getFirst().getSpanId())),
                    "it names a span of that trace");
        }
    }

    @Test
    void aDeviceThatIsCutOffIsALogEventOfTheUnmappingThatItWouldNotObey() throws IOException {
        for (String variant : List.of("emulated:smmuv3", "emulated:vtd")) {
            assertOfTheHostsTrace(variant, "iommu.device.isolated", Journey::silence);
        }
    }

    @Test
    void aFaultThatNobodyServesIsALogEventOfTheJobThatTookIt() throws IOException {
        for (String variant : List.of("emulated:smmuv3-noats")) {
            assertOfTheHostsTrace(variant, "iommu.fault", Journey::unserved);
        }
    }

    private static void collect(
            JsonNode batch,
            String resources,
            String scopes,
            String items,
            String field,
            List<String> into) {
        for (JsonNode resource : batch.path(resources)) {
            for (JsonNode scope : resource.path(scopes)) {
                for (JsonNode item : scope.path(items)) {
                    into.add(item.path(field).asString());
                }
            }
        }
    }

    private static String hex(ByteString id) {
        StringBuilder text = new StringBuilder();
        for (byte b : id.toByteArray()) {
            text.append("%02x".formatted(b));
        }
        return text.toString();
    }

    @Test
    void anEndpointThatRefusesIsOneWarningAndNothingElse() throws IOException {
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
        }
        for (String endpoint : List.of("http://127.0.0.1:" + port, "grpc://127.0.0.1:" + port)) {
            List<String> complaints = new CopyOnWriteArrayList<>();
            try (Telemetry told = options("--otlp", endpoint).open(Map.of(), complaints::add)) {
                Journey journey = new Journey(told.api());
                try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                    journey.faultAndUnmap(backend);
                }
            }
            assertEquals(1, complaints.size(), complaints.toString());
            assertTrue(complaints.getFirst().startsWith("warning: telemetry: "));
        }
    }

    @Test
    void nothingIsStartedWhenNobodyAsks() {
        assertEquals(Telemetry.off(), options().open(Map.of("PATH", "/bin"), line -> {}));
        assertEquals(
                Telemetry.off(),
                options().open(Map.of("OTEL_TRACES_EXPORTER", "none"), line -> {}));
    }
}
