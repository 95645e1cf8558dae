package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.ScalableContextEntry;

/**
 * What the context entry of a device says, once it has passed the checks that do not depend on the
 * request. A legacy context belongs to its domain; one of scalable mode does not say its domain, so
 * that an invalidation of any domain removes it (section 6.2.1).
 */
final class DeviceContext extends ConfigurationEntry {

    private final long w0;
    private final long w1;
    private final int translationType;
    private final @Nullable Regime regime;

    private DeviceContext(
            int source, long tag, long w0, long w1, int translationType, @Nullable Regime regime) {
        super(source, tag);
        this.w0 = w0;
        this.w1 = w1;
        this.translationType = translationType;
        this.regime = regime;
    }

    /** A context of legacy mode. */
    static DeviceContext legacy(int source, int translationType, Regime regime) {
        return new DeviceContext(source, regime.secondTag(), 0, 0, translationType, regime);
    }

    /** A context of scalable mode, from the words 0 and 1 of its entry. */
    static DeviceContext scalable(int source, long w0, long w1) {
        return new DeviceContext(source, CacheTag.NONE, w0, w1, 0, null);
    }

    boolean isScalable() {
        return regime == null;
    }

    /** The regime of a legacy context, null for one of scalable mode. */
    @Nullable Regime regime() {
        return regime;
    }

    /** TT of a legacy context. */
    int translationType() {
        return translationType;
    }

    boolean faultsDisabled() {
        return regime == null ? ScalableContextEntry.faultsDisabled(w0) : regime.faultsDisabled();
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
