package org.opensva.emulated;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a machine waits until it gives up, beside how long it would wait if the computer that it
 * runs on were its own. Whoever has to wait for a processor is not broken.
 *
 * @param factor what every limit is multiplied with, 1 to 1000
 */
record Patience(double factor) {

    /** A limit of this machine. */
    Duration of(Duration limit) {
        return Duration.ofNanos((long) (limit.toNanos() * factor));
    }

    /** A clock in nanoseconds for whoever has limits of its own: the machine's time is slow. */
    LongSupplier clock(LongSupplier nanoTime) {
        if (factor == 1) {
            return nanoTime;
        }
        long start = nanoTime.getAsLong();
        return () -> (long) ((nanoTime.getAsLong() - start) / factor);
    }
}
