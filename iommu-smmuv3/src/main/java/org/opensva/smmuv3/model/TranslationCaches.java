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

    TranslationCaches(SmmuProfile profile) {
        boolean stage2 = profile.has(Idr0.S2P);
        stamps = new Stamps(true, stage2);
        stage2Stamps = new Stamps(false, stage2);
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

    /** CMD_TLBI_NSNH_ALL. */
    void invalidateAll() {
        stamps.expireAll();
        stage2Stamps.expireAll();
    }

    /** CMD_TLBI_NH_ALL: stage 1 of a machine. */
    void invalidateStage1(int vmid) {
        stamps.expireMachine(vmid);
    }

    /** CMD_TLBI_S12_VMALL: both stages of a machine. */
    void invalidateMachine(int vmid) {
        stamps.expireMachine(vmid);
        stage2Stamps.expireMachine(vmid);
    }

    /** CMD_TLBI_NH_ASID: an address space, its global entries excepted. */
    void invalidateAddressSpace(int asid, int vmid) {
        stamps.expireAddressSpace(Tag.ofSpace(asid, vmid));
    }

    /** CMD_TLBI_NH_VA: a range of an address space, and global entries in it. */
    void invalidateRange(int asid, int vmid, TlbiRange range) {
        stamps.beginRange();
        long tag = Tag.ofSpace(asid, vmid);
        long first = range.first();
        long last = range.last();
        iotlb.invalidate(tag, first, last, range.granuleCode(), range.level());
        iotlb.invalidateGlobal(vmid, first, last, range.granuleCode(), range.level());
        if (!range.leafOnly()) {
            // Table descriptors are found at levels above that of the leaf.
            walkCache.invalidate(tag, first, last, range.granuleCode(), 0);
        }
    }

    /** CMD_TLBI_NH_VAA: a range of all address spaces of a machine. */
    void invalidateRangeAnySpace(int vmid, TlbiRange range) {
        stamps.beginRange();
        long first = range.first();
        long last = range.last();
        iotlb.invalidateAnySpace(vmid, first, last, range.granuleCode(), range.level());
        if (!range.leafOnly()) {
            walkCache.invalidateAnySpace(vmid, first, last, range.granuleCode(), 0);
        }
    }

    /** CMD_TLBI_S2_IPA: a range of stage 2; combined entries are not meant. */
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
