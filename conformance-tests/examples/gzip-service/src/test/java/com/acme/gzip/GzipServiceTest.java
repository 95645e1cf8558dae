package com.acme.gzip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** Uploads, and the traces that they leave. */
class GzipServiceTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String CALLER = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLERS_SPAN = "00f067aa0ba902b7";
    private static final long MOST = 4 << 20;

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final List<String> printed = new CopyOnWriteArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private OpenTelemetrySdk telemetry;
    private GzipService service;

    @BeforeEach
    void start() throws IOException {
        telemetry =
                OpenTelemetrySdk.builder()
                        .setTracerProvider(
                                SdkTracerProvider.builder()
                                        // In this order: what has come to the spans is printed.
                                        .addSpanProcessor(new TracePrinter(printed::add))
                                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                        .build())
                        .setMeterProvider(
                                SdkMeterProvider.builder().registerMetricReader(metrics).build())
                        .setPropagators(
                                ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                        .build();
        service = GzipService.start(Settings.parse("--port", "0").withMost(MOST), telemetry);
    }

    @AfterEach
    void stop() {
        service.close();
        telemetry.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(service.address().resolve(path)).timeout(SOON);
    }

    private HttpResponse<byte[]> send(HttpRequest request) throws Exception {
        return http.send(request, BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> upload(byte[] data, String... headers) throws Exception {
        HttpRequest.Builder request = request("gzip").POST(BodyPublishers.ofByteArray(data));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    private static byte[] text(int length) {
        byte[] text = new byte[length];
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(6));
        }
        return text;
    }

    private static byte[] unzip(byte[] zipped) throws IOException {
        return new GZIPInputStream(new ByteArrayInputStream(zipped)).readAllBytes();
    }

    private SpanData server(String trace) {
        return servers(trace, 1).getFirst();
    }

    private List<SpanData> servers(int count) {
        return servers(".*", count);
    }

    /** The span of a request ends after the last byte of its answer. */
    private List<SpanData> servers(String trace, int count) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (true) {
            List<SpanData> all =
                    spans.getFinishedSpanItems().stream()
                            .filter(span -> span.getKind() == SpanKind.SERVER)
                            .filter(span -> span.getTraceId().matches(trace))
                            .toList();
            if (all.size() >= count) {
                return all;
            }
            assertTrue(System.nanoTime() < deadline, "every request's span ends");
            Thread.onSpinWait();
        }
    }

    private List<SpanData> below(SpanData parent, String name) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
                .filter(span -> span.getName().equals(name))
                .toList();
    }

    private static <T> T attribute(SpanData span, AttributeKey<T> key) {
        return span.getAttributes().get(key);
    }

    @Test
    void oneTraceLeadsFromTheCallersSpanToThePageFaultOfTheDevice() throws Exception {
        byte[] data = text(50_000);
        HttpResponse<byte[]> answer =
                upload(data, "traceparent", "00-" + CALLER + "-" + CALLERS_SPAN + "-01");
        assertEquals(200, answer.statusCode());
        assertArrayEquals(data, unzip(answer.body()));

        SpanData server = server(CALLER);
        assertEquals("POST /gzip", server.getName());
        assertEquals(CALLERS_SPAN, server.getParentSpanId());
        assertTrue(server.getParentSpanContext().isRemote());
        assertEquals("POST", attribute(server, AttributeKey.stringKey("http.request.method")));
        assertEquals(200L, attribute(server, AttributeKey.longKey("http.response.status_code")));
        SpanData job = below(server, "uacce.job").getFirst();
        assertEquals("gzip", attribute(job, AttributeKey.stringKey("uacce.operation")));
        SpanData engine = below(job, "uacce.execute").getFirst();
        List<SpanData> faults = below(engine, "iommu.page_request");
        assertFalse(faults.isEmpty(), "memory that nobody has touched is asked for");
        for (SpanData fault : faults) {
            assertEquals(CALLER, fault.getTraceId());
            assertEquals(job.getSpanId(), fault.getLinks().getFirst().getSpanContext().getSpanId());
        }
        assertTrue(
                printed.getFirst()
                        .matches("(?s)trace " + CALLER + ".*POST.*job.*execute.*page_request.*"),
                printed.toString());
    }

    @Test
    void withoutACallersTraceOrWithADamagedOneEachRequestBeginsItsOwn() throws Exception {
        upload(text(100));
        upload(text(100), "traceparent", "00-" + CALLER + "-zz-01");
        upload(text(100), "traceparent", "00-00000000000000000000000000000000-" + CALLERS_SPAN);
        List<SpanData> roots = servers(3);
        assertEquals(3, roots.stream().map(SpanData::getTraceId).distinct().count());
        for (SpanData root : roots) {
            assertFalse(root.getParentSpanContext().isValid());
            assertEquals(1, below(root, "uacce.job").size());
        }
    }

    @Test
    void aCallerThatDoesNotSampleIsNotTraced() throws Exception {
        assertEquals(
                200,
                upload(text(100), "traceparent", "00-" + CALLER + "-" + CALLERS_SPAN + "-00")
                        .statusCode());
        upload(text(100));
        server("(?!" + CALLER + ").*");
        assertTrue(
                spans.getFinishedSpanItems().stream()
                        .noneMatch(span -> span.getTraceId().equals(CALLER)));
    }

    @Test
    void uploadsAtOnceHaveTheirJobsInTheirOwnTraces() throws Exception {
        List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
        // Two blocks and a bit: three jobs each.
        byte[] data = text(600_000);
        for (int i = 1; i <= 8; i++) {
            String trace = "%032x".formatted(i);
            answers.add(
                    http.sendAsync(
                            request("gzip")
                                    .header("traceparent", "00-" + trace + "-00000000000000aa-01")
                                    .POST(BodyPublishers.ofByteArray(data))
                                    .build(),
                            BodyHandlers.ofByteArray()));
        }
        for (CompletableFuture<HttpResponse<byte[]>> answer : answers) {
            assertArrayEquals(data, unzip(answer.join().body()));
        }
        for (int i = 1; i <= 8; i++) {
            SpanData server = server("%032x".formatted(i));
            assertEquals(3, below(server, "uacce.job").size());
        }
    }

    @Test
    void whatIsNotAnUploadIsRefusedAndCounted() throws Exception {
        assertEquals(405, send(request("gzip").GET().build()).statusCode());
        assertEquals(404, send(request("gzipper").GET().build()).statusCode());
        assertEquals(404, send(request("").GET().build()).statusCode());
        assertEquals(
                404,
                send(request("").method("BREW", BodyPublishers.noBody()).build()).statusCode());
        assertEquals(413, upload(new byte[(int) MOST + 1]).statusCode());
        List<SpanData> requests = servers(5);
        for (SpanData span : requests) {
            // A wrong request is no error of the server.
            assertEquals(StatusCode.UNSET, span.getStatus().getStatusCode(), span.getName());
        }
        assertEquals(
                List.of("GET", "GET", "GET /gzip", "HTTP", "POST /gzip"),
                requests.stream().map(SpanData::getName).sorted().toList());
        MetricData durations =
                metrics.collectAllMetrics().stream()
                        .filter(metric -> metric.getName().equals("http.server.request.duration"))
                        .findFirst()
                        .orElseThrow();
        assertEquals(
                "404 404 405 413",
                durations.getHistogramData().getPoints().stream()
                        .map(point ->
                                point.getAttributes()
                                        .get(AttributeKey.longKey("http.response.status_code")))
                        .sorted()
                        .map(String::valueOf)
                        .collect(Collectors.joining(" ")));
    }

    @Test
    void anEmptyUploadIsAGzipFileToo() throws Exception {
        assertEquals(0, unzip(upload(new byte[0]).body()).length);
    }

    @Test
    void aServiceWhoseDeviceHasGoneSaysSoAndItsSpanIsAnError() throws Exception {
        service.accelerators().forEach(device -> device.remove());
        HttpResponse<byte[]> answer = upload(text(1000));
        assertEquals(503, answer.statusCode());
        SpanData server = server(".*");
        assertEquals(StatusCode.ERROR, server.getStatus().getStatusCode());
        assertEquals("503", attribute(server, AttributeKey.stringKey("error.type")));
    }

    @Test
    void wrongArgumentsAreOneLine() {
        for (String[] wrong :
                new String[][] {{"--port"}, {"--port", "x"}, {"--port", "65536"}, {"-x"}}) {
            String line =
                    assertThrows(IllegalArgumentException.class, () -> Settings.parse(wrong))
                            .getMessage();
            assertFalse(line.contains("\n"), line);
        }
        assertEquals(9000, Settings.parse("--print", "--port", "9000").port());
    }

    @Test
    void aPortThatIsTakenIsSaid() {
        URI taken = service.address();
        assertThrows(
                IOException.class,
                () ->
                        GzipService.start(
                                        Settings.parse("--port", String.valueOf(taken.getPort())),
                                        telemetry)
                                .close());
    }
}
