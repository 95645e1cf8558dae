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
import java.util.stream.Stream;

/** The page of metrics, read by hand and by Prometheus itself. */
class PrometheusTest {

    private static final Duration SOON = Duration.ofSeconds(60);

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

    @Test
    void prometheusScrapesARunAndSeesItsCountersRise(@TempDir Path folder) throws Exception {
        Optional<Path> program = program();
        assumeTrue(program.isPresent(), "prometheus is not installed");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (Telemetry told = page()) {
            URI page = address();
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
            Journey journey = new Journey(told.api());
            Process prometheus =
                    new ProcessBuilder(
                                    program.get().toString(),
                                    "--config.file=" + config,
                                    "--storage.tsdb.path=" + folder.resolve("data"),
                                    "--web.listen-address=127.0.0.1:" + port)
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("prometheus.log").toFile())
                            .start();
            try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                long first = 0;
                long deadline = System.nanoTime() + SOON.toNanos();
                // Work goes on until what was scraped has risen.
                while (true) {
                    journey.faultAndUnmap(backend);
                    long seen = query(port, "sum(uacce_jobs_total)");
                    if (first == 0) {
                        first = Math.max(seen, 0);
                    } else if (seen > first) {
                        break;
                    }
                    assertTrue(prometheus.isAlive(), "prometheus runs");
                    assertTrue(
                            System.nanoTime() < deadline,
                            Files.readString(folder.resolve("prometheus.log")));
                }
                assertTrue(query(port, "sum(iommu_page_requests_total)") > 0);
                assertTrue(query(port, "sum(iommu_translations_total)") > 0);
                assertEquals(1, query(port, "up{job=\"opensva\"}"));
            } finally {
                prometheus.destroy();
                if (!prometheus.waitFor(10, TimeUnit.SECONDS)) {
                    prometheus.destroyForcibly();
                }
            }
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
