package org.opensva.conformance.cli.bench;

import java.util.Optional;
import java.util.Set;

/**
 * What may be allocated. Nothing on the way of a DMA, a translation or a job of the emulated
 * machine; the engines and system calls of the native one are not held to that.
 */
final class Allocation {

    /**
     * What the profiler itself allocates is less than this in a nanosecond: a megabyte a second.
     */
    private static final double OF_THE_PROFILER = 0.001;

    private static final double LEAST = 0.5;

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

    /** Whether a figure that has to allocate nothing does so; empty for any other. */
    static Optional<Boolean> met(Figure figure) {
        boolean emulated =
                figure.parameter("backend").map(name -> name.startsWith("emulated:")).orElse(true);
        if (!FREE.contains(figure.name()) || !emulated || figure.allocated().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(isNothing(figure));
    }

    /** Whether no more was allocated than the profiler's own, spread over the operations. */
    static boolean isNothing(Figure figure) {
        return figure.allocated().orElse(0) < LEAST + OF_THE_PROFILER * figure.median();
    }
}
