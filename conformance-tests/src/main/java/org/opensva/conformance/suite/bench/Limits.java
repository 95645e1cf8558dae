package org.opensva.conformance.suite.bench;

import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendOption;

import java.time.Duration;

/**
 * How long things may take. All limits are scaled by one factor, so that a slow machine needs one
 * number and no limit is forgotten. No limit proves anything by passing: it only turns a hang into
 * a failure that names the step.
 *
 * @param factor 1 for an idle developer machine; more for a slow or loaded one; above 0 and at most
 *     1000
 */
public record Limits(double factor) {

    /** The limits of an idle machine. */
    public static final Limits NORMAL = new Limits(1);

    /** Checks the range. */
    public Limits {
        if (!(factor > 0 && factor <= 1000)) {
            throw new IllegalArgumentException(
                    "the time-out factor " + factor + " is not above 0 and at most 1000");
        }
    }

    /**
     * The longest a single job may take.
     *
     * @return 10 s, scaled
     */
    public Duration job() {
        return scaled(10_000);
    }

    /**
     * The longest an operation may take whose time the contract bounds: an unmapping, an exit.
     *
     * @return 10 s, scaled
     */
    public Duration bounded() {
        return scaled(10_000);
    }

    /**
     * The longest a backend may take to release what is released in the background.
     *
     * @return 5 s, scaled
     */
    public Duration settle() {
        return scaled(5_000);
    }

    /**
     * The longest a whole test may take.
     *
     * @return 60 s, scaled
     */
    public Duration test() {
        return scaled(60_000);
    }

    /**
     * Has backends wait longer, too, until they give something up. Limits that are shorter than
     * usual are the suite's alone: they are for whoever looks for what hangs, and would make a
     * sound backend give up what goes on.
     *
     * @param catalog the backends
     * @return the same ones, opened with these limits where they have such an option and nobody
     *     sets it
     */
    public BackendCatalog reaching(BackendCatalog catalog) {
        return factor > 1
                ? catalog.withDefault(BackendOption.TIMEOUT_FACTOR, Double.toString(factor))
                : catalog;
    }

    private Duration scaled(long milliseconds) {
        return Duration.ofMillis(Math.max(1, Math.round(milliseconds * factor)));
    }
}
