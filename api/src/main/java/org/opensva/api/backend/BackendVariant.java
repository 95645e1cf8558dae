package org.opensva.api.backend;

/**
 * A variant of a backend, and whether it can be used here.
 *
 * @param name lower case; empty for a backend without variants
 * @param title what it is, in a few words
 * @param available true if it can be opened on this machine
 * @param reason if not available: why, and what would help; otherwise empty
 */
public record BackendVariant(String name, String title, boolean available, String reason) {

    /**
     * A variant that can be opened.
     *
     * @param name lower case
     * @param title a few words
     * @return the variant
     */
    public static BackendVariant available(String name, String title) {
        return new BackendVariant(name, title, true, "");
    }

    /**
     * A variant that cannot be opened here.
     *
     * @param name lower case
     * @param title a few words
     * @param reason why, and what would help
     * @return the variant
     */
    public static BackendVariant unavailable(String name, String title, String reason) {
        return new BackendVariant(name, title, false, reason);
    }
}
