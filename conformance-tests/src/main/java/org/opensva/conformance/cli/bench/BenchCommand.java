package org.opensva.conformance.cli.bench;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.measure.MeasuredBackend;
import org.opensva.conformance.report.AtomicFiles;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code opensva bench}: what everything costs, beside what this machine can do at best. */
@Command(
        name = "bench",
        header = "Measure what translations, DMA, unmapping, binds and jobs cost.",
        description = {
            "Each figure is measured by JMH in a process of its own. The limits of this machine"
                + " that belong to them are measured in the same run, whatever the filter: compare"
                + " ratios, not nanoseconds.",
            "All figures take about an hour, those of --quick ten minutes; use the machine for"
                    + " nothing else meanwhile. A target that is missed is shown and fails nothing."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva bench --quick --json before.json",
            "  opensva bench --quick --compare before.json",
            "  opensva bench --compare before.json --compare after.json",
            "  opensva bench --filter '*Hit' --filter arrayLookup --svg cost.svg",
            "  opensva bench --filter mapTouchUnmap --param resident=1000,1000000",
            "  opensva bench --quick --backend acme --plugin acme.jar"
        })
public final class BenchCommand implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int FAILED = 1;

    /** More pages, entries or bytes than any benchmark was made for. */
    private static final int MOST = 10_000_000;

    private final PrintWriter out;
    private final Consumer<String> complaint;
    private final Consumer<String> progress;
    private final AtomicFiles files;
    private final Function<Optional<String>, Optional<MeasuredBackend>> backends;

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--filter",
            paramLabel = "GLOB",
            description = "Only benchmarks of these names, * for any text; may be repeated.")
    private List<String> globs = List.of();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = {
                "Measure this backend instead of those that belong to this program: its jobs, and,"
                        + " if its module binds the layers, all that devices cost."
            })
    private @Nullable String backend;

    @Option(names = "--list", description = "Only name the benchmarks and their parameters.")
    private boolean list;

    @Option(
            names = "--quick",
            description = "Rough figures, of few working sets, and without those that few need.")
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

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description = {
                "Tell what takes longer than in this JSON of an earlier run.",
                "Given twice: compare the two, and measure nothing."
            })
    private List<Path> earlier = List.of();

    private boolean failed;

    /**
     * Creates the command.
     *
     * @param out where figures go
     * @param complaint takes one line for each thing that goes wrong
     * @param progress takes a line that replaces the one before; an empty one ends it
     * @param files how files are written
     * @param backends finds the backend that is measured instead of this project's, given its name
     */
    public BenchCommand(
            PrintWriter out,
            Consumer<String> complaint,
            Consumer<String> progress,
            AtomicFiles files,
            Function<Optional<String>, Optional<MeasuredBackend>> backends) {
        this.out = out;
        this.complaint = complaint;
        this.progress = progress;
        this.files = files;
        this.backends = backends;
    }

    @Override
    public Integer call() throws IOException {
        failed = false;
        List<List<Figure>> runs = check();
        if (runs.size() == 2) {
            compare(runs.getFirst(), runs.getLast());
            return GOOD;
        }
        Optional<MeasuredBackend> measured = backends.apply(Optional.ofNullable(backend));
        Plan plan =
                new Plan(
                        new Selection(globs, quick, values()),
                        measured.map(Plan::known).orElseGet(Plan::known));
        check(plan.chosen());
        if (list) {
            list(plan);
            return GOOD;
        }
        Environment environment = Environment.before(quick, forks);
        List<Figure> figures = measure(plan, measured);
        if (figures.isEmpty()) {
            return FAILED;
        }
        Report report = new Report(figures);
        write(figures, environment);
        report.table().forEach(out::println);
        report.latencies().forEach(out::println);
        out.println(report.summary());
        environment.warning().ifPresent(out::println);
        for (List<Figure> before : runs) {
            compare(before, figures);
        }
        return failed ? FAILED : GOOD;
    }

    private void list(Plan plan) {
        TextTable table = new TextTable(2, 2, "benchmark", "parameters");
        plan.chosen()
                .forEach((benchmark, known) ->
                        table.row(
                                Plan.simple(benchmark),
                                known.declared().entrySet().stream()
                                        .map(one ->
                                                one.getKey()
                                                        + "="
                                                        + String.join(",", one.getValue()))
                                        .collect(Collectors.joining(" "))));
        table.lines().forEach(out::println);
    }

    private void compare(List<Figure> before, List<Figure> after) {
        Comparison comparison = new Comparison(before, after);
        comparison.table().forEach(out::println);
        out.println(comparison.summary());
    }

    private List<Figure> measure(Plan plan, Optional<MeasuredBackend> measured) {
        try {
            List<String> told = measured.map(MeasuredBackend::jvmArguments).orElse(List.of());
            return new Measurement(quick, forks, told)
                    .of(
                            plan,
                            new Watch(plan.points(), progress, this::complain, System::nanoTime),
                            this::complain);
        } finally {
            progress.accept("");
        }
    }

    private void write(List<Figure> figures, Environment environment) throws IOException {
        if (json != null) {
            files.write(json, new Report(figures).json(environment));
        }
        CostPicture picture = new CostPicture(figures);
        if (svg != null && picture.isEmpty()) {
            complain("'%s' is not written: no figure has a working set".formatted(svg));
        } else if (svg != null) {
            files.write(svg, picture.svg());
        }
    }

    private void complain(String line) {
        failed = true;
        progress.accept("");
        complaint.accept(line);
    }

    private ParameterException refused(String reason) {
        CommandSpec known = spec;
        if (known == null) {
            throw new IllegalStateException(reason);
        }
        return new ParameterException(known.commandLine(), reason);
    }

    /** Refuses what cannot be done before anything is measured, and reads the earlier runs. */
    private List<List<Figure>> check() {
        if (forks < 1 || forks > 10) {
            throw refused("--forks is %d, allowed: 1 to 10".formatted(forks));
        }
        if (earlier.size() > 2) {
            throw refused("--compare is given %d times, allowed: twice".formatted(earlier.size()));
        }
        List<List<Figure>> runs = new ArrayList<>();
        for (Path file : earlier) {
            try {
                runs.add(EarlierRun.read(file));
            } catch (EarlierRun.Unusable e) {
                throw refused("'%s' %s".formatted(file, e.getMessage()));
            }
        }
        for (Path file : new @Nullable Path[] {json, svg}) {
            if (file != null) {
                // Not after an hour of measuring.
                prepare(file);
            }
        }
        return runs;
    }

    private void prepare(Path file) {
        if (Files.isDirectory(file)) {
            throw refused("'%s' is a directory".formatted(file));
        }
        try {
            files.begin(file, true).close();
        } catch (IOException e) {
            throw refused("'%s' cannot be written: %s".formatted(file, Reason.of(e)));
        }
    }

    private Map<String, List<String>> values() {
        Map<String, List<String>> values = new TreeMap<>();
        parameters.forEach((name, text) -> values.put(name, List.of(text.split(",", -1))));
        return values;
    }

    private void check(SortedMap<String, Plan.Known> chosen) {
        for (String glob : globs) {
            if (chosen.keySet().stream().noneMatch(Selection.pattern(glob).asMatchPredicate())) {
                throw refused("no benchmark is named like %s; --list names them".formatted(glob));
            }
        }
        SortedMap<String, Set<String>> declared = new TreeMap<>();
        for (Plan.Known known : chosen.values()) {
            known.declared()
                    .forEach((name, values) ->
                            declared.computeIfAbsent(name, key -> new TreeSet<>()).addAll(values));
        }
        values().forEach((name, values) -> check(name, values, declared));
    }

    private void check(String name, List<String> values, SortedMap<String, Set<String>> declared) {
        Set<String> own = declared.get(name);
        if (own == null) {
            throw refused(
                    declared.isEmpty()
                            ? "no chosen benchmark has parameters"
                            : "no chosen benchmark has a parameter '%s'; there are: %s"
                                    .formatted(name, String.join(", ", declared.keySet())));
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
}
