package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.soak.Soak;
import org.opensva.conformance.soak.SoakResult;
import org.opensva.conformance.soak.SoakSettings;
import org.opensva.conformance.suite.bench.Limits;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.concurrent.Callable;

/** {@code opensva soak}: everything at once for a long time, and an audit. */
@Command(
        name = "soak",
        header = "Run processes, devices and their ends together, and look for what is left.",
        description = {
            "Threads make, fork, change, kill and end processes while devices work for them, in"
                + " epochs. After each epoch everything is closed, and the backend must have"
                + " nothing in use that it had not at first. The last epoch of a machine removes"
                + " its devices; then it is closed, and none of its threads may be left."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva soak --minutes 10",
            "  opensva soak --backend emulated:vtd-dual --minutes 60 --threads 8",
            "  opensva soak --backend acme --plugin acme.jar --seed 7 --epochs 3"
        })
final class SoakCommand implements Callable<Integer> {

    private static final int MAX_MINUTES = 60 * 24 * 365;

    private final Context context;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = "The backend; default ${DEFAULT-VALUE}.",
            defaultValue = "emulated:smmuv3")
    private String name = "";

    @Option(
            names = "--minutes",
            paramLabel = "M",
            description = "For how long; default ${DEFAULT-VALUE}.",
            defaultValue = "1")
    private double minutes;

    @Option(names = "--epochs", paramLabel = "N", description = "Not more than that many epochs.")
    private @Nullable Integer epochs;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps of each thread in an epoch; default ${DEFAULT-VALUE}.",
            defaultValue = "200")
    private int steps;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "How many threads work at once, 1 to 64; default ${DEFAULT-VALUE}.",
            defaultValue = "4")
    private int threads;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = Seed.class,
            description = "Chooses what is done; the same by default.")
    private long seed = 1;

    @Option(
            names = "--timeout-factor",
            paramLabel = "F",
            description =
                    "Multiply every time limit, for slow or busy machines; above 1 also the"
                            + " backend's own, by its option 'timeout-factor'.")
    private double timeoutFactor = 1;

    SoakCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        SoakSettings settings = settings();
        try (Plugins plugins = given.load();
                Telemetry told = context.telemetry().apply(telemetry);
                ProgressLine line = new ProgressLine(context.console(), context.nanoTime())) {
            String selector = plugins.catalog().resolve(given.profiledOr(name, plugins));
            Soak soak =
                    new Soak(
                            settings,
                            () ->
                                    settings.limits()
                                            .reaching(plugins.catalog())
                                            .open(
                                                    selector,
                                                    telemetry.options(given.options()),
                                                    told.api()),
                            (machine, epoch, done) ->
                                    line.show(
                                            "%s machine %d, epoch %d, %d steps"
                                                    .formatted(selector, machine, epoch, done)));
            long begin = context.nanoTime().getAsLong();
            SoakResult result;
            try {
                result = soak.run();
            } catch (IllegalArgumentException | BackendException e) {
                throw new UsageException(selector + ": " + e.getMessage(), e);
            }
            line.clear();
            return report(selector, result, (context.nanoTime().getAsLong() - begin) * 1e-9);
        }
    }

    private SoakSettings settings() {
        if (!(minutes > 0 && minutes <= MAX_MINUTES)) {
            throw new UsageException("--minutes %s is not above 0".formatted(minutes));
        }
        if (!(timeoutFactor > 0 && timeoutFactor <= 1000)) {
            throw new UsageException(
                    "time-out factor %s is not above 0 and at most 1000".formatted(timeoutFactor));
        }
        Integer most = epochs;
        try {
            return new SoakSettings(
                    seed,
                    threads,
                    steps,
                    20,
                    Duration.ofNanos((long) (minutes * 60e9)),
                    most == null ? Integer.MAX_VALUE : most,
                    new Limits(timeoutFactor));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    private int report(String selector, SoakResult result, double seconds) {
        say(
                "%s, seed 0x%x: %d epochs on %d machines, %d steps, %.1f s"
                        .formatted(
                                selector,
                                seed,
                                result.epochs(),
                                result.machines(),
                                result.steps(),
                                seconds));
        result.counts()
                .forEach((what, count) -> {
                    if (count > 0) {
                        say("%12d %s".formatted(count, what));
                    }
                });
        result.unseen().forEach(what -> say("not looked at: " + what));
        if (result.finding().isEmpty()) {
            say("nothing broke, nothing is left");
            return ExitStatus.GOOD;
        }
        say("found: " + Console.oneLine(result.finding().get().summary()));
        return ExitStatus.FOUND;
    }

    private void say(String line) {
        context.console().out().println(line);
    }
}
