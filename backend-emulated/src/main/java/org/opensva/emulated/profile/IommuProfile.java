package org.opensva.emulated.profile;

import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.vtd.model.VtdProfile;

/** Which IOMMU a machine has. */
public sealed interface IommuProfile {

    /**
     * An SMMUv3.
     *
     * @param profile what it claims
     */
    record Smmu(SmmuProfile profile) implements IommuProfile {}

    /**
     * A VT-d remapping unit in scalable mode.
     *
     * @param profile what it claims
     */
    record Vtd(VtdProfile profile) implements IommuProfile {}
}
