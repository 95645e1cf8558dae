package org.opensva.api.backend;

/**
 * An option of a backend, given as {@code key=value}.
 *
 * @param key lower case with hyphens
 * @param title what it does, with its allowed values
 * @param defaultValue what holds if it is not given
 */
public record BackendOption(String key, String title, String defaultValue) {

    /**
     * The key of the option that multiplies what a backend gives up after by the clock: a queue
     * that does not come to rest, a device that does not complete an invalidation, an answer that
     * does not come. Its value is a number from 1 to 1000, 1 by default. The suite sets it where
     * its own limits are longer than usual, so that a busy machine is not taken for a broken one; a
     * backend without such limits has no such option.
     */
    public static final String TIMEOUT_FACTOR = "timeout-factor";
}
