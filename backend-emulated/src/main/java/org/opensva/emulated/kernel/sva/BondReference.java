package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.telemetry.WorkInProgress;

import java.util.concurrent.atomic.AtomicBoolean;

/** One reference to a bond, given back once. */
final class BondReference implements SvaBond {

    private final SvaCore core;
    private final Bond bond;
    private final AtomicBoolean open = new AtomicBoolean(true);
    private volatile WorkInProgress work = WorkInProgress.NONE;

    BondReference(SvaCore core, Bond bond) {
        this.core = core;
        this.bond = bond;
    }

    @Override
    public Pasid pasid() {
        return bond.pasid();
    }

    @Override
    public AddressSpace addressSpace() {
        return bond.addressSpace();
    }

    @Override
    public void follow(WorkInProgress newWork) {
        bond.unfollow(work);
        work = newWork;
        bond.follow(newWork);
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            bond.unfollow(work);
            core.unbind(bond);
        }
    }
}
