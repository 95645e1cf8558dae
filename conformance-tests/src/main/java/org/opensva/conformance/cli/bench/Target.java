package org.opensva.conformance.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a figure should be, or what it is compared with.
 *
 * @param benchmark the figure
 * @param parameters what it must have been measured with
 * @param bound what it is compared with
 * @param text the target in words
 */
record Target(String benchmark, Map<String, String> parameters, Bound bound, String text) {

    /** What a figure is compared with. */
    sealed interface Bound {}

    /**
     * A time.
     *
     * @param nanos at most this many nanoseconds
     */
    record Time(double nanos) implements Bound {}

    /**
     * Another figure of the same run.
     *
     * @param benchmark which
     * @param sharing parameters that both have in common
     * @param times at most this many times that figure
     */
    record Ratio(String benchmark, List<String> sharing, double times) implements Bound {}

    /**
     * Another figure of the same run, and a little more.
     *
     * @param benchmark which
     * @param sharing parameters that both have in common
     * @param nanos at most that many nanoseconds above that figure
     */
    record Above(String benchmark, List<String> sharing, double nanos) implements Bound {}

    /**
     * How a figure stands to a target.
     *
     * @param target the target in words
     * @param met whether it is met
     * @param times how many times what is allowed the figure is, if that can be said
     * @param text the outcome for people
     */
    record Outcome(String target, boolean met, OptionalDouble times, String text) {

        /** Compares with what is allowed; what is missed is never said to be 100 % of it. */
        static Outcome of(String target, double times, String allowed) {
            String text =
                    times <= 1
                            ? "met: %.0f %% of %s".formatted(Math.floor(100 * times), allowed)
                            : "missed: %.0f %% of %s".formatted(Math.ceil(100 * times), allowed);
            return new Outcome(target, times <= 1, OptionalDouble.of(times), text);
        }
    }

    /** How much of the heap a bound address space may keep beyond its page tables. */
    private static final double BYTES_OF_A_SPACE = 4_096;

    private static final List<String> BYTES = List.of("bytes");

    private static final List<String> JOB = List.of("job");

    /** The targets of this project; each in one run on one machine, medians. */
    static final List<Target> ALL =
            List.of(
                    time("atcHit", Map.of("pages", "1000"), 10),
                    time("iotlbHit", Map.of("pages", "1000"), 20),
                    time("iotlbHitOfMany", Map.of("spaces", "1024"), 50),
                    time("invalidateAll", Map.of(), 100),
                    time("walkCacheHit", Map.of("pages", "1000"), 60),
                    time("walk", Map.of("pages", "100000"), 60),
                    time("walkAndFill", Map.of("pages", "1000", "nested", "false"), 60),
                    time("invalidatePage", Map.of(), 100),
                    time("invalidateSpace", Map.of(), 100),
                    time("driverCycle", Map.of(), 400),
                    // Each is timed by itself, with the clock.
                    above("unmap", Map.of("bound", "atc"), "clock", List.of(), 2_000),
                    above("unmap", Map.of("bound", "iotlb"), "clock", List.of(), 2_000),
                    time("dmaRead", Map.of("bytes", "64"), 40),
                    time("dmaRead", Map.of("bytes", "4096"), 150),
                    time("dmaWrite", Map.of("bytes", "64"), 40),
                    time("dmaWrite", Map.of("bytes", "4096"), 150),
                    ratio("dmaRead", Map.of("bytes", "1048576"), "bulkCopy", BYTES, 1 / 0.85),
                    ratio("dmaWrite", Map.of("bytes", "1048576"), "bulkCopy", BYTES, 1 / 0.85),
                    ratio("hostRead", Map.of(), "bareHostRead", BYTES, 1.3),
                    ratio("hostWrite", Map.of(), "bareHostWrite", BYTES, 1.3),
                    time("pageRequest", Map.of(), 10_000),
                    time("bindAndUnbind", Map.of(), 20_000),
                    time("lifeOfAProcess", Map.of(), 20_000),
                    time("emptyJob", Map.of(), 2_000),
                    above("copyJob", "copyByJdk", 2_000),
                    above("copyJobAtASharedQueue", "copyByJdk", 2_000),
                    above("copyJobsInFlight", "copyByJdk", 2_000),
                    above("crc32cJob", "crc32cByJdk", 2_000),
                    above("sha256Job", "sha256ByJdk", 2_000),
                    above("sha256JobsInFlight", "sha256ByJdk", 2_000),
                    ratio(
                            "iotlbHitByTwo",
                            Map.of(),
                            "iotlbHit",
                            List.of("iommu", "pages"),
                            2 / 1.8),
                    ratio("atcHitByTwo", Map.of(), "atcHit", List.of("iommu", "pages"), 2 / 1.8),
                    above("iotlbHitTold", "iotlbHitUntold", 1),
                    above("atcHitTold", "atcHitUntold", 1),
                    ratio("jobTold", Map.of("job", "gzip-64k"), "jobUntold", JOB, 1.02),
                    // 2 % of the smallest job are less than one reading of the clock.
                    new Target(
                            "jobTold",
                            Map.of("job", "copy-4k"),
                            new Above("jobUntold", JOB, 1_000),
                            "at most 1 us above jobUntold"));

    private static Target time(String benchmark, Map<String, String> parameters, double nanos) {
        return new Target(benchmark, parameters, new Time(nanos), "at most " + Figure.time(nanos));
    }

    private static Target ratio(
            String benchmark,
            Map<String, String> parameters,
            String other,
            List<String> sharing,
            double times) {
        return new Target(
                benchmark,
                parameters,
                new Ratio(other, sharing, times),
                "at most %.2f times %s".formatted(times, other));
    }

    private static Target above(String benchmark, String other, double nanos) {
        return above(benchmark, Map.of(), other, List.of("iommu"), nanos);
    }

    private static Target above(
            String benchmark,
            Map<String, String> parameters,
            String other,
            List<String> sharing,
            double nanos) {
        return new Target(
                benchmark,
                parameters,
                new Above(other, sharing, nanos),
                "at most %s above %s".formatted(Figure.time(nanos), other));
    }

    /**
     * The target of a figure. What real processes do for a job has none but the limits that stand
     * beside it.
     */
    static Optional<Target> of(Figure figure) {
        if (figure.isNative()) {
            return Optional.empty();
        }
        return ALL.stream()
                .filter(target -> target.benchmark.equals(figure.name()))
                .filter(target -> figure.has(target.parameters))
                .findFirst();
    }

    /** How a figure stands to everything that it should be, its allocations included. */
    static List<Outcome> outcomes(Figure figure, List<Figure> all) {
        List<Outcome> outcomes = new ArrayList<>();
        of(figure).flatMap(target -> target.judge(figure, all)).ifPresent(outcomes::add);
        Allocation.outcome(figure).ifPresent(outcomes::add);
        figure.kept()
                .ifPresent(bytes ->
                        outcomes.add(
                                Outcome.of(
                                        "at most %.0f B of heap for each bound address space"
                                                .formatted(BYTES_OF_A_SPACE),
                                        bytes / BYTES_OF_A_SPACE,
                                        "%.0f B for a space".formatted(BYTES_OF_A_SPACE))));
        return outcomes;
    }

    /** What figures of a benchmark are compared with. */
    static List<Limit> of(String benchmark) {
        return ALL.stream()
                .filter(target -> target.benchmark.equals(benchmark))
                .flatMap(target -> target.other().stream())
                .toList();
    }

    private Optional<Limit> other() {
        return switch (bound) {
            case Time _ -> Optional.empty();
            case Ratio(String other, List<String> sharing, double _) ->
                    Optional.of(Limit.sharing(other, sharing));
            case Above(String other, List<String> sharing, double _) ->
                    Optional.of(Limit.sharing(other, sharing));
        };
    }

    /** Compares a figure, if what it is compared with was measured. */
    Optional<Outcome> judge(Figure figure, List<Figure> all) {
        return switch (bound) {
            case Time(double nanos) ->
                    Optional.of(Outcome.of(text, figure.median() / nanos, Figure.time(nanos)));
            case Ratio(String other, List<String> _, double times) ->
                    found(figure, all)
                            .map(found ->
                                    Outcome.of(
                                            text,
                                            figure.median() / found.median() / times,
                                            "%.2f x %s".formatted(times, other)));
            case Above(String other, List<String> _, double nanos) ->
                    found(figure, all)
                            .map(found ->
                                    Outcome.of(
                                            text,
                                            figure.median() / (found.median() + nanos),
                                            "%s + %s".formatted(other, Figure.time(nanos))));
        };
    }

    private Optional<Figure> found(Figure figure, List<Figure> all) {
        return other().flatMap(other -> other.find(figure, all));
    }
}
