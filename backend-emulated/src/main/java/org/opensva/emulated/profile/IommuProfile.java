package org.opensva.emulated.profile;

import org.opensva.smmuv3.model.SmmuProfile;

/** Which IOMMU a machine has. */
public sealed interface IommuProfile {

    /**
     * An SMMUv3.
     *
     * @param profile what it claims
     */
    record Smmu(SmmuProfile profile) implements IommuProfile {}
}
