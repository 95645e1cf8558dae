package org.opensva.api.process;

/** What became of a fault that the memory management was asked to resolve. */
public enum FaultOutcome {
    /**
     * The page is there now and allows the access; trying again may succeed (it is not a lease).
     */
    RESOLVED,
    /**
     * No mapping, a mapping that does not allow the access, or nothing behind it: trying again is
     * pointless.
     */
    INVALID,
    /** The address space has no users left. */
    DEAD,
    /** Memory ran out. */
    OUT_OF_MEMORY
}
