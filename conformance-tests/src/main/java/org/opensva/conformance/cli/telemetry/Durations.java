package org.opensva.conformance.cli.telemetry;

import java.util.Locale;

/** Durations as people read them. */
final class Durations {

    private Durations() {}

    /** For example {@code 812 ns}, {@code 81.2 us}, {@code 1.04 ms}, {@code 12.7 s}. */
    static String text(long nanos) {
        if (nanos < 1_000) {
            return nanos + " ns";
        }
        if (nanos < 1_000_000) {
            return digits(nanos / 1e3) + " us";
        }
        return nanos < 1_000_000_000 ? digits(nanos / 1e6) + " ms" : digits(nanos / 1e9) + " s";
    }

    private static String digits(double value) {
        return String.format(
                Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
