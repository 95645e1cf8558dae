package org.opensva.conformance.cli.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page that Prometheus scrapes: counters are read when it is asked for. */
final class PrometheusPage implements MetricReader {

    private static final Pattern ADDRESS =
            Pattern.compile("(?:(?<host>\\[[0-9a-fA-F:.%]+]|[^:\\[\\]]+):)?(?<port>[0-9]{1,5})");
    private static final int MAX_PORT = 65_535;
    private static final String PATH = "/metrics";

    private final HttpServer server;
    private final ExecutorService worker;
    private volatile CollectionRegistration source = CollectionRegistration.noop();

    private PrometheusPage(HttpServer server) {
        this.server = server;
        worker =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("opensva-prometheus").factory());
        server.setExecutor(worker);
        server.createContext(PATH, this::answer);
    }

    /**
     * Begins to listen.
     *
     * @param address {@code PORT}, {@code HOST:PORT} or {@code [ADDRESS]:PORT}; port 0 for any free
     *     one, without a host on the loopback address only
     */
    static PrometheusPage open(String address) {
        Matcher parts = ADDRESS.matcher(address);
        if (!parts.matches() || Integer.parseInt(parts.group("port")) > MAX_PORT) {
            throw new TelemetryException(
                    "'prometheus:%s': an address is [HOST:]PORT, as in prometheus:9464"
                            .formatted(address));
        }
        try {
            String host = parts.group("host");
            InetAddress where =
                    host == null
                            ? InetAddress.getLoopbackAddress()
                            : InetAddress.getByName(host.replaceAll("[\\[\\]]", ""));
            HttpServer server =
                    HttpServer.create(
                            new InetSocketAddress(where, Integer.parseInt(parts.group("port"))), 0);
            PrometheusPage page = new PrometheusPage(server);
            server.start();
            return page;
        } catch (UnknownHostException e) {
            throw new TelemetryException(
                    "'prometheus:%s': there is no host of this name".formatted(address), e);
        } catch (IOException e) {
            throw new TelemetryException(
                    "'prometheus:%s': %s".formatted(address, e.getMessage()), e);
        }
    }

    /** Where the page is. */
    String address() {
        InetSocketAddress at = server.getAddress();
        String host = at.getAddress().getHostAddress();
        return "http://%s:%d%s"
                .formatted(host.contains(":") ? "[" + host + "]" : host, at.getPort(), PATH);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestURI().getPath().equals(PATH)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            byte[] page =
                    PrometheusText.of(source.collectAllMetrics()).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", PrometheusText.CONTENT_TYPE);
            exchange.sendResponseHeaders(200, page.length);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(page);
            }
        }
    }

    @Override
    public void register(CollectionRegistration registration) {
        source = registration;
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        server.stop(0);
        worker.shutdownNow();
        return CompletableResultCode.ofSuccess();
    }
}
