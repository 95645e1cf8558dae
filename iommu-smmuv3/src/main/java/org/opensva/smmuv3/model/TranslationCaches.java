package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.IdRegisters.Idr0;

/**
 * The translation caches of an SMMU, each separate: IOTLB (stage 1, or both stages combined), walk
 * cache, and stage 2 TLB; and what the TLBI commands do to them (section 4.4).
 */
final class TranslationCaches {

    private final Stamps stamps;
    private final Stamps stage2Stamps;
    private final TaggedCache iotlb;
    private final TaggedCache walkCache;
    private final TaggedCache stage2Tlb;

    TranslationCaches(SmmuProfile profile, Changes changes) {
        boolean stage2 = profile.has(Idr0.S2P);
        stamps = new Stamps(true, stage2, changes);
        stage2Stamps = new Stamps(false, stage2, changes);
        iotlb = new TaggedCache(profile.iotlbEntries(), stamps);
        walkCache = new TaggedCache(profile.walkCacheEntries(), stamps);
        stage2Tlb = new TaggedCache(stage2 ? profile.iotlbEntries() : 4, stage2Stamps);
    }

    Stamps stamps() {
        return stamps;
    }

    Stamps stage2Stamps() {
        return stage2Stamps;
    }

    TaggedCache iotlb() {
        return iotlb;
    }

    TaggedCache walkCache() {
        return walkCache;
    }

    TaggedCache stage2Tlb() {
        return stage2Tlb;
    }

    /** All stages of all virtual machines (CMD_TLBI_NSNH_ALL). */
    void invalidateGuests() {
        stamps.expireGuests();
        stage2Stamps.expireGuests();
    }

    /** Everything of the hypervisor, whether it has ASIDs or not (CMD_TLBI_EL2_ALL). */
    void invalidateHypervisors() {
        stamps.expireHypervisors();
    }

    /** Stage 1 of a machine (CMD_TLBI_NH_ALL). */
    void invalidateStage1(int vmid) {
        stamps.expireMachine(vmid);
    }

    /** Both stages of a machine (CMD_TLBI_S12_VMALL). */
    void invalidateMachine(int vmid) {
        stamps.expireMachine(vmid);
        stage2Stamps.expireMachine(vmid);
    }

    /**
     * An address space, its global entries excepted (CMD_TLBI_NH_ASID, CMD_TLBI_EL2_ASID).
     *
     * @param shared whether only ASIDs that are shared with processors are meant (CD.ASET)
     */
    void invalidateAddressSpace(Regime regime, int asid, int vmid, boolean shared) {
        stamps.expireAddressSpace(Tag.ofSpace(regime, false, asid, vmid));
        if (!shared) {
            stamps.expireAddressSpace(Tag.ofSpace(regime, true, asid, vmid));
        }
    }

    /**
     * A range of an address space, and global entries in it (CMD_TLBI_NH_VA, CMD_TLBI_EL2_VA).
     *
     * @param shared whether only ASIDs that are shared with processors are meant (CD.ASET)
     */
    void invalidateRange(Regime regime, int asid, int vmid, TlbiRange range, boolean shared) {
        stamps.beginRange();
        invalidateRange(regime, false, asid, vmid, range);
        if (!shared) {
            invalidateRange(regime, true, asid, vmid, range);
        }
    }

    private void invalidateRange(
            Regime regime, boolean privateSet, int asid, int vmid, TlbiRange range) {
        long tag = Tag.ofSpace(regime, privateSet, asid, vmid);
        long globalTag = Tag.ofGlobal(regime, privateSet, vmid);
        long first = range.first();
        long last = range.last();
        iotlb.invalidate(tag, first, last, range.granuleCode(), range.level());
        if (globalTag != tag) {
            iotlb.invalidate(globalTag, first, last, range.granuleCode(), range.level());
        }
        if (!range.leafOnly()) {
            // Table descriptors are found at levels above that of the leaf.
            walkCache.invalidate(tag, first, last, range.granuleCode(), 0);
        }
    }

    /** A range of all address spaces of a machine (CMD_TLBI_NH_VAA, CMD_TLBI_EL2_VAA). */
    void invalidateRangeAnySpace(Regime regime, int vmid, TlbiRange range) {
        stamps.beginRange();
        long machine = Tag.ofGlobal(regime, false, vmid);
        long first = range.first();
        long last = range.last();
        iotlb.invalidateEverySpace(machine, first, last, range.granuleCode(), range.level());
        if (!range.leafOnly()) {
            walkCache.invalidateEverySpace(machine, first, last, range.granuleCode(), 0);
        }
    }

    /** A range of stage 2; combined entries are not meant (CMD_TLBI_S2_IPA). */
    void invalidateStage2Range(int vmid, TlbiRange range) {
        stage2Stamps.beginRange();
        stage2Tlb.invalidate(
                Tag.ofMachine(vmid),
                range.first(),
                range.last(),
                range.granuleCode(),
                range.level());
    }
}
