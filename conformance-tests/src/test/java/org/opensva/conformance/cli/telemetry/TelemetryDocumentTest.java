package org.opensva.conformance.cli.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaMetric;
import org.opensva.api.telemetry.SvaTelemetry;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What is told and what TELEMETRY.md says is told are the same, both ways. */
class TelemetryDocumentTest {

    /** A name or value in backquotes. */
    private static final Pattern NAME = Pattern.compile("`([^`]+)`");

    private static final Map<String, Set<String>> SPANS = new TreeMap<>();
    private static final Map<String, Set<String>> EVENTS = new TreeMap<>();
    private static final Map<String, Set<String>> LOGS = new TreeMap<>();
    private static final Map<String, Set<String>> METRICS = new TreeMap<>();
    private static final Map<String, String> INSTRUMENTS = new TreeMap<>();
    private static final Map<String, Set<String>> PARENTS = new TreeMap<>();
    private static final Map<String, Set<String>> LANES = new TreeMap<>();

    @BeforeAll
    static void goEveryWay() {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
        InMemoryMetricReader metrics = InMemoryMetricReader.create();
        try (OpenTelemetrySdk sdk =
                OpenTelemetrySdk.builder()
                        .setTracerProvider(
                                SdkTracerProvider.builder()
                                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                        .build())
                        .setMeterProvider(
                                SdkMeterProvider.builder().registerMetricReader(metrics).build())
                        .setLoggerProvider(
                                SdkLoggerProvider.builder()
                                        .addLogRecordProcessor(
                                                SimpleLogRecordProcessor.create(logs))
                                        .build())
                        .build()) {
            for (String variant :
                    List.of("emulated:smmuv3", "emulated:smmuv3-stall", "emulated:vtd")) {
                Journey journey = new Journey(sdk);
                try (Backend backend = journey.open(variant, Map.of("pasid-series", "1"))) {
                    journey.everything(backend);
                    keep(metrics.collectAllMetrics());
                }
            }
            Journey journey = new Journey(sdk);
            try (Backend backend = journey.open("emulated:smmuv3", Map.of())) {
                journey.silence(backend);
            }
            try (Backend backend =
                    journey.open("emulated:smmuv3-noats", Map.of("pasid-series", "1"))) {
                journey.unserved(backend);
                keep(metrics.collectAllMetrics());
            }
            keepSpans(spans.getFinishedSpanItems());
            for (LogRecordData log : logs.getFinishedLogRecordItems()) {
                note(LOGS, String.valueOf(log.getEventName()), log.getAttributes());
            }
        }
    }

    @AfterAll
    static void forget() {
        List.of(SPANS, EVENTS, LOGS, METRICS, PARENTS, LANES).forEach(Map::clear);
        INSTRUMENTS.clear();
    }

    private static void note(Map<String, Set<String>> into, String name, Attributes attributes) {
        Set<String> keys = into.computeIfAbsent(name, key -> new TreeSet<>());
        attributes.forEach((key, value) -> keys.add(key.getKey()));
    }

    private static void keepSpans(List<SpanData> spans) {
        Map<String, String> names =
                spans.stream().collect(Collectors.toMap(SpanData::getSpanId, SpanData::getName));
        for (SpanData span : spans) {
            if (!span.getInstrumentationScopeInfo().getName().equals(SvaTelemetry.SCOPE)) {
                continue;
            }
            note(SPANS, span.getName(), span.getAttributes());
            for (EventData event : span.getEvents()) {
                note(EVENTS, event.getName(), event.getAttributes());
            }
            String lane = span.getAttributes().get(SvaAttributes.LANE);
            LANES.computeIfAbsent(span.getName(), key -> new TreeSet<>()).add(lane);
            String parent = names.get(span.getParentSpanId());
            if (parent != null && !parent.equals(Journey.HOST)) {
                PARENTS.computeIfAbsent(span.getName(), key -> new TreeSet<>()).add(parent);
            }
        }
    }

    private static void keep(Collection<MetricData> metrics) {
        for (MetricData metric : metrics) {
            if (!metric.getInstrumentationScopeInfo().getName().equals(SvaTelemetry.SCOPE)) {
                continue;
            }
            String kind =
                    metric.getType() == MetricDataType.HISTOGRAM
                            ? "Histogram"
                            : metric.getLongSumData().isMonotonic() ? "Counter" : "UpDownCounter";
            INSTRUMENTS.put(metric.getName(), kind + " " + metric.getUnit());
            for (PointData point : metric.getData().getPoints()) {
                note(METRICS, metric.getName(), point.getAttributes());
            }
        }
    }

    /** The rows of the table whose first column has that heading: the cells of each. */
    private static Map<String, List<String>> table(String heading) throws IOException {
        Map<String, List<String>> rows = new TreeMap<>();
        boolean inside = false;
        for (String line : Files.readAllLines(Path.of("..", "api", "TELEMETRY.md"))) {
            if (line.startsWith("| " + heading + " |")) {
                inside = true;
            } else if (!line.startsWith("|")) {
                inside = false;
            } else if (inside && !line.startsWith("|---")) {
                List<String> cells =
                        List.of(line.substring(1).split("\\|", -1)).stream()
                                .map(String::strip)
                                .toList();
                rows.put(names(cells.getFirst()).getFirst(), cells);
            }
        }
        assertTrue(!rows.isEmpty(), "no table of " + heading);
        return rows;
    }

    private static List<String> names(String cell) {
        List<String> all = new ArrayList<>();
        for (Matcher m = NAME.matcher(cell); m.find(); ) {
            all.add(m.group(1));
        }
        return all;
    }

    private static Map<String, Set<String>> attributes(
            Map<String, List<String>> rows, int column, String... always) {
        Map<String, Set<String>> all = new TreeMap<>();
        rows.forEach((name, cells) -> {
            Set<String> keys = new TreeSet<>(names(cells.get(column)));
            keys.addAll(List.of(always));
            all.put(name, keys);
        });
        return all;
    }

    @Test
    void spansAndTheirAttributesAreThoseOfTheDocument() throws IOException {
        Map<String, List<String>> documented = table("span");
        Map<String, Set<String>> expected = attributes(documented, 4, SvaAttributes.LANE.getKey());
        // A bind or a release that is refused is not part of the journey.
        for (String never : List.of("sva.bind", "sva.unbind", "mm.fork", "mm.release")) {
            expected.get(never).remove(SvaAttributes.ERRNO.getKey());
            SPANS.get(never).remove(SvaAttributes.ERRNO.getKey());
        }
        for (String never : List.of("mm.protect", "mm.remap", "mm.advise")) {
            expected.get(never).remove(SvaAttributes.ERRNO.getKey());
            SPANS.get(never).remove(SvaAttributes.ERRNO.getKey());
        }
        assertEquals(expected, SPANS);
        LANES.forEach((span, lanes) ->
                assertEquals(Set.copyOf(names(documented.get(span).get(1))), lanes, span));
    }

    @Test
    void aSpanWhoseParentIsNamedHasNoOther() throws IOException {
        Map<String, List<String>> documented = table("span");
        documented.forEach((span, cells) -> {
            Set<String> named = new TreeSet<>(names(cells.get(2)));
            Set<String> seen = PARENTS.getOrDefault(span, Set.of());
            if (!named.isEmpty()) {
                assertTrue(named.containsAll(seen), span + " below " + seen);
                assertTrue(!seen.isEmpty(), span + " is never below " + named);
            }
        });
    }

    @Test
    void eventsAreThoseOfTheDocument() throws IOException {
        assertEquals(attributes(table("event"), 2), merged(EVENTS, LOGS, table("event")));
    }

    /** Both tables of events have the same heading; log events have a column more. */
    private static Map<String, Set<String>> merged(
            Map<String, Set<String>> events,
            Map<String, Set<String>> logs,
            Map<String, List<String>> documented) {
        Map<String, Set<String>> all = new TreeMap<>(events);
        logs.forEach((name, keys) -> {
            List<String> cells = documented.getOrDefault(name, List.of("", "", "", ""));
            assertEquals(Set.copyOf(names(cells.get(3))), keys, name);
            all.put(name, Set.copyOf(names(cells.get(2))));
        });
        return all;
    }

    @Test
    void metricsTheirUnitsAndAttributesAreThoseOfTheDocument() throws IOException {
        Map<String, List<String>> documented = table("metric");
        Map<String, String> instruments = new TreeMap<>();
        documented.forEach((name, cells) ->
                instruments.put(name, cells.get(1) + " " + names(cells.get(2)).getFirst()));
        assertEquals(instruments, INSTRUMENTS);
        Map<String, Set<String>> expected = attributes(documented, 3);
        METRICS.values().forEach(keys -> keys.remove(SvaAttributes.OVERFLOW.getKey()));
        assertEquals(expected, METRICS);
        for (SvaMetric metric : SvaMetric.values()) {
            assertEquals(
                    metric.instrument().title() + " " + metric.unit(),
                    instruments.get(metric.id()),
                    metric.id());
        }
    }

    @Test
    void everyNameIsAConstantAndEveryConstantIsInTheDocument() throws Exception {
        Set<String> constants = new TreeSet<>();
        for (Object value : constants(SvaTelemetry.class)) {
            constants.add((String) value);
        }
        constants.remove(SvaTelemetry.SCOPE);
        Set<String> documented = new TreeSet<>(table("span").keySet());
        documented.addAll(table("event").keySet());
        assertEquals(documented, constants);
    }

    @Test
    void everyAttributeIsAConstantOfTheTypeInTheDocument() throws Exception {
        Map<String, String> constants = new TreeMap<>();
        for (Object value : constants(SvaAttributes.class)) {
            AttributeKey<?> key = (AttributeKey<?>) value;
            constants.put(
                    key.getKey(),
                    switch (key.getType()) {
                        case STRING -> "string";
                        case LONG -> "int";
                        case BOOLEAN -> "boolean";
                        default -> "none of the table's";
                    });
        }
        Map<String, String> documented = new TreeMap<>();
        table("attribute").forEach((name, cells) -> documented.put(name, cells.get(1)));
        assertEquals(documented, constants);
    }

    private static List<Object> constants(Class<?> names) throws IllegalAccessException {
        List<Object> all = new ArrayList<>();
        for (Field field : names.getFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                all.add(field.get(null));
            }
        }
        return all;
    }
}
