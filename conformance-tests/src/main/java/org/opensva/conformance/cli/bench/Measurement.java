package org.opensva.conformance.cli.bench;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Has JMH measure, each figure in a process of its own.
 *
 * @param quick whether short measurements are enough
 * @param forks processes for each figure
 * @param arguments what else those are started with
 */
record Measurement(boolean quick, int forks, List<String> arguments) {

    /** What JMH says when another one measures on this machine. */
    private static final String LOCKED = "jmh.lock";

    private static final List<String> JVM =
            jvm(
                    "--sun-misc-unsafe-memory-access=allow",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Dguice_bytecode_gen_option=DISABLED",
                    "-Xms1g",
                    "-Xmn512m",
                    "-Xmx6g",
                    "-XX:+UseParallelGC",
                    // Not the first touch of new memory, which costs a guest of KVM most.
                    "-XX:+AlwaysPreTouch");

    /** Large caches in pages of 4 KiB would measure the TLB of this machine; so for limits, too. */
    private static List<String> jvm(String... common) {
        boolean linux = System.getProperty("os.name", "").startsWith("Linux");
        return Stream.concat(
                        Stream.of(common),
                        linux ? Stream.of("-XX:+UseTransparentHugePages") : Stream.empty())
                .toList();
    }

    /**
     * The figures of a plan, those of a class together.
     *
     * @param plan what to measure
     * @param watch hears how far it is
     * @param complaint hears why the rest is not measured, if that happens
     */
    List<Figure> of(Plan plan, OutputFormat watch, Consumer<String> complaint) {
        List<RunResult> results = new ArrayList<>();
        try {
            for (Plan.Pass pass : plan.passes()) {
                results.addAll(new Runner(options(pass), watch).run());
            }
        } catch (RunnerException e) {
            complaint.accept(reason(String.valueOf(e.getMessage())));
        }
        results.sort(Comparator.comparing(result -> result.getParams().getBenchmark()));
        return Figure.of(results);
    }

    private static String reason(String message) {
        return message.contains(LOCKED)
                ? "another benchmark is running on this machine"
                : message.lines().findFirst().orElse("JMH stopped");
    }

    private Options options(Plan.Pass pass) {
        OptionsBuilder options = new OptionsBuilder();
        pass.benchmarks().forEach(name -> options.include("^" + Pattern.quote(name) + "$"));
        ChainedOptionsBuilder chosen =
                options.forks(forks)
                        // As long in a quick run: else it would not be compiled what is measured.
                        .warmupIterations(4)
                        .warmupTime(TimeValue.milliseconds(500))
                        .measurementIterations(quick ? 3 : 7)
                        .measurementTime(TimeValue.milliseconds(quick ? 300 : 500))
                        .timeout(TimeValue.minutes(2))
                        .timeUnit(TimeUnit.NANOSECONDS)
                        .addProfiler(GCProfiler.class)
                        .verbosity(VerboseMode.SILENT)
                        .shouldFailOnError(false)
                        .jvmArgsAppend(
                                Stream.concat(JVM.stream(), arguments.stream())
                                        .toArray(String[]::new));
        pass.values().forEach((name, all) -> chosen.param(name, all.toArray(String[]::new)));
        return options.build();
    }
}
