package org.opensva.conformance.suite.bench;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.ContextPropagators;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.SvaTelemetry;

import java.util.concurrent.TimeUnit;

/**
 * What a backend is opened with, so that the pictures of failures are drawn from the spans that it
 * emits: they go where they would go anyway, and to the recorder of the test that runs.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SpanFeed implements OpenTelemetry {

    private final OpenTelemetry telemetry;
    private volatile @Nullable Audience audience;

    /**
     * Creates a feed that nobody listens to.
     *
     * @param telemetry where spans, metrics and log events go
     */
    public SpanFeed(OpenTelemetry telemetry) {
        this.telemetry = telemetry;
    }

    /** Who hears of spans. */
    interface Audience {

        /** A span has begun; what is given back hears of the rest. */
        Seen began(String name);
    }

    /** A span that somebody looks at. */
    interface Seen {

        /** It has an attribute. */
        void attribute(String key, Object value);

        /** It has ended. */
        void ended();
    }

    /** From now on spans that begin are told to somebody, or to nobody. */
    void tell(@Nullable Audience next) {
        audience = next;
    }

    @Override
    public TracerProvider getTracerProvider() {
        TracerProvider provider = telemetry.getTracerProvider();
        return new TracerProvider() {
            @Override
            public Tracer get(String scope) {
                return tracer(scope, provider.get(scope));
            }

            @Override
            public Tracer get(String scope, String version) {
                return tracer(scope, provider.get(scope, version));
            }
        };
    }

    /**
     * What others tell of (a host application, a plugin's own scope) is no business of pictures.
     */
    private Tracer tracer(String scope, Tracer tracer) {
        return scope.equals(SvaTelemetry.SCOPE)
                ? name -> new Builder(tracer.spanBuilder(name), name)
                : tracer;
    }

    @Override
    public MeterProvider getMeterProvider() {
        return telemetry.getMeterProvider();
    }

    @Override
    public LoggerProvider getLogsBridge() {
        return telemetry.getLogsBridge();
    }

    @Override
    public ContextPropagators getPropagators() {
        return telemetry.getPropagators();
    }

    private final class Builder implements SpanBuilder {

        private final SpanBuilder builder;
        private final @Nullable Seen seen;

        Builder(SpanBuilder builder, String name) {
            this.builder = builder;
            Audience now = audience;
            seen = now == null ? null : now.began(name);
        }

        @Override
        public SpanBuilder setParent(Context parent) {
            builder.setParent(parent);
            return this;
        }

        @Override
        public SpanBuilder setNoParent() {
            builder.setNoParent();
            return this;
        }

        @Override
        public SpanBuilder addLink(SpanContext other) {
            builder.addLink(other);
            return this;
        }

        @Override
        public SpanBuilder addLink(SpanContext other, Attributes attributes) {
            builder.addLink(other, attributes);
            return this;
        }

        private void see(String key, @Nullable Object value) {
            if (seen != null && value != null) {
                seen.attribute(key, value);
            }
        }

        @Override
        public SpanBuilder setAttribute(String key, @Nullable String value) {
            builder.setAttribute(key, value);
            see(key, value);
            return this;
        }

        @Override
        public SpanBuilder setAttribute(String key, long value) {
            builder.setAttribute(key, value);
            see(key, value);
            return this;
        }

        @Override
        public SpanBuilder setAttribute(String key, double value) {
            builder.setAttribute(key, value);
            see(key, value);
            return this;
        }

        @Override
        public SpanBuilder setAttribute(String key, boolean value) {
            builder.setAttribute(key, value);
            see(key, value);
            return this;
        }

        @Override
        public <T> SpanBuilder setAttribute(AttributeKey<T> key, @Nullable T value) {
            builder.setAttribute(key, value);
            see(key.getKey(), value);
            return this;
        }

        @Override
        public SpanBuilder setSpanKind(SpanKind kind) {
            builder.setSpanKind(kind);
            return this;
        }

        @Override
        public SpanBuilder setStartTimestamp(long timestamp, TimeUnit unit) {
            builder.setStartTimestamp(timestamp, unit);
            return this;
        }

        @Override
        public Span startSpan() {
            Span span = builder.startSpan();
            return seen == null ? span : new Watched(span, seen);
        }
    }

    /** A span that is recorded here, whatever becomes of it elsewhere. */
    private record Watched(Span span, Seen seen) implements Span {

        @Override
        public <T> Span setAttribute(AttributeKey<T> key, @Nullable T value) {
            span.setAttribute(key, value);
            if (value != null) {
                seen.attribute(key.getKey(), value);
            }
            return this;
        }

        @Override
        public Span addEvent(String name, Attributes attributes) {
            span.addEvent(name, attributes);
            return this;
        }

        @Override
        public Span addEvent(String name, Attributes attributes, long timestamp, TimeUnit unit) {
            span.addEvent(name, attributes, timestamp, unit);
            return this;
        }

        @Override
        public Span addLink(SpanContext other, Attributes attributes) {
            span.addLink(other, attributes);
            return this;
        }

        @Override
        public Span setStatus(StatusCode status, String description) {
            span.setStatus(status, description);
            return this;
        }

        @Override
        public Span recordException(Throwable exception, Attributes attributes) {
            span.recordException(exception, attributes);
            return this;
        }

        @Override
        public Span updateName(String name) {
            span.updateName(name);
            return this;
        }

        @Override
        public void end() {
            seen.ended();
            span.end();
        }

        @Override
        public void end(long timestamp, TimeUnit unit) {
            seen.ended();
            span.end(timestamp, unit);
        }

        @Override
        public SpanContext getSpanContext() {
            return span.getSpanContext();
        }

        @Override
        public boolean isRecording() {
            return true;
        }
    }
}
