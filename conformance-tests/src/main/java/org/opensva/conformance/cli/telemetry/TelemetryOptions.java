package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.sdk.metrics.export.MetricReader;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The options of commands whose work can be traced and measured, to be mixed in.
 *
 * <pre>{@code
 * @Mixin private TelemetryOptions telemetry = new TelemetryOptions();
 *
 * try (Telemetry told = telemetry.open(environment, console::complain);
 *         Backend backend = catalog.open(selector, telemetry.options(given), told.api())) {
 *     ...
 * }
 * }</pre>
 */
public final class TelemetryOptions {

    private static final int MOST_SERIES = 10_000;

    @Option(
            names = "--otlp",
            paramLabel = "ENDPOINT",
            description =
                    "Send spans, metrics and log events to this OTLP receiver, for example"
                            + " http://localhost:4318 (HTTP) or http://localhost:4317 (gRPC). The"
                            + " environment variables OTEL_* are honoured.")
    private @Nullable String endpoint;

    @Option(
            names = "--telemetry",
            paramLabel = "SINK",
            description =
                    "Also, or instead: 'console' (standard error), 'file:PATH' (OTLP JSON, a line"
                        + " for each batch), or 'prometheus:[HOST:]PORT' (a page to scrape); may be"
                        + " repeated.")
    private List<String> sinks = new ArrayList<>();

    @Option(
            names = "--pasid-series",
            paramLabel = "N",
            description =
                    "Give the first N PASIDs metric series of their own; the backend option"
                            + " 'pasid-series'.")
    private @Nullable Integer pasidSeries;

    /** Made by picocli, or for a command that has these options without a command line. */
    public TelemetryOptions() {}

    /**
     * Starts what was asked for, by options or by environment.
     *
     * @param environment the environment variables
     * @param complain takes the one warning if telemetry cannot be delivered
     * @return {@link Telemetry#off()} if nothing was asked for
     * @throws TelemetryException if the options make no sense or a port is taken
     */
    public Telemetry open(Map<String, String> environment, Consumer<String> complain) {
        return open(environment, complain, null);
    }

    /**
     * Starts what was asked for, and has the spans kept.
     *
     * @param environment the environment variables
     * @param complain takes the one warning if telemetry cannot be delivered
     * @param tree keeps spans, or null
     * @return {@link Telemetry#off()} if nothing was asked for and nothing is kept
     * @throws TelemetryException if the options make no sense or a port is taken
     */
    public Telemetry open(
            Map<String, String> environment, Consumer<String> complain, @Nullable SpanTree tree) {
        OtlpEndpoint otlp = OtlpEndpoint.of(endpoint, environment);
        if (sinks.isEmpty() && !otlp.isAsked() && tree == null) {
            return Telemetry.off();
        }
        Telemetry.Builder telemetry = new Telemetry.Builder(otlp, complain);
        boolean started = false;
        try {
            if (tree != null) {
                telemetry.add(tree.sink());
            }
            for (String sink : sinks) {
                add(sink, telemetry, complain);
            }
            Telemetry running = telemetry.start();
            started = true;
            return running;
        } finally {
            if (!started) {
                telemetry.abandon();
            }
        }
    }

    private static void add(String sink, Telemetry.Builder telemetry, Consumer<String> complain) {
        int colon = sink.indexOf(':');
        String kind = colon < 0 ? sink : sink.substring(0, colon);
        String target = colon < 0 ? "" : sink.substring(colon + 1);
        switch (kind) {
            case "console" -> {
                require(target.isEmpty(), sink, "'console' takes no address");
                telemetry.add(new ConsoleSink(complain));
            }
            case "file" -> {
                require(!target.isEmpty(), sink, "a path is missing, as in file:trace.jsonl");
                telemetry.add(FileSink.open(target));
            }
            case "prometheus" -> {
                PrometheusPage page = PrometheusPage.open(target);
                telemetry.add((MetricReader) page);
                complain.accept("metrics are at " + page.address());
            }
            default ->
                    throw new TelemetryException(
                            ("telemetry sink '%s' is none of: console, file:PATH,"
                                            + " prometheus:[HOST:]PORT")
                                    .formatted(sink));
        }
    }

    private static void require(boolean good, String sink, String why) {
        if (!good) {
            throw new TelemetryException("telemetry sink '%s': %s".formatted(sink, why));
        }
    }

    /**
     * Adds what concerns telemetry to the options of a backend.
     *
     * @param given the options that the user gave for the backend
     * @return those, and the number of PASIDs with series of their own
     * @throws TelemetryException if that number makes no sense
     */
    public Map<String, String> options(Map<String, String> given) {
        Integer series = pasidSeries;
        if (series == null) {
            return given;
        }
        if (series < 0 || series > MOST_SERIES) {
            throw new TelemetryException(
                    "--pasid-series %d is not 0 to %d".formatted(series, MOST_SERIES));
        }
        Map<String, String> all = new HashMap<>(given);
        all.put("pasid-series", series.toString());
        return Map.copyOf(all);
    }

    /**
     * Tells whether there is a sink that belongs to one JVM: a file, a page, a terminal.
     *
     * @return false if everything that was asked for can be told by several JVMs
     */
    public boolean isForOneJvm() {
        return !sinks.isEmpty();
    }

    /**
     * The options for a JVM that does part of the work: what several can tell at once, which is an
     * OTLP receiver.
     *
     * @return arguments of a command line
     */
    public List<String> childArguments() {
        List<String> arguments = new ArrayList<>();
        String receiver = endpoint;
        if (receiver != null) {
            arguments.addAll(List.of("--otlp", receiver));
        }
        Integer series = pasidSeries;
        if (series != null) {
            arguments.addAll(List.of("--pasid-series", series.toString()));
        }
        return arguments;
    }
}
