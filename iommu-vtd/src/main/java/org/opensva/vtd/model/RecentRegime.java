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
    private long stamp;
    private long stampChanges;
    private boolean privileged;
    private boolean faultsDisabled;
    private boolean translatedAllowed;
    private int translatedRequester = -1;
    private long translatedRoot;
    private long translatedChanges;

    /**
     * The regime for a request, or null; what goes with it is put into the request.
     *
     * @param contexts {@link ConfigurationCache#changes()} of the context cache
     * @param pasids that of the PASID cache
     */
    @Nullable Regime find(Translation request, long rootNow, long contexts, long pasids) {
        Regime found = find(request.requester, request.pasid, rootNow, contexts, pasids);
        if (found == null) {
            return null;
        }
        request.faultsDisabled = faultsDisabled;
        if (request.pasid < 0) {
            request.privileged = privileged;
        }
        return found;
    }

    /** The regime of a requester and PASID, or null; nothing goes with it. */
    @Nullable Regime find(int source, int wanted, long rootNow, long contexts, long pasids) {
        return requester == source
                        && pasid == wanted
                        && root == rootNow
                        && contextChanges == contexts
                        && pasidChanges == pasids
                ? regime
                : null;
    }

    /** Whether translated requests of a requester are known to be served. */
    boolean servesTranslated(int source, long rootNow, long contexts) {
        return translatedAllowed
                && translatedRequester == source
                && translatedRoot == rootNow
                && translatedChanges == contexts;
    }

    /** Remembers that they are, or are not; the numbers are those of before. */
    void keepTranslated(boolean served, int source, long rootThen, long contexts) {
        translatedAllowed = served;
        translatedRequester = source;
        translatedRoot = rootThen;
        translatedChanges = contexts;
    }

    /** The current stamp of the remembered regime's first-stage entries. */
    long stamp(Generations generations) {
        long now = generations.changes();
        if (now != stampChanges && regime != null) {
            stamp = generations.of(regime.firstTag());
            stampChanges = now;
        }
        return stamp;
    }

    /** Remembers; the numbers are those of before the caches or the tables were read. */
    void keep(Regime found, Translation request, long rootThen, long contexts, long pasids) {
        regime = found;
        stampChanges = -1;
        requester = request.requester;
        pasid = request.pasid;
        root = rootThen;
        contextChanges = contexts;
        pasidChanges = pasids;
        privileged = request.privileged;
        faultsDisabled = request.faultsDisabled;
    }
}
