package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The short way of requests whose context, PASID and translation are cached: all that decides about
 * them is looked at, and nothing else. Anything unusual takes the long way through the {@link
 * TranslationUnit}, and whatever goes wrong is found there.
 *
 * <p>Every method is called from inside a lane, like those of the unit.
 */
final class ShortWay {

    private final TranslationUnit unit;
    private final ConfigurationCache contexts;
    private final ConfigurationCache pasids;
    private final TranslationCaches caches;
    private final int addressBits;
    private final int mgaw;
    private final AtomicLong everyChange;

    ShortWay(
            TranslationUnit unit,
            ConfigurationCache contexts,
            ConfigurationCache pasids,
            TranslationCaches caches,
            int addressBits,
            int mgaw,
            AtomicLong everyChange) {
        this.unit = unit;
        this.contexts = contexts;
        this.pasids = pasids;
        this.caches = caches;
        this.addressBits = addressBits;
        this.mgaw = mgaw;
        this.everyChange = everyChange;
    }

    /**
     * An untranslated request of a user. What lies in the upper half of the addresses takes the
     * long way.
     *
     * @param pasid the PASID; without one the long way is taken
     * @param lane takes nothing but what is remembered for the next request
     * @return what {@link CachedTranslation} packs, or 0 if the request has to take the long way
     */
    long hit(int requester, int pasid, long address, boolean write, Translation lane) {
        RecentRegime recent = lane.recent;
        long now = everyChange.get();
        if (!recent.holdsFirstStage(pasid, now) && !remember(requester, pasid, lane, now)
                || !recent.isLowerHalf(address)) {
            return 0;
        }
        long found = recent.find(caches.iotlb(), address);
        int needed =
                write
                        ? CachedTranslation.USER | CachedTranslation.WRITE | CachedTranslation.DIRTY
                        : CachedTranslation.USER | CachedTranslation.READ;
        if (found == 0 || (CachedTranslation.flags(found) & needed) != needed) {
            return 0;
        }
        return InterruptRange.contains(CachedTranslation.locate(found, address)) ? 0 : found;
    }

    private boolean remember(int requester, int pasid, Translation lane, long now) {
        if (pasid < 0) {
            return false;
        }
        // Any lane may have found everything in order, of however many PASIDs.
        if (pasids.recall(Regime.key(requester, pasid), pasid, now, lane.recent)) {
            return true;
        }
        if (!unit.isEnabled()) {
            return false;
        }
        long table = unit.root();
        long contextChanges = contexts.changes();
        long pasidChanges = pasids.changes();
        lane.begin(requester, pasid, 0, Access.READ, false);
        Regime regime = cachedRegime(table, lane);
        if (regime == null || !regime.hasFirstStage()) {
            return false;
        }
        lane.recent.keep(lane, table, contextChanges, pasidChanges);
        long stamp = caches.generations().of(regime.firstTag());
        int lowerBits = Regime.lowerHalfBits(regime.w2);
        lane.recent.keepFirstStage(regime.firstTag(), stamp, lowerBits, pasid, now);
        pasids.confirm(regime, stamp, now);
        return true;
    }

    /** The regime of a request with PASID if all about it is cached. */
    private @Nullable Regime cachedRegime(long table, Translation request) {
        DeviceContext context = request.context;
        if (!contexts.find(request.requester, context)
                || !context.isScalable()
                || Rtaddr.ttm(table) != Rtaddr.TTM_SCALABLE
                || !unit.pasidAllowed(context, request)) {
            return null;
        }
        Regime regime = request.recent.reload();
        if (!pasids.find(Regime.key(request.requester, request.pasid), regime)) {
            return null;
        }
        regime.ofPasid(mgaw);
        request.faultsDisabled = context.faultsDisabled() || regime.faultsDisabled();
        return regime;
    }

    /**
     * Whether a translated request is one that is served, and its addresses such as there can be.
     *
     * @param length less than the interrupt address range has
     * @param lane takes nothing but what is remembered for the next request
     */
    boolean hitTranslated(int requester, long address, int length, Translation lane) {
        long now = everyChange.get();
        long last = address + length - 1;
        return (lane.recent.servesTranslated(now) || rememberTranslated(requester, lane, now))
                && !InterruptRange.contains(address)
                && !InterruptRange.contains(last)
                && (address | last) >>> addressBits == 0;
    }

    private boolean rememberTranslated(int requester, Translation lane, long now) {
        if (!unit.isEnabled()) {
            return false;
        }
        lane.begin(requester, Pasid.NONE, 0, Access.READ, false);
        DeviceContext context = unit.context(unit.root(), lane);
        if (context == null || !TranslationUnit.deviceTlbAllowed(context, lane)) {
            return false;
        }
        lane.recent.keepTranslated(now);
        return true;
    }
}
