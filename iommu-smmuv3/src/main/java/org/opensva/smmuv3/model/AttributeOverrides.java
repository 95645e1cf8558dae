package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * The memory attributes that a transaction comes in with: what stands for the ones that devices do
 * not supply, replaced by what a stream table entry or SMMU_GBPA says (sections 13.1.3, 13.1.4, 5.2
 * and 6.3.14).
 *
 * <p>Whether the overrides apply to PCI Express devices is up to the implementation: here they do.
 */
final class AttributeOverrides {

    private static final int SHARED_AS_SUPPLIED = 1;

    private final boolean implemented;

    AttributeOverrides(SmmuProfile profile) {
        implemented = Idr1.ATTR_TYPES_OVR.isSet(profile.idr1());
    }

    /**
     * With the overrides of a stream.
     *
     * @param word1 word 1 of its entry
     */
    MemoryAttributes ofStream(long word1) {
        return replaced(
                StreamTableEntry.MTCFG.isSet(word1),
                (int) StreamTableEntry.MEMATTR.get(word1),
                (int) StreamTableEntry.ALLOCCFG.get(word1),
                (int) StreamTableEntry.SHCFG.get(word1));
    }

    /**
     * With the overrides for all that passes while translation is disabled.
     *
     * @param register SMMU_GBPA
     */
    MemoryAttributes global(long register) {
        return replaced(
                Gbpa.MTCFG.isSet(register),
                (int) Gbpa.MEMATTR.get(register),
                (int) Gbpa.ALLOCCFG.get(register),
                (int) Gbpa.SHCFG.get(register));
    }

    private MemoryAttributes replaced(boolean type, int encoded, int allocation, int sharing) {
        MemoryAttributes result = MemoryAttributes.SUPPLIED;
        if (!implemented) {
            return result;
        }
        if (type) {
            result = MemoryAttributes.ofStage2(encoded, MemoryAttributes.NON_SHAREABLE);
        }
        if (sharing != SHARED_AS_SUPPLIED) {
            result = result.withShareability(sharing);
        }
        return result.withAllocation(allocation);
    }
}
