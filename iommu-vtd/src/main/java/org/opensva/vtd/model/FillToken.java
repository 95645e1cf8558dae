package org.opensva.vtd.model;

/**
 * What a walk remembers of before its first read, so that what it found is kept only if no
 * invalidation came in between. Belongs to a lane.
 */
final class FillToken {

    /** The tag of what the walk finds. */
    long tag;

    /** The stamp of the tag. */
    long stamp;

    /** Invalidations of few pages that had begun. */
    long ranges;

    /** Invalidations of many pages that the IOTLB had seen. */
    long pages;

    /** Invalidations of many pages that the paging-structure cache had seen. */
    long tables;
}
