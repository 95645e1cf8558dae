package org.opensva.ats;

/**
 * A way in which real endpoints have deviated from the specification. For tests of software that
 * has to live with such devices, and of test suites that have to find them.
 */
public enum EndpointQuirk {
    /**
     * Entries die only when the same invalidation comes a second time; each is answered (Linux:
     * {@code dtlb_extra_inval}).
     */
    LAZY_ATC,
    /** Invalidate Requests are ignored altogether. */
    IGNORES_INVALIDATIONS,
    /** Entries die, but no Invalidate Completion is sent. */
    NO_COMPLETION,
    /** Invalidate Requests are answered, but entries stay. */
    KEEPS_ENTRIES,
    /** An Invalidate Completion is sent while accesses that use the entry are still running. */
    EARLY_COMPLETION,
    /** The answer to a translation request is used although an invalidation has overtaken it. */
    STALE_FILL,
    /** Accesses go on after use of their PASID was stopped. */
    IGNORES_STOP
}
