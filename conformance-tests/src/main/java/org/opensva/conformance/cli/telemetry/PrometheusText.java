package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.resources.Resource;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Metrics in the text format of Prometheus, version 0.0.4, with the names of the OpenTelemetry
 * compatibility specification: dots become underscores, units become suffixes, counters end in
 * {@code _total}.
 */
final class PrometheusText {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** UCUM to the words of Prometheus; annotations in braces have none. */
    private static final Map<String, String> UNITS = Map.of("s", "_seconds", "By", "_bytes");

    private final StringBuilder text = new StringBuilder();

    private PrometheusText() {}

    static String of(Collection<MetricData> metrics) {
        PrometheusText page = new PrometheusText();
        metrics.stream().findFirst().ifPresent(metric -> page.target(metric.getResource()));
        Map<String, MetricData> sorted = new TreeMap<>();
        metrics.forEach(metric -> sorted.put(metric.getName(), metric));
        sorted.values().forEach(page::metric);
        return page.text.toString();
    }

    private void target(Resource resource) {
        text.append("# HELP target_info Attributes of the resource\n");
        text.append("# TYPE target_info gauge\n");
        line("target_info", resource.getAttributes(), List.of(), "1");
    }

    private void metric(MetricData metric) {
        String name = name(metric.getName()) + UNITS.getOrDefault(metric.getUnit(), "");
        if (metric.getType() == MetricDataType.LONG_SUM) {
            boolean counter = metric.getLongSumData().isMonotonic();
            String full = counter ? name + "_total" : name;
            head(full, metric.getDescription(), counter ? "counter" : "gauge");
            for (LongPointData point : metric.getLongSumData().getPoints()) {
                line(full, point.getAttributes(), List.of(), Long.toString(point.getValue()));
            }
        } else if (metric.getType() == MetricDataType.HISTOGRAM) {
            head(name, metric.getDescription(), "histogram");
            metric.getHistogramData().getPoints().forEach(point -> histogram(name, point));
        }
    }

    private void head(String name, String description, String type) {
        text.append("# HELP ").append(name).append(' ');
        text.append(description.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void histogram(String name, HistogramPointData point) {
        long below = 0;
        for (int i = 0; i < point.getCounts().size(); i++) {
            below += point.getCounts().get(i);
            String bound =
                    i < point.getBoundaries().size()
                            ? Double.toString(point.getBoundaries().get(i))
                            : "+Inf";
            line(
                    name + "_bucket",
                    point.getAttributes(),
                    List.of("le", bound),
                    Long.toString(below));
        }
        line(name + "_sum", point.getAttributes(), List.of(), Double.toString(point.getSum()));
        line(name + "_count", point.getAttributes(), List.of(), Long.toString(point.getCount()));
    }

    /** A sample; {@code more} holds one more label and its value, or nothing. */
    private void line(String name, Attributes attributes, List<String> more, String value) {
        text.append(name);
        StringBuilder labels = new StringBuilder();
        attributes.forEach((key, own) -> label(labels, name(key.getKey()), own.toString()));
        if (!more.isEmpty()) {
            label(labels, more.getFirst(), more.getLast());
        }
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        text.append(' ').append(value).append('\n');
    }

    private static void label(StringBuilder labels, String name, String value) {
        if (!labels.isEmpty()) {
            labels.append(',');
        }
        labels.append(name).append("=\"");
        labels.append(value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
        labels.append('"');
    }

    private static String name(String dotted) {
        String plain = dotted.replaceAll("[^a-zA-Z0-9_]", "_");
        return Character.isDigit(plain.charAt(0)) ? "_" + plain : plain;
    }
}
