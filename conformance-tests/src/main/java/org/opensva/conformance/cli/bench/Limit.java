package org.opensva.conformance.cli.bench;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the machine that measures can do at best, beside a figure: a ratio of the two can be quoted
 * on any machine. A figure may have several; the one that it comes nearest to says most.
 *
 * @param benchmark the limit
 * @param only what the figure has to be measured with, if this is to be its limit
 * @param keys which parameter of the figure has to be which of the limit
 * @param fixed what else the limit has to be measured with
 */
record Limit(
        String benchmark,
        Map<String, String> only,
        Map<String, String> keys,
        Map<String, String> fixed) {

    private static final Map<String, String> PAGES = Map.of("pages", "pages");
    private static final Map<String, String> RESIDENT = Map.of("resident", "pages");
    private static final Map<String, String> BYTES = Map.of("bytes", "bytes");

    /** So many pages all address spaces have together. */
    private static final Map<String, String> OF_ALL_SPACES = Map.of("pages", "100000");

    /** An access: no translation is cheaper than the first, and no safe one than the second. */
    private static final List<Limit> HIT =
            List.of(limit("arrayLookup", PAGES), limit("guardedLoadOfPage", PAGES));

    private static final List<Limit> HIT_OF_MANY =
            List.of(
                    new Limit("arrayLookup", Map.of(), Map.of(), OF_ALL_SPACES),
                    limit("guardedLoadOfSharedPage", Map.of()));

    private static final List<Limit> WALK =
            List.of(limit("fourDependentLoads", PAGES), limit("guardedLoadOfPage", PAGES));

    private static final List<Limit> AMONG = List.of(limit("arrayLookup", RESIDENT));
    private static final List<Limit> COPY = List.of(limit("copyOfPages", BYTES));
    private static final List<Limit> HAND_OVER = List.of(limit("handOver", Map.of()));

    private static final Map<String, List<Limit>> OF =
            Map.ofEntries(
                    Map.entry("atcHit", HIT),
                    Map.entry("atcHitByTwo", HIT),
                    Map.entry("atcHitOfMany", HIT_OF_MANY),
                    Map.entry("atcHitOfMost", HIT_OF_MANY),
                    Map.entry("iotlbHit", HIT),
                    Map.entry("iotlbHitByTwo", HIT),
                    Map.entry("iotlbHitOfMany", HIT_OF_MANY),
                    Map.entry("iotlbHitOfMost", HIT_OF_MANY),
                    Map.entry("walkCacheHit", WALK),
                    Map.entry("walk", WALK),
                    Map.entry("walkAndFill", WALK),
                    Map.entry("invalidatePage", AMONG),
                    Map.entry("invalidatePageAndWalk", AMONG),
                    Map.entry("invalidateSpace", AMONG),
                    Map.entry("driverCycle", AMONG),
                    Map.entry("invalidateRange", AMONG),
                    Map.entry("invalidateAll", AMONG),
                    Map.entry("unmap", List.of(withoutDevice("unmap"))),
                    Map.entry("mapTouchUnmap", List.of(withoutDevice("mapTouchUnmap"))),
                    Map.entry("mapTouchUnmapRange", List.of(withoutDevice("mapTouchUnmapRange"))),
                    Map.entry("pageRequest", HAND_OVER),
                    Map.entry("touchAnywhere", HAND_OVER),
                    Map.entry("emptyJob", job("handOver")),
                    Map.entry("copyJob", job("copyByJdk")),
                    Map.entry("copyJobAtASharedQueue", job("copyByJdk")),
                    Map.entry("copyJobsInFlight", job("copyByJdk")),
                    Map.entry("crc32cJob", job("crc32cByJdk")),
                    Map.entry("sha256Job", job("sha256ByJdk")),
                    Map.entry("sha256JobsInFlight", job("sha256ByJdk")),
                    Map.entry("hostRead", List.of(limit("bareHostRead", BYTES))),
                    Map.entry("hostWrite", List.of(limit("bareHostWrite", BYTES))),
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

    private static Limit limit(String benchmark, Map<String, String> keys) {
        return new Limit(benchmark, Map.of(), keys, Map.of());
    }

    /** The work itself; where a job is messages between processes, one of those. */
    private static List<Limit> job(String work) {
        return List.of(
                limit(work, Map.of()),
                new Limit("socketRoundTrip", Map.of("backend", "native:host"), Map.of(), Map.of()));
    }

    /** The same while no device is bound: the rest is what devices cost. */
    private static Limit withoutDevice(String benchmark) {
        return new Limit(
                benchmark,
                Map.of(),
                Map.of("iommu", "iommu", "resident", "resident"),
                Map.of("bound", "nothing"));
    }

    /** A figure that has some parameters in common with another. */
    static Limit sharing(String benchmark, Collection<String> parameters) {
        return limit(
                benchmark,
                parameters.stream().collect(Collectors.toMap(name -> name, name -> name)));
    }

    /** What stands beside the figures of a benchmark. */
    static List<Limit> of(String benchmark) {
        return OF.getOrDefault(benchmark, List.of());
    }

    /** The benchmarks that have limits. */
    static Set<String> figures() {
        return OF.keySet();
    }

    /** Whether a figure says what the machine can do, and nothing of this project. */
    static boolean isOne(Figure figure) {
        return !OF.containsKey(figure.name())
                && OF.values().stream()
                        .flatMap(List::stream)
                        .anyMatch(limit -> limit.benchmark.equals(figure.name()));
    }

    /** The limits beside a figure that were measured with the same working set, nearest first. */
    static List<Beside> beside(Figure figure, List<Figure> all) {
        return of(figure.name()).stream()
                .flatMap(limit ->
                        limit.find(figure, all).map(found -> limit.beside(figure, found)).stream())
                .sorted(Comparator.comparingDouble(Beside::ratio))
                .toList();
    }

    private Beside beside(Figure figure, Figure found) {
        String name =
                benchmark.equals(figure.name())
                        ? benchmark + " " + String.join(" ", fixed.values())
                        : benchmark;
        return new Beside(name, found.median(), figure.median() / found.median());
    }

    /** The limit that was measured with the same working set. */
    Optional<Figure> find(Figure figure, List<Figure> all) {
        return all.stream()
                .filter(candidate -> candidate.name().equals(benchmark))
                .filter(candidate -> fits(figure, candidate))
                .findFirst();
    }

    private boolean fits(Figure figure, Figure candidate) {
        return figure.has(only)
                && !candidate.isOf(figure)
                && candidate.has(fixed)
                && keys.entrySet().stream()
                        .allMatch(key ->
                                figure.parameter(key.getKey())
                                        .equals(candidate.parameter(key.getValue())));
    }
}
