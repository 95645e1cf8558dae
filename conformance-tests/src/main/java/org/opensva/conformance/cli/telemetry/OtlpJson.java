package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * OTLP in its JSON encoding: the protobuf messages in lower camel case, ids in hexadecimal, 64-bit
 * integers as strings, enums as numbers (OTLP specification, "JSON Protobuf Encoding").
 */
final class OtlpJson {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** SPAN_KIND_INTERNAL follows SPAN_KIND_UNSPECIFIED (trace.proto). */
    private static final int FIRST_KIND = 1;

    private static final int DELTA = 1;
    private static final int CUMULATIVE = 2;

    private OtlpJson() {}

    /** ExportTraceServiceRequest. */
    static ObjectNode spans(Collection<SpanData> spans) {
        return grouped(
                spans,
                SpanData::getResource,
                SpanData::getInstrumentationScopeInfo,
                OtlpJson::span,
                List.of("resourceSpans", "scopeSpans", "spans"));
    }

    /** ExportMetricsServiceRequest. */
    static ObjectNode metrics(Collection<MetricData> metrics) {
        return grouped(
                metrics,
                MetricData::getResource,
                MetricData::getInstrumentationScopeInfo,
                OtlpJson::metric,
                List.of("resourceMetrics", "scopeMetrics", "metrics"));
    }

    /** ExportLogsServiceRequest. */
    static ObjectNode logs(Collection<LogRecordData> logs) {
        return grouped(
                logs,
                LogRecordData::getResource,
                LogRecordData::getInstrumentationScopeInfo,
                OtlpJson::log,
                List.of("resourceLogs", "scopeLogs", "logRecords"));
    }

    /** What one resource and one scope have told, together. */
    private static <T> ObjectNode grouped(
            Collection<T> all,
            Function<T, Resource> resourceOf,
            Function<T, InstrumentationScopeInfo> scopeOf,
            Function<T, ObjectNode> encode,
            List<String> names) {
        Map<Resource, Map<InstrumentationScopeInfo, ArrayNode>> groups = new LinkedHashMap<>();
        for (T one : all) {
            groups.computeIfAbsent(resourceOf.apply(one), key -> new LinkedHashMap<>())
                    .computeIfAbsent(scopeOf.apply(one), key -> JSON.arrayNode())
                    .add(encode.apply(one));
        }
        ObjectNode root = JSON.objectNode();
        ArrayNode resources = root.putArray(names.getFirst());
        groups.forEach((resource, scopes) -> {
            ObjectNode group = resources.addObject();
            group.putObject("resource").set("attributes", attributes(resource.getAttributes()));
            ArrayNode list = group.putArray(names.get(1));
            scopes.forEach((scope, items) -> {
                ObjectNode own = list.addObject();
                own.putObject("scope").put("name", scope.getName());
                own.set(names.get(2), items);
            });
        });
        return root;
    }

    private static ObjectNode span(SpanData span) {
        ObjectNode node = JSON.objectNode();
        node.put("traceId", span.getTraceId());
        node.put("spanId", span.getSpanId());
        if (span.getParentSpanContext().isValid()) {
            node.put("parentSpanId", span.getParentSpanId());
        }
        node.put("flags", (int) span.getSpanContext().getTraceFlags().asByte() & 0xff);
        node.put("name", span.getName());
        node.put("kind", span.getKind().ordinal() + FIRST_KIND);
        node.put("startTimeUnixNano", Long.toString(span.getStartEpochNanos()));
        node.put("endTimeUnixNano", Long.toString(span.getEndEpochNanos()));
        node.set("attributes", attributes(span.getAttributes()));
        ArrayNode events = node.putArray("events");
        for (EventData event : span.getEvents()) {
            ObjectNode own = events.addObject();
            own.put("timeUnixNano", Long.toString(event.getEpochNanos()));
            own.put("name", event.getName());
            own.set("attributes", attributes(event.getAttributes()));
        }
        ArrayNode links = node.putArray("links");
        for (LinkData link : span.getLinks()) {
            ObjectNode own = links.addObject();
            SpanContext target = link.getSpanContext();
            own.put("traceId", target.getTraceId());
            own.put("spanId", target.getSpanId());
            own.set("attributes", attributes(link.getAttributes()));
        }
        // UNSET, OK, ERROR have the same order in status.proto.
        ObjectNode status = node.putObject("status");
        status.put("code", span.getStatus().getStatusCode().ordinal());
        if (!span.getStatus().getDescription().isEmpty()) {
            status.put("message", span.getStatus().getDescription());
        }
        return node;
    }

    private static ObjectNode log(LogRecordData log) {
        ObjectNode node = JSON.objectNode();
        node.put("timeUnixNano", Long.toString(log.getTimestampEpochNanos()));
        node.put("observedTimeUnixNano", Long.toString(log.getObservedTimestampEpochNanos()));
        node.put("severityNumber", log.getSeverity().getSeverityNumber());
        if (log.getSeverityText() != null) {
            node.put("severityText", log.getSeverityText());
        }
        if (log.getEventName() != null) {
            node.put("eventName", log.getEventName());
        }
        Value<?> body = log.getBodyValue();
        if (body != null) {
            node.putObject("body").put("stringValue", body.asString());
        }
        node.set("attributes", attributes(log.getAttributes()));
        SpanContext cause = log.getSpanContext();
        if (cause.isValid()) {
            node.put("traceId", cause.getTraceId());
            node.put("spanId", cause.getSpanId());
            node.put("flags", (int) cause.getTraceFlags().asByte() & 0xff);
        }
        return node;
    }

    private static ObjectNode metric(MetricData metric) {
        ObjectNode node = JSON.objectNode();
        node.put("name", metric.getName());
        node.put("description", metric.getDescription());
        node.put("unit", metric.getUnit());
        if (metric.getType() == MetricDataType.LONG_SUM) {
            ObjectNode sum = node.putObject("sum");
            sum.put("isMonotonic", metric.getLongSumData().isMonotonic());
            temporality(sum, metric.getLongSumData().getAggregationTemporality());
            ArrayNode points = sum.putArray("dataPoints");
            for (LongPointData point : metric.getLongSumData().getPoints()) {
                points.add(point(point).put("asInt", Long.toString(point.getValue())));
            }
        } else if (metric.getType() == MetricDataType.HISTOGRAM) {
            ObjectNode histogram = node.putObject("histogram");
            temporality(histogram, metric.getHistogramData().getAggregationTemporality());
            ArrayNode points = histogram.putArray("dataPoints");
            for (HistogramPointData point : metric.getHistogramData().getPoints()) {
                points.add(histogram(point));
            }
        }
        return node;
    }

    private static void temporality(ObjectNode data, AggregationTemporality temporality) {
        data.put(
                "aggregationTemporality",
                temporality == AggregationTemporality.DELTA ? DELTA : CUMULATIVE);
    }

    private static ObjectNode histogram(HistogramPointData point) {
        ObjectNode node = point(point);
        node.put("count", Long.toString(point.getCount()));
        node.put("sum", point.getSum());
        if (point.hasMin()) {
            node.put("min", point.getMin());
        }
        if (point.hasMax()) {
            node.put("max", point.getMax());
        }
        ArrayNode counts = node.putArray("bucketCounts");
        point.getCounts().forEach(count -> counts.add(Long.toString(count)));
        ArrayNode bounds = node.putArray("explicitBounds");
        point.getBoundaries().forEach(bounds::add);
        return node;
    }

    private static ObjectNode point(PointData point) {
        ObjectNode node = JSON.objectNode();
        node.set("attributes", attributes(point.getAttributes()));
        node.put("startTimeUnixNano", Long.toString(point.getStartEpochNanos()));
        node.put("timeUnixNano", Long.toString(point.getEpochNanos()));
        return node;
    }

    private static ArrayNode attributes(Attributes attributes) {
        ArrayNode list = JSON.arrayNode();
        attributes.forEach((key, value) -> {
            ObjectNode pair = list.addObject();
            pair.put("key", key.getKey());
            pair.set("value", value(value));
        });
        return list;
    }

    /** AnyValue. */
    private static ObjectNode value(Object value) {
        ObjectNode node = JSON.objectNode();
        switch (value) {
            case Boolean flag -> node.put("boolValue", flag);
            case Long number -> node.put("intValue", number.toString());
            case Double number -> node.put("doubleValue", number);
            case List<?> many -> {
                ArrayNode values = node.putObject("arrayValue").putArray("values");
                many.forEach(one -> values.add(value(one)));
            }
            default -> node.put("stringValue", value.toString());
        }
        return node;
    }
}
