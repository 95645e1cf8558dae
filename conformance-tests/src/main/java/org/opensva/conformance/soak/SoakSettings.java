package org.opensva.conformance.soak;

import org.opensva.conformance.suite.bench.Limits;

import java.time.Duration;

/**
 * How long and how hard a soak is.
 *
 * @param seed chooses what every thread does in every epoch
 * @param threads how many threads work at once, 1 to 64
 * @param steps how many steps each thread does in an epoch, at least 1
 * @param epochsPerMachine how many epochs a machine sees, at least 1; in the last one its devices
 *     are removed, where the backend claims that
 * @param duration after that long no epoch begins any more
 * @param mostEpochs after that many no epoch begins any more, at least 1
 * @param limits how long single operations may take
 */
public record SoakSettings(
        long seed,
        int threads,
        int steps,
        int epochsPerMachine,
        Duration duration,
        int mostEpochs,
        Limits limits) {

    /** Checks the ranges. */
    public SoakSettings {
        if (threads < 1 || threads > 64) {
            throw new IllegalArgumentException(threads + " threads are not 1 to 64");
        }
        if (steps < 1 || epochsPerMachine < 1 || mostEpochs < 1) {
            throw new IllegalArgumentException("steps and epochs are at least 1");
        }
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a duration below 0");
        }
    }
}
