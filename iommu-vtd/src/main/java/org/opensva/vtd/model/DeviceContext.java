package org.opensva.vtd.model;

import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

/**
 * What the context entry of a device says, once it has passed the checks that do not depend on the
 * request. A legacy context belongs to its domain; one of scalable mode does not say its domain, so
 * that an invalidation of any domain removes it (section 6.2.1).
 */
final class DeviceContext extends ConfigurationEntry {

    /** The third word of what is kept of a scalable context, 0 for a legacy one. */
    private static final long SCALABLE = 1;

    /** Takes a context of legacy mode, from the words of its entry. */
    void legacy(long low, long high) {
        tag = CacheTag.ofSecondStage(ContextEntry.domainId(high));
        w0 = low;
        w1 = high;
        w2 = 0;
    }

    /** Takes a context of scalable mode, from the words 0 and 1 of its entry. */
    void scalable(long low, long high) {
        tag = CacheTag.NONE;
        w0 = low;
        w1 = high;
        w2 = SCALABLE;
    }

    boolean isScalable() {
        return w2 == SCALABLE;
    }

    /** TT of a legacy context. */
    int translationType() {
        return ContextEntry.translationType(w0);
    }

    boolean faultsDisabled() {
        return isScalable()
                ? ScalableContextEntry.faultsDisabled(w0)
                : ContextEntry.faultsDisabled(w0);
    }

    boolean deviceTlbEnabled() {
        return ScalableContextEntry.deviceTlbEnabled(w0);
    }

    boolean pasidEnabled() {
        return ScalableContextEntry.pasidEnabled(w0);
    }

    boolean pageRequestEnabled() {
        return ScalableContextEntry.pageRequestEnabled(w0);
    }

    /** The first PASID beyond the directory. */
    int pasidLimit() {
        return ScalableContextEntry.pasidLimit(w0);
    }

    long pasidDirectory() {
        return ScalableContextEntry.pasidDirectory(w0);
    }

    int ridPasid() {
        return ScalableContextEntry.ridPasid(w1);
    }

    boolean ridPrivileged() {
        return ScalableContextEntry.ridPrivileged(w1);
    }
}
