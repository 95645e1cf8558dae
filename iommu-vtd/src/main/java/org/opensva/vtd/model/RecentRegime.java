package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;

/**
 * The regime that a lane used last, so that a device that keeps using one PASID does not look its
 * context and its PASID up each time. Belongs to a lane.
 *
 * <p>It is good as long as neither configuration cache has seen any invalidation and the root table
 * is the same; otherwise the caches are asked again, which lose no more than they are told to.
 */
final class RecentRegime {

    private @Nullable Regime regime;
    private int requester;
    private int pasid;
    private long root;
    private long contextChanges;
    private long pasidChanges;
    private boolean privileged;
    private boolean faultsDisabled;

    /**
     * The regime for a request, or null; what goes with it is put into the request.
     *
     * @param contexts {@link ConfigurationCache#changes()} of the context cache
     * @param pasids that of the PASID cache
     */
    @Nullable Regime find(Translation request, long rootNow, long contexts, long pasids) {
        Regime found = regime;
        if (found == null
                || requester != request.requester
                || pasid != request.pasid
                || root != rootNow
                || contextChanges != contexts
                || pasidChanges != pasids) {
            return null;
        }
        request.faultsDisabled = faultsDisabled;
        if (request.pasid < 0) {
            request.privileged = privileged;
        }
        return found;
    }

    /** Remembers; the numbers are those of before the caches or the tables were read. */
    void keep(Regime found, Translation request, long rootThen, long contexts, long pasids) {
        regime = found;
        requester = request.requester;
        pasid = request.pasid;
        root = rootThen;
        contextChanges = contexts;
        pasidChanges = pasids;
        privileged = request.privileged;
        faultsDisabled = request.faultsDisabled;
    }
}
