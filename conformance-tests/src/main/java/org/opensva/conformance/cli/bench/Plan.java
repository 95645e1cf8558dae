package org.opensva.conformance.cli.bench;

import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.opensva.conformance.measure.MeasuredBackend;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What is measured: the chosen benchmarks, each with its parameters, and what their figures are
 * held against, with what it takes to stand beside them.
 */
final class Plan {

    /** What starts processes by the thousand, which on a real machine are real ones. */
    private static final Pattern CROWDED =
            Pattern.compile(".*\\.(ScaleBenchmark|SpacesBenchmark)\\..*");

    /** What is measured of this project's parts and of no other backend. */
    private static final Pattern OURS =
            Pattern.compile(
                    ".*\\.(hardware\\..*|TelemetryBenchmark\\..*|HostAccessBenchmark\\..*)");

    private final SortedMap<String, Known> known;
    private final SortedMap<String, SortedMap<String, Set<String>>> values = new TreeMap<>();
    private final Set<String> chosen = new TreeSet<>();

    /**
     * A benchmark that there is.
     *
     * @param modes in how many ways JMH measures it
     * @param declared its parameters and their values
     */
    record Known(int modes, SortedMap<String, List<String>> declared) {}

    /**
     * Benchmarks that JMH measures in one go.
     *
     * @param benchmarks their full names
     * @param values the parameters of each of them
     */
    record Pass(Set<String> benchmarks, SortedMap<String, Set<String>> values) {}

    Plan(Selection selection, SortedMap<String, Known> known) {
        this.known = known;
        known.forEach((benchmark, is) -> {
            if (selection.has(benchmark)) {
                chosen.add(benchmark);
                SortedMap<String, Set<String>> own = new TreeMap<>();
                is.declared.forEach((parameter, declared) ->
                        own.put(parameter, selection.values(benchmark, parameter, declared)));
                values.put(benchmark, own);
            }
        });
        for (String benchmark : chosen) {
            String name = simple(benchmark);
            Limit.of(name).forEach(limit -> add(limit, values(benchmark)));
            Target.of(name).forEach(limit -> add(limit, values(benchmark)));
        }
        // A parameter of what was added that nothing asked for.
        values.forEach((benchmark, own) ->
                known(benchmark)
                        .declared
                        .forEach((parameter, declared) -> {
                            if (!own.containsKey(parameter)) {
                                own.put(
                                        parameter,
                                        selection.values(benchmark, parameter, declared));
                            }
                        }));
    }

    /** The benchmarks that JMH knows, by their full names. */
    static SortedMap<String, Known> known() {
        SortedMap<String, Known> known = new TreeMap<>();
        for (BenchmarkListEntry entry :
                BenchmarkList.defaultList()
                        .find(
                                OutputFormatFactory.createFormatInstance(
                                        System.err, VerboseMode.SILENT),
                                List.of(Selection.pattern("*").pattern()),
                                List.of())) {
            SortedMap<String, List<String>> declared = new TreeMap<>();
            Map<String, String[]> params = entry.getParams().orElse(Map.of());
            params.forEach((parameter, all) -> declared.put(parameter, List.of(all)));
            known.merge(
                    entry.getUsername(),
                    new Known(1, declared),
                    (one, other) -> new Known(one.modes + other.modes, declared));
        }
        return known;
    }

    /** The benchmarks that can measure another backend, and with which parameters they do. */
    static SortedMap<String, Known> known(MeasuredBackend backend) {
        SortedMap<String, Known> known = known();
        known.keySet().removeIf(name -> OURS.matcher(name).matches());
        if (backend.selector().startsWith("native:")) {
            known.keySet().removeIf(name -> CROWDED.matcher(name).matches());
        }
        if (!backend.hasSizes()) {
            known.keySet().removeIf(name -> simple(name).startsWith("walk"));
        }
        if (!backend.isLayered()) {
            known.values().removeIf(one -> one.declared.containsKey("iommu"));
        }
        known.values()
                .forEach(one ->
                        one.declared.replaceAll((parameter, values) ->
                                parameter.equals("iommu") || parameter.equals("backend")
                                        ? List.of(backend.selector())
                                        : values));
        return known;
    }

    /** The name of a benchmark without its class. */
    static String simple(String benchmark) {
        return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    private Known known(String benchmark) {
        return Optional.ofNullable(known.get(benchmark)).orElseThrow();
    }

    private SortedMap<String, Set<String>> values(String benchmark) {
        return Optional.ofNullable(values.get(benchmark)).orElseThrow();
    }

    /** Has what stands beside a figure measured with the working sets of the figure. */
    private void add(Limit limit, SortedMap<String, Set<String>> of) {
        known.forEach((benchmark, is) -> {
            if (simple(benchmark).equals(limit.benchmark()) && fits(limit, of, is.declared)) {
                SortedMap<String, Set<String>> own =
                        values.computeIfAbsent(benchmark, name -> new TreeMap<>());
                limit.keys().forEach((from, to) -> add(own, to, of.getOrDefault(from, Set.of())));
                limit.fixed().forEach((parameter, value) -> add(own, parameter, Set.of(value)));
            }
        });
    }

    /** Whether a benchmark of the right name can be the limit of a figure with these parameters. */
    private static boolean fits(
            Limit limit,
            SortedMap<String, Set<String>> of,
            SortedMap<String, List<String>> declared) {
        return limit.only().entrySet().stream()
                        .allMatch(one ->
                                of.getOrDefault(one.getKey(), Set.of()).contains(one.getValue()))
                && limit.keys().entrySet().stream()
                        .allMatch(key ->
                                of.containsKey(key.getKey())
                                        == declared.containsKey(key.getValue()))
                && declared.keySet().containsAll(limit.fixed().keySet());
    }

    private static void add(
            SortedMap<String, Set<String>> own, String parameter, Set<String> values) {
        if (!values.isEmpty()) {
            own.computeIfAbsent(parameter, name -> new LinkedHashSet<>()).addAll(values);
        }
    }

    /** The chosen benchmarks, by their full names, with what they declare. */
    SortedMap<String, Known> chosen() {
        SortedMap<String, Known> of = new TreeMap<>(known);
        of.keySet().retainAll(chosen);
        return of;
    }

    /** All that is measured; benchmarks with the same parameters together. */
    List<Pass> passes() {
        Map<SortedMap<String, Set<String>>, Set<String>> passes = new LinkedHashMap<>();
        values.forEach((benchmark, own) ->
                passes.computeIfAbsent(own, key -> new TreeSet<>()).add(benchmark));
        List<Pass> all = new ArrayList<>();
        passes.forEach((own, benchmarks) -> all.add(new Pass(benchmarks, own)));
        return all;
    }

    /** How many measurements that is. */
    int points() {
        int points = 0;
        for (Map.Entry<String, SortedMap<String, Set<String>>> entry : values.entrySet()) {
            int of = known(entry.getKey()).modes;
            for (Set<String> own : entry.getValue().values()) {
                of *= own.size();
            }
            points += of;
        }
        return points;
    }
}
