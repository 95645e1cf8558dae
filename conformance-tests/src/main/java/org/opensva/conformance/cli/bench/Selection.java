package org.opensva.conformance.cli.bench;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the user chose.
 *
 * @param globs names of benchmarks, {@code *} for any text; empty for all
 * @param quick whether a rough figure of fewer working sets is enough
 * @param parameters values that replace those of the benchmarks
 */
record Selection(List<String> globs, boolean quick, Map<String, List<String>> parameters) {

    /** Where all benchmarks are. */
    static final String PACKAGE = "org.opensva.conformance.measure.";

    /** What a quick run measures with, where a benchmark has it and the user does not say. */
    private static final Map<String, List<String>> QUICK =
            Map.of(
                    "pages", List.of("1000"),
                    "resident", List.of("1000"),
                    "bound", List.of("atc"),
                    "spaces", List.of("1024"),
                    "processes", List.of("1000"),
                    "devices", List.of("10"),
                    "queues", List.of("1"));

    /** Where a quick run shows what a larger working set costs. */
    private static final Set<String> LARGE_TOO = Set.of("atcHit", "iotlbHit");

    /** What a quick run leaves out, unless it is asked for by name. */
    private static final List<Pattern> NOT_QUICK =
            List.of(
                    pattern("TelemetryBenchmark.*"),
                    pattern("ScaleBenchmark.*"),
                    pattern("*HitOfMost"),
                    pattern("dmaReadUntranslated"),
                    pattern("crc32c*"),
                    pattern("copyJobAtASharedQueue"),
                    pattern("mapTouchUnmapRange"),
                    pattern("invalidatePageAndWalk"));

    /** The full names of the benchmarks that a glob chooses. */
    static Pattern pattern(String glob) {
        StringBuilder pattern = new StringBuilder(Pattern.quote(PACKAGE)).append("(.*\\.)?");
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            pattern.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(pattern.append('$').toString());
    }

    /** Whether a benchmark is chosen. */
    boolean has(String benchmark) {
        return globs.isEmpty()
                ? !quick || isNone(NOT_QUICK, benchmark)
                : !isNone(globs.stream().map(Selection::pattern).toList(), benchmark);
    }

    private static boolean isNone(Collection<Pattern> patterns, String benchmark) {
        return patterns.stream().noneMatch(pattern -> pattern.matcher(benchmark).matches());
    }

    /** The values of a parameter that a benchmark is measured with. */
    Set<String> values(String benchmark, String parameter, List<String> declared) {
        List<String> given = parameters.get(parameter);
        if (given != null) {
            return new LinkedHashSet<>(given);
        }
        Set<String> values = new LinkedHashSet<>(declared);
        List<String> few = QUICK.get(parameter);
        if (quick && few != null) {
            values.retainAll(few);
            if (values.isEmpty()) {
                values.add(declared.getFirst());
            } else if (parameter.equals("pages") && LARGE_TOO.contains(Plan.simple(benchmark))) {
                values.add("100000");
            }
        }
        return values;
    }
}
