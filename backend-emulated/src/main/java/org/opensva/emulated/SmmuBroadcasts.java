package org.opensva.emulated;

import com.google.inject.Provider;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.smmuv3.model.BroadcastTlbi;
import org.opensva.smmuv3.model.BroadcastTlbi.Scope;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.List;

/**
 * Carries the TLB maintenance of processors to SMMUs (Arm IHI 0070 G.b section 3.17): TLBI
 * ASIDE1IS, RVAE1IS and RVALE1IS of an operating system at EL1 without a hypervisor, whose VMID is
 * 0, and the DSB behind them. What it does to the IOTLBs is told as any other invalidation is.
 */
final class SmmuBroadcasts implements ProcessorTlbs {

    /**
     * An SMMU that hears processors.
     *
     * @param smmu the SMMU
     * @param wideAsids whether its ASIDs have 16 bits
     */
    record Listener(Provider<SmmuV3> smmu, boolean wideAsids) {}

    private final List<SmmuV3> smmus;
    private final int asids;
    private final HardwareEventSink events;

    SmmuBroadcasts(List<Listener> listeners, HardwareEventSink events) {
        this.smmus = listeners.stream().map(listener -> listener.smmu().get()).toList();
        // The lower half: the other one is left to what has no processes (Linux leaves it to the
        // kernel's own half of each pair, arm64_kernel_unmapped_at_el0).
        this.asids = 1 << (listeners.stream().allMatch(Listener::wideAsids) ? 15 : 7);
        this.events = events;
    }

    @Override
    public int asids() {
        return asids;
    }

    @Override
    public void invalidate(int asid, AddressRange range, boolean lastLevelOnly) {
        BroadcastTlbi told =
                range.isWhole()
                        ? BroadcastTlbi.of(Scope.ASIDE1, asid, 0)
                        : new BroadcastTlbi(Scope.VAE1, asid, 0, range, lastLevelOnly);
        for (SmmuV3 smmu : smmus) {
            events.record(Kind.IOTLB_INVALIDATE, -1, -1, range.start(), range.length());
            smmu.broadcast(told);
        }
    }

    @Override
    public void synchronize() {
        for (SmmuV3 smmu : smmus) {
            smmu.completeBroadcasts();
        }
        events.record(Kind.IOTLB_SYNC, -1, -1, 0, 0);
    }
}
