package org.opensva.conformance.suite.profile;

import java.util.Arrays;

/**
 * How long one operation took, many times over. Percentiles are exact: each is a time that was
 * measured, the smallest that at least so many of all are not above (nearest rank).
 *
 * @param operation its name, lower case with hyphens
 * @param what what is timed, in one line
 * @param samples how many times it was measured; 0 if it was not
 * @param p50 nanoseconds
 * @param p90 nanoseconds
 * @param p99 nanoseconds
 * @param p999 nanoseconds
 * @param max nanoseconds
 * @param reason why it was not measured; empty if it was
 */
public record Latency(
        String operation,
        String what,
        int samples,
        long p50,
        long p90,
        long p99,
        long p999,
        long max,
        String reason) {

    /**
     * The figures of measured times.
     *
     * @param operation its name
     * @param what what is timed
     * @param nanoseconds the times, at least one; sorted by this call
     * @return the figures
     */
    public static Latency of(String operation, String what, long[] nanoseconds) {
        Arrays.sort(nanoseconds);
        return new Latency(
                operation,
                what,
                nanoseconds.length,
                rank(nanoseconds, 500),
                rank(nanoseconds, 900),
                rank(nanoseconds, 990),
                rank(nanoseconds, 999),
                nanoseconds[nanoseconds.length - 1],
                "");
    }

    /**
     * An operation that could not be measured.
     *
     * @param operation its name
     * @param what what would be timed
     * @param reason why it was not
     * @return figures of nothing
     */
    public static Latency unmeasured(String operation, String what, String reason) {
        return new Latency(operation, what, 0, 0, 0, 0, 0, 0, reason);
    }

    private static long rank(long[] sorted, int permille) {
        int rank = Math.ceilDiv(sorted.length * permille, 1000);
        return sorted[Math.max(1, rank) - 1];
    }

    /**
     * Tells whether there are figures.
     *
     * @return false if it was not measured
     */
    public boolean isMeasured() {
        return samples > 0;
    }
}
