package org.opensva.conformance.cli.bench;

import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of a run, for people and for programs. */
final class Report {

    static final String FORMAT = "opensva-bench/2";

    private final List<Figure> figures;

    Report(List<Figure> figures) {
        this.figures = List.copyOf(figures);
    }

    /** A table for people. */
    List<String> table() {
        TextTable table =
                new TextTable(
                        2, 4, "benchmark", "with", "median", "spread", "B/op", "limit", "target");
        for (Figure figure : figures) {
            table.row(
                    figure.name(),
                    figure.with(),
                    Figure.time(figure.median()),
                    "%.0f%%".formatted(figure.spread()),
                    Allocation.shown(figure),
                    Limit.beside(figure, figures).stream()
                            .findFirst()
                            .map(Report::times)
                            .orElse(""),
                    Target.outcomes(figure, figures).stream()
                            .map(Target.Outcome::text)
                            .filter(text -> !text.isEmpty())
                            .collect(Collectors.joining("; ")));
        }
        return table.lines();
    }

    /** How long single operations took; empty if none were timed one by one. */
    List<String> latencies() {
        TextTable table =
                new TextTable(
                        2, 6, "one by one", "with", "50 %", "99 %", "99.9 %", "worst", "timed");
        for (Figure figure : figures) {
            figure.latency().ifPresent(latency -> table.row(cells(figure, latency)));
        }
        List<String> lines = table.lines();
        return lines.size() > 1 ? lines : List.of();
    }

    private static String[] cells(Figure figure, Latency latency) {
        return new String[] {
            figure.name(),
            figure.with(),
            Figure.time((double) latency.half()),
            Figure.time((double) latency.most()),
            Figure.time((double) latency.nearlyAll()),
            Figure.time((double) latency.worst()),
            String.valueOf(latency.operations())
        };
    }

    private static String times(Limit.Beside limit) {
        return (limit.ratio() < 100 ? "%.1f x %s" : "%.0f x %s")
                .formatted(limit.ratio(), limit.benchmark());
    }

    /** How many targets were met, and of how many. */
    String summary() {
        List<Target.Outcome> all =
                figures.stream()
                        .flatMap(figure -> Target.outcomes(figure, figures).stream())
                        .toList();
        long met = all.stream().filter(Target.Outcome::met).count();
        return "%d figures, %d of %d targets met".formatted(figures.size(), met, all.size());
    }

    /** All of it, for programs. */
    String json(Environment environment) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("format", FORMAT);
        document.put("environment", environment.facts());
        List<Object> all = new ArrayList<>();
        for (Figure figure : figures) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("benchmark", figure.name());
            one.put("parameters", figure.parameters());
            one.put("threads", figure.threads());
            one.put("unit", "ns/op");
            one.put("median", rounded(figure.median()));
            one.put("least", rounded(figure.least()));
            one.put("most", rounded(figure.most()));
            figure.allocated().ifPresent(bytes -> one.put("allocatedBytes", rounded(bytes)));
            figure.latency().ifPresent(latency -> one.put("latency", latency(latency)));
            figure.kept().ifPresent(bytes -> one.put("keptBytes", rounded(bytes)));
            one.put("limits", Limit.beside(figure, figures).stream().map(Report::limit).toList());
            one.put(
                    "targets",
                    Target.outcomes(figure, figures).stream().map(Report::target).toList());
            all.add(one);
        }
        document.put("figures", all);
        return JsonMapper.builder()
                        .build()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(document)
                + "\n";
    }

    private static Map<String, Object> latency(Latency latency) {
        Map<String, Object> percentiles = new LinkedHashMap<>();
        percentiles.put("p50", latency.half());
        percentiles.put("p99", latency.most());
        percentiles.put("p99.9", latency.nearlyAll());
        percentiles.put("max", latency.worst());
        percentiles.put("operations", latency.operations());
        return percentiles;
    }

    private static Map<String, Object> limit(Limit.Beside limit) {
        Map<String, Object> beside = new LinkedHashMap<>();
        beside.put("benchmark", limit.benchmark());
        beside.put("median", rounded(limit.median()));
        beside.put("ratio", rounded(limit.ratio()));
        return beside;
    }

    private static Map<String, Object> target(Target.Outcome outcome) {
        Map<String, Object> target = new LinkedHashMap<>();
        target.put("target", outcome.target());
        target.put("met", outcome.met());
        outcome.times().ifPresent(times -> target.put("times", rounded(times)));
        return target;
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }
}
