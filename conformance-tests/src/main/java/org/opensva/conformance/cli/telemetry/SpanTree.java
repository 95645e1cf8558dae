package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;

import org.opensva.api.telemetry.SvaAttributes;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Keeps the spans and log events of one command, and prints them as trees: when each began, how
 * long it took, its lane, what it says, its faults, and the spans that it is linked with.
 */
public final class SpanTree {

    private static final int NAME_WIDTH = 44;

    private final List<SpanData> spans = new ArrayList<>();
    private final List<LogRecordData> logs = new ArrayList<>();

    /** Creates an empty one. */
    public SpanTree() {}

    /** Where the SDK delivers to. */
    Sink sink() {
        return new Sink() {
            @Override
            public void spans(Collection<SpanData> more) {
                spans.addAll(more);
            }

            @Override
            public void metrics(Collection<MetricData> metrics) {}

            @Override
            public void logs(Collection<LogRecordData> more) {
                logs.addAll(more);
            }

            @Override
            public void close() {}
        };
    }

    /**
     * Prints what was kept; called after the telemetry has been closed.
     *
     * @param out where to
     * @param most how many trees at most; how many were left out is told
     */
    public void print(PrintWriter out, int most) {
        spans.sort(
                Comparator.comparingLong(SpanData::getStartEpochNanos)
                        .thenComparing(SpanData::getSpanId));
        Map<String, Integer> numbers = new HashMap<>();
        Map<String, List<SpanData>> children = new HashMap<>();
        Map<String, SpanData> byId =
                spans.stream().collect(Collectors.toMap(SpanData::getSpanId, span -> span));
        List<SpanData> roots = new ArrayList<>();
        for (SpanData span : spans) {
            numbers.put(span.getSpanId(), numbers.size() + 1);
            if (byId.containsKey(span.getParentSpanId())) {
                children.computeIfAbsent(span.getParentSpanId(), id -> new ArrayList<>()).add(span);
            } else {
                roots.add(span);
            }
        }
        long began = spans.isEmpty() ? 0 : spans.getFirst().getStartEpochNanos();
        out.println("%d spans in %d trees".formatted(spans.size(), roots.size()));
        Printer printer = new Printer(out, began, numbers, children, logs);
        roots.stream().limit(most).forEach(root -> printer.tree(root, "", ""));
        if (roots.size() > most) {
            out.println("%d more trees".formatted(roots.size() - most));
        }
        for (LogRecordData log : logs) {
            if (!byId.containsKey(log.getSpanContext().getSpanId())) {
                printer.event(log, "");
            }
        }
    }

    /** Prints one tree after the other. */
    private record Printer(
            PrintWriter out,
            long began,
            Map<String, Integer> numbers,
            Map<String, List<SpanData>> children,
            List<LogRecordData> logs) {

        void tree(SpanData span, String first, String rest) {
            String name = first + span.getName();
            out.println(
                    "%s %10s %10s  %s%s%s"
                            .formatted(
                                    name + " ".repeat(Math.max(0, NAME_WIDTH - name.length())),
                                    "+" + Durations.text(span.getStartEpochNanos() - began),
                                    Durations.text(
                                            span.getEndEpochNanos() - span.getStartEpochNanos()),
                                    "[" + numbers.get(span.getSpanId()) + "] ",
                                    text(span),
                                    links(span)));
            List<SpanData> below = children.getOrDefault(span.getSpanId(), List.of());
            for (EventData event : span.getEvents()) {
                out.println(
                        rest
                                + (below.isEmpty() ? "  " : "| ")
                                + "* "
                                + event.getName()
                                + " "
                                + ConsoleSink.text(event.getAttributes()));
            }
            for (LogRecordData log : logs) {
                if (log.getSpanContext().getSpanId().equals(span.getSpanId())) {
                    event(log, rest + (below.isEmpty() ? "  " : "| "));
                }
            }
            for (SpanData child : below) {
                boolean last = child.equals(below.getLast());
                tree(child, rest + (last ? "`-" : "|-"), rest + (last ? "  " : "| "));
            }
        }

        void event(LogRecordData log, String indent) {
            out.println(
                    "%s! %s %s %s"
                            .formatted(
                                    indent,
                                    log.getSeverity(),
                                    log.getEventName(),
                                    ConsoleSink.text(log.getAttributes())));
        }

        private static String text(SpanData span) {
            String all =
                    span.getAttributes().asMap().entrySet().stream()
                            .filter(entry -> !entry.getKey().equals(SvaAttributes.LANE))
                            .map(entry -> entry.getKey().getKey() + "=" + entry.getValue())
                            .sorted()
                            .collect(Collectors.joining(" "));
            String lane = span.getAttributes().get(SvaAttributes.LANE);
            return (span.getStatus().getStatusCode() == StatusCode.ERROR ? "FAILED " : "")
                    + (lane == null ? "" : lane + ": ")
                    + all;
        }

        private String links(SpanData span) {
            String targets =
                    span.getLinks().stream()
                            .map(LinkData::getSpanContext)
                            .map(target -> numbers.get(target.getSpanId()))
                            .map(number -> number == null ? "[?]" : "[" + number + "]")
                            .collect(Collectors.joining(" "));
            return targets.isEmpty() ? "" : " -> " + targets;
        }
    }
}
