package org.opensva.conformance.cli.bench;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the machine that measures can do at best, beside a figure: a ratio of the two can be quoted
 * on any machine.
 *
 * @param benchmark the limit
 * @param keys which parameter of the figure has to be which of the limit
 */
record Limit(String benchmark, Map<String, String> keys) {

    private static final Limit LOOKUP = new Limit("arrayLookup", Map.of("pages", "pages"));
    private static final Limit LOADS = new Limit("fourDependentLoads", Map.of("pages", "pages"));
    private static final Limit AMONG = new Limit("arrayLookup", Map.of("resident", "pages"));
    private static final Limit CLOCK = new Limit("clock", Map.of());
    private static final Limit COPY = new Limit("bulkCopy", Map.of("bytes", "bytes"));

    private static final Map<String, Limit> OF =
            Map.ofEntries(
                    Map.entry("atcHit", LOOKUP),
                    Map.entry("atcHitByTwo", LOOKUP),
                    Map.entry("iotlbHit", LOOKUP),
                    Map.entry("iotlbHitByTwo", LOOKUP),
                    Map.entry("walkCacheHit", LOADS),
                    Map.entry("walk", LOADS),
                    Map.entry("walkAndFill", LOADS),
                    Map.entry("invalidatePage", AMONG),
                    Map.entry("invalidatePageAndWalk", AMONG),
                    Map.entry("invalidateSpace", AMONG),
                    Map.entry("driverCycle", AMONG),
                    Map.entry("invalidateRange", AMONG),
                    Map.entry("invalidateAll", AMONG),
                    Map.entry("unmap", CLOCK),
                    Map.entry("dmaRead", COPY),
                    Map.entry("dmaWrite", COPY),
                    Map.entry("dmaReadUntranslated", COPY));

    /**
     * A limit that was measured in the same run.
     *
     * @param benchmark which
     * @param median nanoseconds
     * @param ratio how many times that the figure is
     */
    record Beside(String benchmark, double median, double ratio) {}

    /** The limits that stand beside some figures. */
    static Set<String> of(Collection<String> benchmarks) {
        Set<String> limits = new TreeSet<>();
        for (String benchmark : benchmarks) {
            Limit limit = OF.get(benchmark);
            if (limit != null) {
                limits.add(limit.benchmark);
            }
        }
        return limits;
    }

    /** The limit beside a figure, if it was measured with the same working set. */
    static Optional<Beside> beside(Figure figure, List<Figure> all) {
        Limit limit = OF.get(figure.name());
        return limit == null
                ? Optional.empty()
                : all.stream()
                        .filter(candidate -> candidate.name().equals(limit.benchmark))
                        .filter(candidate -> limit.fits(figure, candidate))
                        .findFirst()
                        .map(found ->
                                new Beside(
                                        found.name(),
                                        found.median(),
                                        figure.median() / found.median()));
    }

    private boolean fits(Figure figure, Figure candidate) {
        return keys.entrySet().stream()
                .allMatch(key ->
                        figure.parameter(key.getKey()).equals(candidate.parameter(key.getValue())));
    }
}
