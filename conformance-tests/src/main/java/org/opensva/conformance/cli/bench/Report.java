package org.opensva.conformance.cli.bench;

import tools.jackson.databind.json.JsonMapper;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The figures of a run, for people and for programs. */
final class Report {

    private static final String FORMAT = "opensva-bench/1";

    private final List<Figure> figures;

    Report(List<Figure> figures) {
        this.figures = List.copyOf(figures);
    }

    /** A table for people. */
    List<String> table() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"benchmark", "with", "median", "spread", "B/op", "limit", "target"});
        for (Figure figure : figures) {
            rows.add(
                    new String[] {
                        figure.name(),
                        figure.with(),
                        Figure.time(figure.median()),
                        "%.0f%%".formatted(spread(figure)),
                        allocated(figure),
                        Limit.beside(figure, figures).map(Report::times).orElse(""),
                        verdict(figure)
                    });
        }
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                boolean number = i >= 2 && i <= 4;
                line.append(("%" + (number ? "" : "-") + widths[i] + "s  ").formatted(row[i]));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /** How long single operations took, where they were timed one by one. */
    List<String> latencies() {
        return figures.stream()
                .flatMap(figure ->
                        figure.latency().stream()
                                .map(latency ->
                                        "%s %s: %s"
                                                .formatted(
                                                        figure.name(),
                                                        figure.with(),
                                                        latency.text())))
                .toList();
    }

    private static double spread(Figure figure) {
        return figure.median() == 0 ? 0 : 100 * (figure.most() - figure.least()) / figure.median();
    }

    private static String allocated(Figure figure) {
        if (figure.allocated().isEmpty()) {
            return "";
        }
        return Allocation.isNothing(figure)
                ? "0"
                : "%.0f".formatted(figure.allocated().getAsDouble());
    }

    private static String times(Limit.Beside limit) {
        return "%.1f x %s".formatted(limit.ratio(), limit.benchmark());
    }

    private String verdict(Figure figure) {
        List<String> parts = new ArrayList<>();
        outcome(figure).ifPresent(outcome -> parts.add(outcome.text()));
        if (Allocation.met(figure).equals(Optional.of(false))) {
            parts.add("allocates " + allocated(figure) + " B, allowed: nothing");
        }
        figure.kept().ifPresent(bytes -> parts.add(kept(bytes)));
        return String.join("; ", parts);
    }

    private static String kept(double bytes) {
        return "%s: %.0f B kept for each bound address space, at most %.0f"
                .formatted(
                        bytes <= Target.BYTES_OF_A_SPACE ? "met" : "missed",
                        bytes,
                        Target.BYTES_OF_A_SPACE);
    }

    private Optional<Target.Outcome> outcome(Figure figure) {
        return Target.of(figure).flatMap(target -> target.judge(figure, figures));
    }

    /** How many targets were met, and of how many. */
    String summary() {
        List<Boolean> all = new ArrayList<>();
        for (Figure figure : figures) {
            outcome(figure).ifPresent(outcome -> all.add(outcome.met()));
            Allocation.met(figure).ifPresent(all::add);
            figure.kept().ifPresent(bytes -> all.add(bytes <= Target.BYTES_OF_A_SPACE));
        }
        long met = all.stream().filter(Boolean::booleanValue).count();
        return "%d figures, %d of %d targets met".formatted(figures.size(), met, all.size());
    }

    /** All of it, for programs. */
    String json() {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("format", FORMAT);
        document.put("environment", environment());
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
            Target.of(figure).ifPresent(target -> one.put("target", target.text()));
            outcome(figure).ifPresent(outcome -> one.put("met", outcome.met()));
            Allocation.met(figure).ifPresent(met -> one.put("allocatesNothing", met));
            figure.kept().ifPresent(bytes -> one.put("keptBytes", rounded(bytes)));
            Limit.beside(figure, figures).ifPresent(limit -> one.put("limit", limit(limit)));
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

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }

    private static Map<String, Object> environment() {
        Map<String, Object> environment = new LinkedHashMap<>();
        environment.put("java", System.getProperty("java.runtime.version", "unknown"));
        environment.put("vm", System.getProperty("java.vm.name", "unknown"));
        environment.put("os", System.getProperty("os.name", "unknown"));
        environment.put("arch", System.getProperty("os.arch", "unknown"));
        environment.put("processors", Runtime.getRuntime().availableProcessors());
        environment.put(
                "load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        return environment;
    }
}
