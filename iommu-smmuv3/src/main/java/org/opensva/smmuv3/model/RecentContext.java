package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

/**
 * The context that a lane used last, so that a device that keeps using one substream decodes
 * nothing and looks nothing up but the translation. Belongs to a lane.
 *
 * <p>It is good as long as no configuration of the stream, nor all configuration, has been
 * invalidated since before it was found; so it dies with the entries of the configuration cache
 * that it stands for, and never holds what the cache may not hold.
 */
final class RecentContext {

    private @Nullable Context context;
    private int pasid;
    private long changes;
    private int spaceCounter;
    private int machineCounter;

    /**
     * The context of a transaction, or null if it has to be looked up.
     *
     * @param now {@link ConfigurationCache#changes(StreamState)} now
     */
    @Nullable Context find(int substream, long now) {
        return changes == now && pasid == substream ? context : null;
    }

    /**
     * Remembers a legal context.
     *
     * @param substream the substream, or a negative number
     * @param before {@link ConfigurationCache#changes(StreamState)} before anything was looked up
     */
    void keep(Context found, int substream, long before) {
        context = found;
        pasid = substream;
        changes = before;
        spaceCounter = Stamps.spaceIndex(found.tag());
        machineCounter = Stamps.machineIndex(found.tag());
    }

    /** Which counter of address spaces the context's entries depend on. */
    int spaceCounter() {
        return spaceCounter;
    }

    /** Which counter of machines they depend on; negative for hypervisors. */
    int machineCounter() {
        return machineCounter;
    }
}
