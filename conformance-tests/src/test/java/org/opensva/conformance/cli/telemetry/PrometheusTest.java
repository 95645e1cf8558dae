package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Backend;

import picocli.CommandLine;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The page of metrics, read by hand and by Prometheus itself. */
class PrometheusTest {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Pattern PAGE = Pattern.compile("metrics are at (http://[^\\s]+)\\s");

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<String> said = new ArrayList<>();

    private Telemetry page() {
        return CommandLine.populateCommand(
                        new TelemetryOptions(), "--telemetry", "prometheus:127.0.0.1:0")
                .open(Map.of(), said::add);
    }

    /** Where it said that the page is. */
    private URI address() {
        return URI.create(said.getFirst().substring("metrics are at ".length()));
    }

    private HttpResponse<String> get(URI from) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(from).timeout(SOON).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void thePageHasNamesUnitsAndBucketsAsPrometheusWantsThem() throws Exception {
        try (Telemetry told = page()) {
            Journey journey = new Journey(told.api());
            try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                journey.faultAndUnmap(backend);
                HttpResponse<String> page = get(address());
                assertEquals(200, page.statusCode());
                List<String> lines = page.body().lines().toList();
                assertTrue(lines.contains("# TYPE iommu_translations_total counter"), page.body());
                assertTrue(
                        lines.stream()
                                .anyMatch(line ->
                                        line.matches(
                                                "uacce_jobs_total\\{.*uacce_operation=\"crc32c\".*}"
                                                        + " 1")),
                        page.body());
                assertTrue(
                        lines.stream()
                                .anyMatch(line ->
                                        line.matches(
                                                "uacce_job_duration_seconds_bucket\\{.*le=\"\\+Inf\"}"
                                                    + " 1")),
                        page.body());
                assertTrue(lines.contains("# TYPE iommu_dma_io_bytes_total counter"));
                assertTrue(lines.contains("# TYPE sva_pasids gauge"));
                assertEquals(404, get(address().resolve("/metrics/more")).statusCode());
            }
        }
    }

    /** Debian's package, which the CI installs. */
    private static Optional<Path> program() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, "prometheus"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The command line in a JVM of its own, as users run it. */
    private static Process soak(Path folder) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.opensva.conformance.cli.Main",
                        "soak",
                        "--minutes=10",
                        "--steps=40",
                        "--telemetry=prometheus:127.0.0.1:0",
                        "--telemetry=file:" + folder.resolve("told.jsonl"))
                .redirectOutput(folder.resolve("soak.out").toFile())
                .redirectError(folder.resolve("soak.err").toFile())
                .start();
    }

    /** Waits for the line that says where the page is. */
    private static URI page(Process soak, Path said) throws IOException {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (true) {
            String text = Files.readString(said);
            Matcher line = PAGE.matcher(text);
            if (line.find()) {
                return URI.create(line.group(1));
            }
            assertTrue(soak.isAlive() && System.nanoTime() < deadline, text);
            Thread.onSpinWait();
        }
    }

    @Test
    void prometheusScrapesARunningSoakAndSeesItsCountersRise(@TempDir Path folder)
            throws Exception {
        Optional<Path> program = program();
        assumeTrue(program.isPresent(), "prometheus is not installed");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process soak = soak(folder);
        try {
            URI page = page(soak, folder.resolve("soak.err"));
            Path config = folder.resolve("prometheus.yml");
            Files.writeString(
                    config,
                    """
                    global:
                      scrape_interval: 200ms
                    scrape_configs:
                      - job_name: opensva
                        static_configs:
                          - targets: ['%s:%d']
                    """
                            .formatted(page.getHost(), page.getPort()));
            Process prometheus =
                    new ProcessBuilder(
                                    program.get().toString(),
                                    "--config.file=" + config,
                                    "--storage.tsdb.path=" + folder.resolve("data"),
                                    "--web.listen-address=127.0.0.1:" + port)
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("prometheus.log").toFile())
                            .start();
            try {
                for (String counter :
                        List.of(
                                "uacce_jobs_total",
                                "iommu_translations_total",
                                "iommu_page_requests_total",
                                "sva_invalidations_total")) {
                    assertRises(port, "sum(" + counter + ")", prometheus, soak, folder);
                }
                assertEquals(1, query(port, "up{job=\"opensva\"}"));
                // Machines come and go in a soak: no counter has ever fallen back.
                assertEquals(0, query(port, "sum(resets(uacce_jobs_total[10m]))"));
            } finally {
                end(prometheus);
            }
        } finally {
            end(soak);
        }
        // It was interrupted; what it had counted and done is in the file nevertheless.
        String told = Files.readString(folder.resolve("told.jsonl"));
        assertTrue(told.contains("\"uacce.jobs\"") && told.contains("\"mm.unmap\""), "flushed");
        assertTrue(told.endsWith("\n"), "the last line is whole");
    }

    private void assertRises(int port, String query, Process prometheus, Process soak, Path folder)
            throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        long first = -1;
        while (true) {
            long seen = query(port, query);
            if (first <= 0) {
                first = seen;
            } else if (seen > first) {
                return;
            }
            if (!prometheus.isAlive() || !soak.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError(
                        "%s is %d%n%s%n%s%n%s"
                                .formatted(
                                        query,
                                        seen,
                                        Files.readString(folder.resolve("prometheus.log")),
                                        Files.readString(folder.resolve("soak.err")),
                                        Files.readString(folder.resolve("soak.out"))));
            }
            Thread.onSpinWait();
        }
    }

    /** Asks it to end, as a terminal or a service manager does. */
    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }

    /** The value of an instant query, or -1 while there is none. */
    private long query(int port, String query) throws InterruptedException {
        try {
            HttpResponse<String> answer =
                    get(
                            URI.create(
                                    "http://127.0.0.1:%d/api/v1/query?query=%s"
                                            .formatted(
                                                    port,
                                                    URLEncoder.encode(
                                                            query, StandardCharsets.UTF_8))));
            if (answer.statusCode() != 200) {
                return -1;
            }
            JsonNode result =
                    JsonMapper.builder()
                            .build()
                            .readTree(answer.body())
                            .at("/data/result/0/value/1");
            return result.isMissingNode() ? -1 : Long.parseLong(result.asString());
        } catch (IOException e) {
            // It has not begun to listen.
            return -1;
        }
    }
}
