package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;

import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** Gives a sink to the SDK as its three exporters, which take turns at it. */
final class SinkExporter implements AutoCloseable {

    private interface Delivery {
        void run() throws IOException;
    }

    private final Sink sink;
    private final Consumer<String> complain;
    private final ReentrantLock turn = new ReentrantLock();
    private boolean closed;

    SinkExporter(Sink sink, Consumer<String> complain) {
        this.sink = sink;
        this.complain = complain;
    }

    private CompletableResultCode deliver(Delivery delivery) {
        turn.lock();
        try {
            if (closed) {
                return CompletableResultCode.ofFailure();
            }
            delivery.run();
            return CompletableResultCode.ofSuccess();
        } catch (IOException e) {
            complain.accept("cannot be written: " + e.getMessage());
            return CompletableResultCode.ofFailure();
        } finally {
            turn.unlock();
        }
    }

    SpanExporter spans() {
        return new SpanExporter() {
            @Override
            public CompletableResultCode export(Collection<SpanData> spans) {
                return deliver(() -> sink.spans(spans));
            }

            @Override
            public CompletableResultCode flush() {
                return CompletableResultCode.ofSuccess();
            }

            @Override
            public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
            }
        };
    }

    MetricExporter metrics() {
        return new MetricExporter() {
            @Override
            public AggregationTemporality getAggregationTemporality(InstrumentType type) {
                return AggregationTemporality.CUMULATIVE;
            }

            @Override
            public CompletableResultCode export(Collection<MetricData> metrics) {
                return metrics.isEmpty()
                        ? CompletableResultCode.ofSuccess()
                        : deliver(() -> sink.metrics(metrics));
            }

            @Override
            public CompletableResultCode flush() {
                return CompletableResultCode.ofSuccess();
            }

            @Override
            public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
            }
        };
    }

    LogRecordExporter logs() {
        return new LogRecordExporter() {
            @Override
            public CompletableResultCode export(Collection<LogRecordData> logs) {
                return deliver(() -> sink.logs(logs));
            }

            @Override
            public CompletableResultCode flush() {
                return CompletableResultCode.ofSuccess();
            }

            @Override
            public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
            }
        };
    }

    /** Closes the sink, after the SDK has been shut down. */
    @Override
    public void close() {
        turn.lock();
        try {
            if (!closed) {
                closed = true;
                sink.close();
            }
        } catch (IOException e) {
            complain.accept("cannot be written: " + e.getMessage());
        } finally {
            turn.unlock();
        }
    }
}
