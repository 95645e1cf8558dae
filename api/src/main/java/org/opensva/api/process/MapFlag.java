package org.opensva.api.process;

/** What {@code mmap(2)} can be asked for besides what a {@link MapRequest} says. */
public enum MapFlag {
    /**
     * At the address that is asked for, and only if nothing is mapped there ({@code
     * MAP_FIXED_NOREPLACE}).
     */
    FIXED_NOREPLACE,
    /**
     * A stack: an access of the process below it makes it grow, an access of a device does not
     * ({@code MAP_GROWSDOWN}). For private anonymous memory.
     */
    GROWSDOWN,
    /** The pages are brought into memory and kept there ({@code MAP_LOCKED}). */
    LOCKED,
    /** The pages are brought into memory now, as far as that can be done ({@code MAP_POPULATE}). */
    POPULATE
}
