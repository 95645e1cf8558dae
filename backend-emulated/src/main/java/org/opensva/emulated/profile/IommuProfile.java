package org.opensva.emulated.profile;

import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.vtd.model.VtdProfile;

/** Which IOMMU a machine has. */
public sealed interface IommuProfile {

    /**
     * The same IOMMU with another IOTLB.
     *
     * @param entries its capacity, a power of two
     * @return the profile
     */
    IommuProfile withIotlbEntries(int entries);

    /**
     * The same IOMMU with other walk caches.
     *
     * @param entries capacity of each, a power of two, at least 4
     * @return the profile
     */
    IommuProfile withWalkCacheEntries(int entries);

    /**
     * An SMMUv3.
     *
     * @param profile what it claims
     */
    record Smmu(SmmuProfile profile) implements IommuProfile {
        @Override
        public IommuProfile withIotlbEntries(int entries) {
            return new Smmu(
                    profile.withCaches(
                            entries, profile.walkCacheEntries(), profile.contextCacheEntries()));
        }

        @Override
        public IommuProfile withWalkCacheEntries(int entries) {
            return new Smmu(
                    profile.withCaches(
                            profile.iotlbEntries(), entries, profile.contextCacheEntries()));
        }
    }

    /**
     * A VT-d remapping unit in scalable mode.
     *
     * @param profile what it claims
     */
    record Vtd(VtdProfile profile) implements IommuProfile {
        @Override
        public IommuProfile withIotlbEntries(int entries) {
            return new Vtd(
                    profile.withCaches(
                            entries,
                            profile.walkCacheEntries(),
                            profile.contextCacheEntries(),
                            profile.pasidCacheEntries()));
        }

        @Override
        public IommuProfile withWalkCacheEntries(int entries) {
            return new Vtd(
                    profile.withCaches(
                            profile.iotlbEntries(),
                            entries,
                            profile.contextCacheEntries(),
                            profile.pasidCacheEntries()));
        }
    }
}
