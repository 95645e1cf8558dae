package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.trace.data.SpanData;

import java.util.Collection;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A line for each span, log event and series, on standard error. */
final class ConsoleSink implements Sink {

    private final Consumer<String> out;

    ConsoleSink(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public void spans(Collection<SpanData> spans) {
        for (SpanData span : spans) {
            out.accept(
                    "span %s %s trace=%s span=%s%s %s"
                            .formatted(
                                    span.getName(),
                                    Durations.text(
                                            span.getEndEpochNanos() - span.getStartEpochNanos()),
                                    span.getTraceId(),
                                    span.getSpanId(),
                                    span.getParentSpanContext().isValid()
                                            ? " parent=" + span.getParentSpanId()
                                            : "",
                                    text(span.getAttributes())));
        }
    }

    @Override
    public void metrics(Collection<MetricData> metrics) {
        for (MetricData metric : metrics) {
            for (LongPointData point : metric.getLongSumData().getPoints()) {
                out.accept(
                        "metric %s %d %s %s"
                                .formatted(
                                        metric.getName(),
                                        point.getValue(),
                                        metric.getUnit(),
                                        text(point.getAttributes())));
            }
            for (HistogramPointData point : metric.getHistogramData().getPoints()) {
                out.accept(
                        "metric %s count=%d mean=%s max=%s %s"
                                .formatted(
                                        metric.getName(),
                                        point.getCount(),
                                        Durations.text(
                                                (long) (point.getSum() / point.getCount() * 1e9)),
                                        Durations.text((long) (point.getMax() * 1e9)),
                                        text(point.getAttributes())));
            }
        }
    }

    @Override
    public void logs(Collection<LogRecordData> logs) {
        for (LogRecordData log : logs) {
            out.accept(
                    "event %s %s%s %s"
                            .formatted(
                                    log.getEventName(),
                                    log.getSeverity(),
                                    log.getSpanContext().isValid()
                                            ? " trace=" + log.getSpanContext().getTraceId()
                                            : "",
                                    text(log.getAttributes())));
        }
    }

    static String text(Attributes attributes) {
        return attributes.asMap().entrySet().stream()
                .map(entry -> entry.getKey().getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
    }

    @Override
    public void close() {}
}
