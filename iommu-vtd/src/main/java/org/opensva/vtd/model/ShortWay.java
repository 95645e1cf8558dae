package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;

/**
 * The short way of requests whose context, PASID and translation are cached: all that decides about
 * them is looked at, and nothing else. Anything unusual takes the long way through the {@link
 * TranslationUnit}, and whatever goes wrong is found there.
 *
 * <p>Every method is called from inside a lane, like those of the unit.
 */
final class ShortWay {

    private final TranslationUnit unit;
    private final ConfigurationCache<DeviceContext> contexts;
    private final ConfigurationCache<Regime> pasids;
    private final TranslationCaches caches;
    private final int addressBits;

    ShortWay(
            TranslationUnit unit,
            ConfigurationCache<DeviceContext> contexts,
            ConfigurationCache<Regime> pasids,
            TranslationCaches caches,
            int addressBits) {
        this.unit = unit;
        this.contexts = contexts;
        this.pasids = pasids;
        this.caches = caches;
        this.addressBits = addressBits;
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
        if (pasid < 0 || !unit.isEnabled()) {
            return 0;
        }
        long table = unit.root();
        long contextChanges = contexts.changes();
        long pasidChanges = pasids.changes();
        RecentRegime recent = lane.recent;
        Regime regime = recent.find(requester, pasid, table, contextChanges, pasidChanges);
        if (regime == null) {
            lane.begin(requester, pasid, address, write ? Access.WRITE : Access.READ, false);
            regime = cachedRegime(table, lane);
            if (regime == null) {
                return 0;
            }
            recent.keep(regime, lane, table, contextChanges, pasidChanges);
        }
        if (!regime.hasFirstStage() || address >>> regime.lowerHalfBits() != 0) {
            return 0;
        }
        long stamp = recent.stamp(caches.generations());
        long found = caches.iotlb().findStamped(regime.firstTag(), stamp, address);
        int needed =
                write
                        ? CachedTranslation.USER | CachedTranslation.WRITE | CachedTranslation.DIRTY
                        : CachedTranslation.USER | CachedTranslation.READ;
        if (found == 0 || (CachedTranslation.flags(found) & needed) != needed) {
            return 0;
        }
        return InterruptRange.contains(CachedTranslation.locate(found, address)) ? 0 : found;
    }

    /** The regime of a request with PASID if all about it is cached. */
    private @Nullable Regime cachedRegime(long table, Translation request) {
        DeviceContext context = contexts.find(request.requester);
        if (context == null
                || !context.isScalable()
                || Rtaddr.ttm(table) != Rtaddr.TTM_SCALABLE
                || !unit.pasidAllowed(context, request)) {
            return null;
        }
        Regime regime = pasids.find(Regime.key(request.requester, request.pasid));
        if (regime == null) {
            return null;
        }
        request.faultsDisabled = context.faultsDisabled() || regime.faultsDisabled();
        return regime;
    }

    /**
     * Whether a translated request is one that is served, and its address one that there can be.
     *
     * @param lane takes nothing but what is remembered for the next request
     */
    boolean hitTranslated(int requester, long address, Translation lane) {
        if (!unit.isEnabled() || InterruptRange.contains(address) || address >>> addressBits != 0) {
            return false;
        }
        long table = unit.root();
        long changes = contexts.changes();
        RecentRegime recent = lane.recent;
        if (recent.servesTranslated(requester, table, changes)) {
            return true;
        }
        lane.begin(requester, Pasid.NONE, address, Access.READ, false);
        DeviceContext context = unit.context(table, lane);
        boolean served = context != null && TranslationUnit.deviceTlbAllowed(context, lane);
        recent.keepTranslated(served, requester, table, changes);
        return served;
    }
}
