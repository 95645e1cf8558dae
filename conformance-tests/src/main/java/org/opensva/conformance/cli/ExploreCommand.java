package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.programs.Claims;
import org.opensva.conformance.programs.Finding;
import org.opensva.conformance.programs.Program;
import org.opensva.conformance.programs.ProgramRunner;
import org.opensva.conformance.programs.Shrinker;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** {@code opensva explore}: random programs on a backend, beside the contract. */
@Command(
        name = "explore",
        header = "Run random programs on a backend, and make what breaks the contract small.",
        description = {
            "Each program is a sequence of system calls, loads, stores and device accesses of"
                    + " several processes; each step is compared with what the contract says. The"
                    + " first step that differs is reported with the fewest steps that show it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva explore --backend emulated:smmuv3",
            "  opensva explore --backend acme --plugin acme.jar --minutes 10 --seed 7",
            "  opensva explore --backend acme --plugin acme.jar --program found.txt",
            "  opensva explore --backend acme --plugin acme.jar --races --minutes 10"
        })
final class ExploreCommand implements Callable<Integer> {

    private static final int SHRINKING = 2000;

    private final Context context;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private ProgramOptions chosen = new ProgramOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = "The backend; default ${DEFAULT-VALUE}.",
            defaultValue = "emulated:smmuv3")
    private String name = "";

    @Option(
            names = "--races",
            description =
                    "Races instead of programs: threads and devices at once, whose accesses are"
                            + " recorded and then explained, or not.")
    private boolean races;

    ExploreCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        chosen.check();
        Program program = chosen.given();
        if (races && program != null) {
            throw new UsageException("--races and --program exclude each other");
        }
        try (Plugins plugins = given.load()) {
            String selector = plugins.catalog().resolve(name);
            try (Telemetry told = context.telemetry().apply(telemetry);
                    Backend backend =
                            chosen.limits()
                                    .reaching(plugins.catalog())
                                    .open(
                                            selector,
                                            telemetry.options(given.options()),
                                            told.api())) {
                return races ? race(backend, selector) : explore(backend, selector, program);
            } catch (BackendException e) {
                throw new UsageException(selector + ": " + e.getMessage(), e);
            }
        }
    }

    private int explore(Backend backend, String selector, @Nullable Program program) {
        Claims claims;
        try {
            claims = Claims.of(backend);
        } catch (IllegalArgumentException e) {
            throw new UsageException(selector + ": " + e.getMessage(), e);
        }
        ProgramRunner runner = new ProgramRunner(backend, claims, chosen.limits());
        List<Finding> found = new ArrayList<>();
        Predicate<Program> clean =
                candidate -> {
                    runner.run(candidate).finding().ifPresent(found::add);
                    return found.isEmpty();
                };
        int programs = 1;
        if (program == null) {
            programs = chosen.each(claims, context.nanoTime(), clean);
        } else {
            boolean _ = clean.test(program); // what it finds is in "found"
        }
        if (found.isEmpty()) {
            say(
                    "%s: %d %s, nothing breaks the contract"
                            .formatted(selector, programs, programs == 1 ? "program" : "programs"));
            return ExitStatus.GOOD;
        }
        Finding small =
                new Shrinker(candidate -> runner.run(candidate).finding(), SHRINKING)
                        .shrink(found.getFirst());
        say("%s: program %d breaks the contract".formatted(selector, programs));
        say("");
        say("# " + small.summary());
        say(small.program().text().stripTrailing());
        return ExitStatus.FOUND;
    }

    private int race(Backend backend, String selector) {
        RaceHunt hunt = new RaceHunt(backend, chosen.limits());
        List<String> found = new ArrayList<>();
        long[] last = {0};
        int rounds =
                chosen.eachRound(
                        context.nanoTime(),
                        seed -> {
                            last[0] = seed;
                            hunt.run(seed).ifPresent(found::add);
                            return found.isEmpty();
                        });
        if (found.isEmpty()) {
            say(
                    "%s: %d races of each of %d kinds, every access is explained"
                            .formatted(selector, rounds, hunt.kinds()));
            return ExitStatus.GOOD;
        }
        say("%s: race %d breaks the contract".formatted(selector, rounds));
        say("");
        say("# " + Console.oneLine(found.getFirst()));
        say(
                "# again, as chance has it: opensva explore --races --backend %s --seed 0x%x"
                        .formatted(selector, last[0]));
        return ExitStatus.FOUND;
    }

    private void say(String line) {
        context.console().out().println(line);
    }
}
