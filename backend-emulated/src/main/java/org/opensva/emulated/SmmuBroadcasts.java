package org.opensva.emulated;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.model.BroadcastTlbi;
import org.opensva.smmuv3.model.BroadcastTlbi.Scope;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

/**
 * Carries the TLB maintenance of processors to the SMMU (Arm IHI 0070 G.b section 3.17): TLBI
 * ASIDE1IS, RVAE1IS and RVALE1IS of an operating system at EL1 without a hypervisor, whose VMID is
 * 0, and the DSB behind them. What it does to the IOTLB is told as any other invalidation is.
 */
final class SmmuBroadcasts implements ProcessorTlbs {

    private final SmmuV3 smmu;
    private final int asids;
    private final HardwareEventSink events;

    SmmuBroadcasts(SmmuV3 smmu, SmmuProfile profile, HardwareEventSink events) {
        this.smmu = smmu;
        // The lower half: the other one is left to what has no processes (Linux leaves it to the
        // kernel's own half of each pair, arm64_kernel_unmapped_at_el0).
        this.asids = 1 << (Idr0.ASID16.isSet(profile.idr0()) ? 15 : 7);
        this.events = events;
    }

    @Override
    public int asids() {
        return asids;
    }

    @Override
    public void invalidate(int asid, AddressRange range, boolean lastLevelOnly) {
        events.record(Kind.IOTLB_INVALIDATE, -1, -1, range.start(), range.length());
        smmu.broadcast(
                range.isWhole()
                        ? BroadcastTlbi.of(Scope.ASIDE1, asid, 0)
                        : new BroadcastTlbi(Scope.VAE1, asid, 0, range, lastLevelOnly));
    }

    @Override
    public void synchronize() {
        smmu.completeBroadcasts();
        events.record(Kind.IOTLB_SYNC, -1, -1, 0, 0);
    }
}
