package org.opensva.conformance.cli.bench;

import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One measured figure.
 *
 * @param name the benchmark
 * @param parameters what it was measured with
 * @param threads how many threads did it at once
 * @param median nanoseconds per operation, the median of the iterations
 * @param least nanoseconds of the fastest iteration
 * @param most nanoseconds of the slowest iteration
 * @param allocated bytes allocated per operation, if that was measured
 * @param kept bytes of the heap that one more of what there are many keeps, if that was measured
 * @param latency how long single operations took, if they were timed one by one
 */
record Figure(
        String name,
        SortedMap<String, String> parameters,
        int threads,
        double median,
        double least,
        double most,
        OptionalDouble allocated,
        OptionalDouble kept,
        Optional<Latency> latency) {

    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final String KEPT = "keptBytes";

    /** What JMH measured; the means of a benchmark and its single operations are one figure. */
    static List<Figure> of(Collection<RunResult> results) {
        List<Figure> figures = new ArrayList<>();
        for (RunResult result : results) {
            if (result.getParams().getMode() != Mode.SampleTime) {
                figures.add(of(result));
            }
        }
        for (RunResult result : results) {
            if (result.getParams().getMode() == Mode.SampleTime) {
                Figure sampled = of(result);
                Latency latency = Latency.of(result.getPrimaryResult().getStatistics());
                figures.replaceAll(figure -> figure.isOf(sampled) ? figure.with(latency) : figure);
            }
        }
        return figures;
    }

    /** Whether the other is the same benchmark with the same parameters. */
    boolean isOf(Figure other) {
        return name.equals(other.name)
                && parameters.equals(other.parameters)
                && threads == other.threads;
    }

    private Figure with(Latency measured) {
        return new Figure(
                name,
                parameters,
                threads,
                median,
                least,
                most,
                allocated,
                kept,
                Optional.of(measured));
    }

    private static Figure of(RunResult result) {
        BenchmarkParams params = result.getParams();
        String label = params.getBenchmark();
        SortedMap<String, String> parameters = new TreeMap<>();
        for (String key : params.getParamsKeys()) {
            parameters.put(key, params.getParam(key));
        }
        Statistics times = result.getPrimaryResult().getStatistics();
        return new Figure(
                label.substring(label.lastIndexOf('.') + 1),
                parameters,
                params.getThreads(),
                times.getPercentile(50),
                times.getMin(),
                times.getMax(),
                allocated(result),
                kept(result),
                Optional.empty());
    }

    /** The median, as of times: the last iteration also takes everything apart. */
    private static OptionalDouble allocated(RunResult result) {
        Result<?> found = (Result<?>) result.getSecondaryResults().get(ALLOCATED);
        return found == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(found.getStatistics().getPercentile(50));
    }

    private static OptionalDouble kept(RunResult result) {
        Result<?> found = (Result<?>) result.getSecondaryResults().get(KEPT);
        return found == null ? OptionalDouble.empty() : OptionalDouble.of(found.getScore());
    }

    Optional<String> parameter(String key) {
        return Optional.ofNullable(parameters.get(key));
    }

    /** A parameter that is a number. */
    OptionalInt number(String key) {
        String value = parameters.get(key);
        return value == null || !value.matches("\\d{1,9}")
                ? OptionalInt.empty()
                : OptionalInt.of(Integer.parseInt(value));
    }

    /** Whether it is a figure of real processes. */
    boolean isNative() {
        return parameters.values().stream().anyMatch(name -> name.startsWith("native:"));
    }

    /** Whether it was measured with all of these. */
    boolean has(Map<String, String> wanted) {
        return parameters.entrySet().containsAll(wanted.entrySet());
    }

    /** The parameters as text: the value says what it is, unless it is a number. */
    String with() {
        return parameters.entrySet().stream()
                .map(entry ->
                        switch (entry.getValue()) {
                            case "true" -> entry.getKey();
                            case "false" -> "";
                            case String value when number(entry.getKey()).isPresent() ->
                                    entry.getKey() + "=" + value;
                            case String value -> value;
                        })
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining(" "));
    }

    /** From the fastest to the slowest iteration, in hundredths of the median. */
    double spread() {
        return median == 0 ? 0 : 100 * (most - least) / median;
    }

    /** Nanoseconds in a unit that people read. */
    static String time(double nanos) {
        if (nanos < 1_000) {
            return "%.1f ns".formatted(nanos);
        }
        return nanos < 1_000_000
                ? "%.2f us".formatted(nanos / 1e3)
                : "%.2f ms".formatted(nanos / 1e6);
    }
}
