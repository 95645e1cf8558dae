package org.opensva.conformance.cli.bench;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.opensva.conformance.report.AtomicFiles;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** {@code opensva bench}: what everything costs, beside what this machine can do at best. */
@Command(
        name = "bench",
        header = "Measure what translations, DMA, unmapping, binds and jobs cost.",
        description = {
            "Each figure is measured by JMH in a process of its own. The limits of this machine"
                + " that belong to them are measured in the same run, whatever the filter: compare"
                + " ratios, not nanoseconds.",
            "A target that is missed is shown and fails nothing."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva bench --quick",
            "  opensva bench --filter '*Hit' --filter arrayLookup --svg cost.svg",
            "  opensva bench --filter mapTouchUnmap --param resident=1000,1000000 --json b.json"
        })
public final class BenchCommand implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int FAILED = 1;

    /** More pages, entries or bytes than any benchmark was made for. */
    private static final int MOST = 10_000_000;

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

    private final PrintWriter out;
    private final Consumer<String> complaint;
    private final Consumer<String> progress;
    private final AtomicFiles files;

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--filter",
            paramLabel = "GLOB",
            description = "Only benchmarks of these names, * for any text; may be repeated.")
    private List<String> globs = List.of();

    @Option(names = "--list", description = "Only name the benchmarks.")
    private boolean list;

    @Option(names = "--quick", description = "Rough figures, fewer of them, in ten minutes.")
    private boolean quick;

    @Option(
            names = "--param",
            paramLabel = "NAME=VALUE[,VALUE]",
            description =
                    "Measure with these values instead of all; for another parameter once more.")
    private Map<String, String> parameters = Map.of();

    @Option(
            names = "--forks",
            paramLabel = "N",
            defaultValue = "1",
            description = "Processes for each figure, 1 to 10 (default: ${DEFAULT-VALUE}).")
    private int forks;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures as JSON.")
    private @Nullable Path json;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw cost against working set.")
    private @Nullable Path svg;

    private boolean failed;

    /** Large caches in pages of 4 KiB would measure the TLB of this machine; so for limits, too. */
    private static List<String> jvm(String... common) {
        boolean linux = System.getProperty("os.name", "").startsWith("Linux");
        return Stream.concat(
                        Stream.of(common),
                        linux ? Stream.of("-XX:+UseTransparentHugePages") : Stream.empty())
                .toList();
    }

    /**
     * Creates the command.
     *
     * @param out where figures go
     * @param complaint takes one line for each thing that goes wrong
     * @param progress takes a line that replaces the one before; an empty one ends it
     * @param files how files are written
     */
    public BenchCommand(
            PrintWriter out,
            Consumer<String> complaint,
            Consumer<String> progress,
            AtomicFiles files) {
        this.out = out;
        this.complaint = complaint;
        this.progress = progress;
        this.files = files;
    }

    @Override
    public Integer call() throws IOException {
        failed = false;
        check();
        Selection selection = new Selection(globs, quick, values(), forks);
        Options options = selection.options(JVM).build();
        Set<BenchmarkListEntry> chosen = chosen(options);
        if (list) {
            chosen.stream()
                    .map(entry -> entry.getUsername().replaceFirst(".*\\.", ""))
                    .distinct()
                    .forEach(out::println);
            return GOOD;
        }
        Set<String> names = new TreeSet<>();
        chosen.forEach(entry -> names.add(entry.getUsername().replaceFirst(".*\\.", "")));
        Options all = selection.with(Limit.of(names)).options(JVM).build();
        Report report = new Report(measure(all, points(found(all), all)));
        report.table().forEach(out::println);
        report.latencies().forEach(out::println);
        out.println(report.summary());
        return failed ? FAILED : GOOD;
    }

    private ParameterException refused(String reason) {
        CommandSpec known = spec;
        if (known == null) {
            throw new IllegalStateException(reason);
        }
        return new ParameterException(known.commandLine(), reason);
    }

    private void prepare(Path file) {
        try {
            files.begin(file, true).close();
        } catch (IOException e) {
            throw refused("'%s' cannot be written: %s".formatted(file, reason(e)));
        }
    }

    private static String reason(IOException e) {
        return e instanceof NoSuchFileException
                ? "its folder does not exist"
                : String.valueOf(e.getMessage());
    }

    private void check() {
        if (forks < 1 || forks > 10) {
            throw refused("--forks is %d, allowed: 1 to 10".formatted(forks));
        }
        for (Path file : new @Nullable Path[] {json, svg}) {
            if (file != null) {
                // Not after twenty minutes of measuring.
                prepare(file);
            }
        }
    }

    private Map<String, List<String>> values() {
        Map<String, List<String>> values = new TreeMap<>();
        parameters.forEach((name, text) -> values.put(name, List.of(text.split(",", -1))));
        return values;
    }

    private static Set<BenchmarkListEntry> found(Options options) {
        return new TreeSet<>(
                BenchmarkList.defaultList()
                        .find(
                                OutputFormatFactory.createFormatInstance(
                                        System.err, VerboseMode.SILENT),
                                options.getIncludes(),
                                options.getExcludes()));
    }

    private Set<BenchmarkListEntry> chosen(Options options) {
        Set<BenchmarkListEntry> chosen = found(options);
        if (chosen.isEmpty()) {
            throw refused(
                    "no benchmark is named like %s; --list names them"
                            .formatted(String.join(" or ", globs)));
        }
        Map<String, Set<String>> known = new TreeMap<>();
        for (BenchmarkListEntry entry : chosen) {
            entry.getParams()
                    .orElse(Map.of())
                    .forEach((name, values) ->
                            known.computeIfAbsent(name, key -> new TreeSet<>())
                                    .addAll(List.of(values)));
        }
        values().forEach((name, values) -> check(name, values, known));
        return chosen;
    }

    private void check(String name, List<String> values, Map<String, Set<String>> known) {
        Set<String> own = known.get(name);
        if (own == null) {
            throw refused(
                    known.isEmpty()
                            ? "no chosen benchmark has parameters"
                            : "no chosen benchmark has a parameter '%s'; there are: %s"
                                    .formatted(name, String.join(", ", known.keySet())));
        }
        boolean numbers = own.stream().allMatch(value -> value.matches("\\d+"));
        for (String value : values) {
            if (numbers ? !isCount(value) : !own.contains(value)) {
                throw refused(
                        "--param %s is '%s', allowed: %s"
                                .formatted(
                                        name,
                                        value,
                                        numbers ? "1 to " + MOST : String.join(", ", own)));
            }
        }
    }

    private static boolean isCount(String value) {
        return value.matches("[1-9]\\d{0,7}") && Integer.parseInt(value) <= MOST;
    }

    /** How many figures there will be. */
    private static int points(Collection<BenchmarkListEntry> chosen, Options options) {
        int points = 0;
        for (BenchmarkListEntry entry : chosen) {
            int of = 1;
            Map<String, String[]> params = entry.getParams().orElse(Map.of());
            for (Map.Entry<String, String[]> param : params.entrySet()) {
                of *= options.getParameter(param.getKey()).orElse(List.of(param.getValue())).size();
            }
            points += of;
        }
        return points;
    }

    private List<Figure> measure(Options options, int points) throws IOException {
        List<Figure> figures = List.of();
        try {
            Runner runner =
                    new Runner(
                            options, new Watch(points, progress, this::complain, System::nanoTime));
            figures = Figure.of(runner.run());
        } catch (NoBenchmarksException e) {
            throw refused("no benchmark has these parameters");
        } catch (RunnerException e) {
            complain(String.valueOf(e.getMessage()).lines().findFirst().orElse("JMH stopped"));
        } finally {
            progress.accept("");
        }
        Report report = new Report(figures);
        if (json != null) {
            files.write(json, report.json());
        }
        CostPicture picture = new CostPicture(figures);
        if (svg != null && !picture.isEmpty()) {
            files.write(svg, picture.svg());
        }
        return figures;
    }

    private void complain(String line) {
        failed = true;
        progress.accept("");
        complaint.accept(line);
    }
}
