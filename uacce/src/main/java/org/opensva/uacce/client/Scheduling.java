package org.opensva.uacce.client;

/** How a context is chosen for a job, among those whose device has the operation. */
public enum Scheduling {
    /** One after the other. */
    ROUND_ROBIN,
    /** The one with the fewest jobs under way. */
    LEAST_LOADED,
    /**
     * Always the same one for the same thread, so that jobs of a thread are done in its order and
     * its translations stay in one device's cache; another one only while that one is full or gone.
     */
    AFFINITY
}
