package com.acme.gzip;

import com.sun.net.httpserver.HttpServer;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.PoolConfig;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The service: one process with queues on every accelerator that knows gzip, and an HTTP server.
 * {@code POST /gzip} answers with the compressed body.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class GzipService implements AutoCloseable {

    private static final int GRACE_SECONDS = 1;

    private final Backend backend;
    private final SvaProcess process;
    private final ContextPool pool;
    private final HttpServer server;
    private final ExecutorService requests;

    private GzipService(Settings settings, OpenTelemetry telemetry, HttpServer server) {
        this.server = server;
        // The one place where the layers below hear of telemetry.
        backend =
                BackendCatalog.load(GzipService.class.getClassLoader())
                        .open(settings.backend(), Map.of(), telemetry);
        process = backend.processes().spawn("gzip-service");
        pool =
                ContextPool.open(
                        process,
                        backend.accelerators().stream()
                                .filter(a -> a.info().operations().contains(Operation.GZIP))
                                .toList(),
                        PoolConfig.of("gzip"));
        requests = Executors.newVirtualThreadPerTaskExecutor();
        server.setExecutor(requests);
        server.createContext(
                "/",
                new TracedHandler(
                        telemetry,
                        Set.of(UploadHandler.ROUTE),
                        new UploadHandler(pool, settings.most())));
        server.start();
    }

    /**
     * Starts the service.
     *
     * @param settings what it shall be like
     * @param telemetry where spans and metrics go
     * @return the running service
     * @throws IOException if it cannot listen there
     */
    static GzipService start(Settings settings, OpenTelemetry telemetry) throws IOException {
        HttpServer server =
                HttpServer.create(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.port()),
                        0);
        return new GzipService(settings, telemetry, server);
    }

    /** Where it listens. */
    URI address() {
        return URI.create("http://127.0.0.1:%d/".formatted(server.getAddress().getPort()));
    }

    /** The devices that do the work. */
    List<Accelerator> accelerators() {
        return backend.accelerators();
    }

    /** Lets requests under way end, for a second at most, and takes everything apart. */
    @Override
    public void close() {
        server.stop(GRACE_SECONDS);
        requests.shutdownNow();
        pool.close();
        process.close();
        backend.close();
    }
}
