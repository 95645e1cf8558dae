package org.opensva.conformance.cli.bench;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What is measured and how long.
 *
 * @param globs names of benchmarks, {@code *} for any text; empty for all
 * @param quick whether a rough figure in little time is enough
 * @param parameters values that replace those of the benchmarks
 * @param forks processes for each figure
 */
record Selection(
        List<String> globs, boolean quick, Map<String, List<String>> parameters, int forks) {

    private static final String PACKAGE = "org.opensva.conformance.measure.";

    /** What a quick run measures with, where the user does not say. */
    private static final Map<String, List<String>> QUICK =
            Map.of(
                    "pages", List.of("1000", "100000"),
                    "resident", List.of("1000"),
                    "bound", List.of("atc"),
                    "spaces", List.of("1024"),
                    "processes", List.of("1000"),
                    "devices", List.of("10"),
                    "queues", List.of("1"));

    /** The benchmarks that a glob chooses, as JMH wants it. */
    static String pattern(String glob) {
        StringBuilder pattern = new StringBuilder(Pattern.quote(PACKAGE)).append("(.*\\.)?");
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            pattern.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return pattern.append('$').toString();
    }

    /** The same with some benchmarks more. */
    Selection with(Set<String> more) {
        List<String> all = new ArrayList<>(globs);
        if (!globs.isEmpty()) {
            all.addAll(more);
        }
        return new Selection(all, quick, parameters, forks);
    }

    OptionsBuilder options(List<String> jvmArguments) {
        OptionsBuilder options = new OptionsBuilder();
        for (String glob : globs.isEmpty() ? List.of("*") : globs) {
            options.include(pattern(glob));
        }
        ChainedOptionsBuilder chosen =
                options.forks(forks)
                        .warmupIterations(quick ? 2 : 4)
                        .warmupTime(TimeValue.milliseconds(quick ? 300 : 500))
                        .measurementIterations(quick ? 3 : 7)
                        .measurementTime(TimeValue.milliseconds(quick ? 300 : 500))
                        .timeout(TimeValue.minutes(2))
                        .timeUnit(TimeUnit.NANOSECONDS)
                        .addProfiler(GCProfiler.class)
                        .verbosity(VerboseMode.SILENT)
                        .shouldFailOnError(false)
                        .jvmArgsAppend(jvmArguments.toArray(String[]::new));
        Map<String, List<String>> values = new HashMap<>(quick ? QUICK : Map.of());
        values.putAll(parameters);
        values.forEach((name, all) -> chosen.param(name, all.toArray(String[]::new)));
        return options;
    }
}
