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

    private final Regime regime = new Regime();
    private boolean holds;
    private int requester;
    private int pasid;
    private long root;
    private long contextChanges;
    private long pasidChanges;
    private boolean privileged;
    private boolean faultsDisabled;
    private long translatedChanges = -1;
    private long firstStageChanges = -1;
    private int firstStagePasid;
    private int lowerHalfBits;
    private int level = 1;
    private long tag;
    private long stamp;

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
        return holds
                        && requester == source
                        && pasid == wanted
                        && root == rootNow
                        && contextChanges == contexts
                        && pasidChanges == pasids
                ? regime
                : null;
    }

    /**
     * Whether translated requests are known to be served.
     *
     * @param now how often anything has changed
     */
    boolean servesTranslated(long now) {
        return translatedChanges == now;
    }

    /** Remembers that they are; the number is that of before. */
    void keepTranslated(long before) {
        translatedChanges = before;
    }

    /**
     * Whether all that decides about the first stage of a PASID is known, translations excepted.
     *
     * @param now how often anything has changed
     */
    boolean holdsFirstStage(int wanted, long now) {
        return firstStageChanges == now && firstStagePasid == wanted;
    }

    /** Remembers it; the number is that of before anything was looked up. */
    void keepFirstStage(long tagOfPasid, long stampNow, int lowerBits, int wanted, long before) {
        tag = tagOfPasid;
        stamp = stampNow;
        lowerHalfBits = lowerBits;
        firstStagePasid = wanted;
        firstStageChanges = before;
    }

    /** Whether an address is in the lower half of those of the remembered first stage. */
    boolean isLowerHalf(long address) {
        return address >>> lowerHalfBits == 0;
    }

    /** Looks a translation of the first stage up, at the level first where one was found last. */
    long find(TranslationCache iotlb, long address) {
        long found = iotlb.probe(tag, stamp, address, level);
        if (found == 0) {
            found = iotlb.findOther(tag, stamp, address, level);
            if (found != 0) {
                level = CachedTranslation.level(found);
            }
        }
        return found;
    }

    /** The regime, to be read anew; what was remembered of it is forgotten. */
    Regime reload() {
        holds = false;
        return regime;
    }

    /** Remembers it; the numbers are those of before the caches or the tables were read. */
    void keep(Translation request, long rootThen, long contexts, long pasids) {
        holds = true;
        requester = request.requester;
        pasid = request.pasid;
        root = rootThen;
        contextChanges = contexts;
        pasidChanges = pasids;
        privileged = request.privileged;
        faultsDisabled = request.faultsDisabled;
    }
}
