package org.opensva.conformance.cli.bench;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * What may be allocated. Nothing on the way of a DMA, a translation or a job of the emulated
 * machine; the engines and system calls of the native one are not held to that.
 */
final class Allocation {

    /**
     * What JMH itself allocates is less than this in a nanosecond: 30 KB in an iteration of 300 ms,
     * of which it takes 1.5 KB on a quiet machine and 9 KB on a busy one.
     */
    private static final double OF_JMH = 1e-4;

    /** What is found less often than once in hundreds of operations is not on their way. */
    private static final double LEAST = 0.05;

    private static final Set<String> FREE =
            Set.of(
                    "atcHit",
                    "atcHitByTwo",
                    "atcHitOfMany",
                    "atcHitOfMost",
                    "iotlbHit",
                    "iotlbHitByTwo",
                    "iotlbHitOfMany",
                    "iotlbHitOfMost",
                    "walkCacheHit",
                    "walk",
                    "walkAndFill",
                    "invalidatePageAndWalk",
                    "dmaRead",
                    "dmaWrite",
                    "dmaReadUntranslated",
                    "emptyJob",
                    "copyJob",
                    "crc32cJob");

    private Allocation() {}

    /** How a figure that has to allocate nothing does; empty for any other. */
    static Optional<Target.Outcome> outcome(Figure figure) {
        if (!FREE.contains(figure.name()) || figure.isNative() || figure.allocated().isEmpty()) {
            return Optional.empty();
        }
        boolean met = isNothing(figure);
        String text = met ? "" : "missed: allocates %s B".formatted(shown(figure));
        return Optional.of(
                new Target.Outcome("allocates nothing", met, OptionalDouble.empty(), text));
    }

    /** Bytes for people; nothing where they are not known. */
    static String shown(Figure figure) {
        if (figure.allocated().isEmpty()) {
            return "";
        }
        double bytes = figure.allocated().getAsDouble();
        return isNothing(figure) ? "0" : (bytes < 10 ? "%.1f" : "%.0f").formatted(bytes);
    }

    /** Whether no more was allocated than JMH's own, spread over the operations. */
    static boolean isNothing(Figure figure) {
        return figure.allocated().orElse(0) < LEAST + OF_JMH * figure.median();
    }
}
