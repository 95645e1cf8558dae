package com.acme.gzip;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * A span and a duration for each request, in the words of the semantic conventions for HTTP. The
 * span is the child of the one that the caller names (W3C Trace Context), and current while the
 * request is handled, which is all that the client library of the accelerator needs.
 */
final class TracedHandler implements HttpHandler {

    static final String SCOPE = "com.acme.gzip";

    private static final AttributeKey<String> METHOD =
            AttributeKey.stringKey("http.request.method");
    private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
    private static final AttributeKey<Long> STATUS =
            AttributeKey.longKey("http.response.status_code");
    private static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
    private static final AttributeKey<String> SCHEME = AttributeKey.stringKey("url.scheme");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> VERSION =
            AttributeKey.stringKey("network.protocol.version");
    private static final AttributeKey<String> CLIENT = AttributeKey.stringKey("client.address");
    private static final AttributeKey<String> SERVER = AttributeKey.stringKey("server.address");
    private static final AttributeKey<Long> PORT = AttributeKey.longKey("server.port");

    /** Others would let a caller make as many names of spans and series as it likes. */
    private static final Set<String> KNOWN_METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT");

    private static final List<Double> SECONDS =
            List.of(
                    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
                    10.0);

    private static final int FIRST_SERVER_ERROR = 500;

    private final Tracer tracer;
    private final TextMapPropagator propagator;
    private final DoubleHistogram durations;
    private final Set<String> routes;
    private final HttpHandler handler;

    /**
     * Wraps a handler.
     *
     * @param telemetry where spans and metrics go
     * @param routes the paths that there are; spans and series of others do not name theirs
     * @param handler does the work
     */
    TracedHandler(OpenTelemetry telemetry, Set<String> routes, HttpHandler handler) {
        tracer = telemetry.getTracer(SCOPE);
        propagator = telemetry.getPropagators().getTextMapPropagator();
        durations =
                telemetry
                        .getMeter(SCOPE)
                        .histogramBuilder("http.server.request.duration")
                        .setUnit("s")
                        .setDescription("Duration of HTTP server requests")
                        .setExplicitBucketBoundariesAdvice(SECONDS)
                        .build();
        this.routes = routes;
        this.handler = handler;
    }

    private static final TextMapGetter<Headers> HEADERS =
            new TextMapGetter<>() {
                @Override
                public @Nullable String get(@Nullable Headers headers, String name) {
                    return headers == null ? null : headers.getFirst(name);
                }
            };

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        long began = System.nanoTime();
        String method =
                KNOWN_METHODS.contains(exchange.getRequestMethod())
                        ? exchange.getRequestMethod()
                        : "_OTHER";
        Span span = start(exchange, method);
        String error = null;
        try (Scope _ = span.makeCurrent()) {
            handler.handle(exchange);
            if (exchange.getResponseCode() >= FIRST_SERVER_ERROR) {
                error = String.valueOf(exchange.getResponseCode());
            }
        } catch (IOException | RuntimeException e) {
            // Thrown on: the server then cuts the connection, and nobody takes half for all.
            error = e.getClass().getName();
            span.recordException(e);
            throw e;
        } finally {
            if (exchange.getResponseCode() > 0) {
                span.setAttribute(STATUS, (long) exchange.getResponseCode());
            }
            if (error != null) {
                span.setAttribute(ERROR, error);
                span.setStatus(StatusCode.ERROR);
            }
            durations.record(
                    (System.nanoTime() - began) * 1e-9, attributes(exchange, method, error));
            span.end();
        }
    }

    private Span start(HttpExchange exchange, String method) {
        String verb = method.equals("_OTHER") ? "HTTP" : method;
        String path = exchange.getRequestURI().getPath();
        return tracer.spanBuilder(routes.contains(path) ? verb + " " + path : verb)
                .setParent(
                        propagator.extract(Context.root(), exchange.getRequestHeaders(), HEADERS))
                .setSpanKind(SpanKind.SERVER)
                .setAllAttributes(attributes(exchange, method, null))
                .setAttribute(PATH, path)
                .setAttribute(CLIENT, exchange.getRemoteAddress().getAddress().getHostAddress())
                .setAttribute(SERVER, exchange.getLocalAddress().getAddress().getHostAddress())
                .setAttribute(PORT, (long) exchange.getLocalAddress().getPort())
                .startSpan();
    }

    /** What spans and metrics have in common. */
    private Attributes attributes(HttpExchange exchange, String method, @Nullable String error) {
        AttributesBuilder all =
                Attributes.builder()
                        .put(METHOD, method)
                        .put(SCHEME, "http")
                        .put(VERSION, exchange.getProtocol().replaceFirst("^HTTP/", ""));
        String path = exchange.getRequestURI().getPath();
        if (routes.contains(path)) {
            all.put(ROUTE, path);
        }
        if (exchange.getResponseCode() > 0) {
            all.put(STATUS, (long) exchange.getResponseCode());
        }
        if (error != null) {
            all.put(ERROR, error);
        }
        return all.build();
    }
}
