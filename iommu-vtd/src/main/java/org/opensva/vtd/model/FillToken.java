package org.opensva.vtd.model;

/**
 * What a walk remembers of before its first read, so that what it found is kept only if no
 * invalidation came in between. Belongs to a lane.
 */
final class FillToken {

    /** Those of the lane. */
    final Counters counters;

    /** The tag of what the walk finds. */
    long tag;

    /** The stamp of the tag. */
    long stamp;

    /** Invalidations by address that had begun. */
    long ranges;

    /** False if the configuration was invalidated before the stamp was taken. */
    boolean lasting;

    FillToken(Counters counters) {
        this.counters = counters;
    }
}
