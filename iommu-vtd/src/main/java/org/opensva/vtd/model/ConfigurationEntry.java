package org.opensva.vtd.model;

/**
 * What a lane knows of a context entry or a PASID table entry: a copy of its words, so that neither
 * finding nor reading one makes an object. Belongs to a lane.
 */
abstract class ConfigurationEntry {

    /** The {@link CacheTag} that it dies with. */
    long tag;

    /** The words that mean something, as the subclass says. */
    long w0;

    /** The second word. */
    long w1;

    /** The third word. */
    long w2;

    /** Where {@link ConfigurationCache#find} has found it, and how it was then. */
    long[] held = {};

    /** The place in {@link #held}. */
    int at;

    /** The sequence word. */
    long sequence;
}
