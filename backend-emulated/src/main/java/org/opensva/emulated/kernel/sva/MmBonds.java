package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.SvaDomain;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** What the SVA core keeps for one address space (Linux: {@code iommu_mm_data}). */
final class MmBonds {

    /** A domain with the number of bonds that use it. */
    static final class SharedDomain {
        private final SvaDomain domain;
        private int bonds;

        SharedDomain(SvaDomain domain) {
            this.domain = domain;
        }

        SvaDomain domain() {
            return domain;
        }

        void join() {
            bonds++;
        }

        /** True if nobody is left. */
        boolean leave() {
            return --bonds == 0;
        }

        boolean isUnused() {
            return bonds == 0;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<IommuDriver, SharedDomain> domains = new HashMap<>();
    private final Map<ManagedDevice, Bond> bonds = new HashMap<>();

    /** The number of the address space, -1 if it has none yet. */
    private int pasid = -1;

    /** Guards everything here. */
    ReentrantLock lock() {
        return lock;
    }

    Map<IommuDriver, SharedDomain> domains() {
        return domains;
    }

    Map<ManagedDevice, Bond> bonds() {
        return bonds;
    }

    int pasid() {
        return pasid;
    }

    void setPasid(int value) {
        pasid = value;
    }
}
