package org.opensva.conformance.cli.bench;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

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
 */
record Figure(
        String name,
        SortedMap<String, String> parameters,
        int threads,
        double median,
        double least,
        double most,
        OptionalDouble allocated) {

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    /** What JMH measured. */
    static Figure of(RunResult result) {
        BenchmarkParams params = result.getParams();
        String label = params.getBenchmark();
        SortedMap<String, String> parameters = new TreeMap<>();
        for (String key : params.getParamsKeys()) {
            parameters.put(key, params.getParam(key));
        }
        Statistics times = result.getPrimaryResult().getStatistics();
        Result<?> allocated = (Result<?>) result.getSecondaryResults().get(ALLOCATED);
        return new Figure(
                label.substring(label.lastIndexOf('.') + 1),
                parameters,
                params.getThreads(),
                times.getPercentile(50),
                times.getMin(),
                times.getMax(),
                allocated == null
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(allocated.getScore()));
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

    /** Whether it was measured with all of these. */
    boolean has(Map<String, String> wanted) {
        return parameters.entrySet().containsAll(wanted.entrySet());
    }

    /** The parameters as text. */
    String with() {
        return parameters.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
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
