package org.opensva.conformance.cli.bench;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/** Hears from JMH how far it is, and what goes wrong. */
final class Watch implements OutputFormat {

    private static final int KEPT = 40;
    private static final Pattern WRONG = Pattern.compile("Exception|Error|failed to start");

    private final Consumer<String> progress;
    private final Consumer<String> complaint;
    private final LongSupplier nanoTime;
    private final int total;
    private final long start;
    private final List<String> said = new ArrayList<>();
    private final Set<String> failures = new HashSet<>();
    private String current = "a benchmark";
    private int done;

    Watch(int total, Consumer<String> progress, Consumer<String> complaint, LongSupplier nanoTime) {
        this.total = total;
        this.progress = progress;
        this.complaint = complaint;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    private static String label(BenchmarkParams params) {
        String name = params.getBenchmark();
        StringBuilder label = new StringBuilder(name.substring(name.lastIndexOf('.') + 1));
        params.getParamsKeys().forEach(key -> label.append(' ').append(params.getParam(key)));
        return label.toString();
    }

    private String left() {
        if (done == 0) {
            return "";
        }
        long seconds = (nanoTime.getAsLong() - start) / 1_000_000_000L * (total - done) / done;
        return seconds < 100
                ? ", %d s left".formatted(seconds)
                : ", %d min left".formatted((seconds + 30) / 60);
    }

    @Override
    public void startBenchmark(BenchmarkParams params) {
        said.clear();
        current = label(params);
        progress.accept("%d/%d %s%s".formatted(done + 1, total, current, left()));
    }

    @Override
    public void endBenchmark(@Nullable BenchmarkResult result) {
        done++;
        if (result == null) {
            // JMH passes on what the failing process printed; the first line of it says why.
            String failure =
                    current
                            + " failed: "
                            + said.stream()
                                    .filter(line -> WRONG.matcher(line).find())
                                    .findFirst()
                                    .orElse("no reason was given");
            // What is timed in two ways fails twice.
            if (failures.add(failure)) {
                complaint.accept(failure);
            }
        }
    }

    @Override
    public void println(String line) {
        line.lines().limit(KEPT - said.size()).map(String::strip).forEach(said::add);
    }

    @Override
    public void print(String text) {
        println(text);
    }

    @Override
    public void write(byte[] bytes) {
        print(new String(bytes, StandardCharsets.UTF_8));
    }

    @Override
    public void write(int b) {
        // Single bytes carry no line.
    }

    @Override
    public void verbosePrintln(String line) {
        // Not for people.
    }

    @Override
    public void iteration(BenchmarkParams params, IterationParams iteration, int number) {
        // Shown by the benchmark.
    }

    @Override
    public void iterationResult(
            BenchmarkParams params, IterationParams iteration, int number, IterationResult result) {
        // Shown at the end.
    }

    @Override
    public void startRun() {
        // Nothing to open.
    }

    @Override
    public void endRun(Collection<RunResult> results) {
        // The caller has them.
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void close() {
        // Nothing to close.
    }
}
