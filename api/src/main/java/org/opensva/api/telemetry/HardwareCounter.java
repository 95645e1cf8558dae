package org.opensva.api.telemetry;

/** What hardware counts on its data path; each counts up from 0 and never resets. */
public enum HardwareCounter {
    /**
     * Translations asked of the IOMMU, untranslated requests and ATS translation requests alike.
     */
    TRANSLATIONS("translations"),
    /** Translations answered from the IOTLB. */
    IOTLB_HITS("iotlb.hits"),
    /** Translations that had to walk. */
    IOTLB_MISSES("iotlb.misses"),
    /** Entries dropped from the IOTLB for want of room. */
    IOTLB_EVICTIONS("iotlb.evictions"),
    /** Walks that began at a cached table. */
    WALK_CACHE_HITS("walk.cache.hits"),
    /** Walks that began at the root of their tables. */
    WALK_CACHE_MISSES("walk.cache.misses"),
    /** Tables dropped from the cache of walks for want of room. */
    WALK_CACHE_EVICTIONS("walk.cache.evictions"),
    /** Page-table descriptors read by walks. */
    WALK_READS("walk.reads"),
    /** Of {@link #WALK_READS}, those in tables whose entries are pages. */
    WALK_READS_LEVEL_1("walk.reads.level1"),
    /** Of {@link #WALK_READS}, those one level above. */
    WALK_READS_LEVEL_2("walk.reads.level2"),
    /** Of {@link #WALK_READS}, those two levels above. */
    WALK_READS_LEVEL_3("walk.reads.level3"),
    /** Of {@link #WALK_READS}, those three levels above. */
    WALK_READS_LEVEL_4("walk.reads.level4"),
    /** Of {@link #WALK_READS}, those four levels above. */
    WALK_READS_LEVEL_5("walk.reads.level5"),
    /** Device accesses answered from an ATC. */
    ATC_HITS("atc.hits"),
    /** Device accesses that needed a translation request. */
    ATC_MISSES("atc.misses"),
    /** Entries dropped from an ATC for want of room. */
    ATC_EVICTIONS("atc.evictions"),
    /** IOTLB invalidation commands. */
    IOTLB_INVALIDATIONS("iotlb.invalidations"),
    /** ATC invalidation requests sent to devices. */
    ATC_INVALIDATIONS("atc.invalidations"),
    /** Page requests sent by devices, or accesses stalled. */
    PAGE_REQUESTS("page.requests"),
    /** Page group responses, or stalled accesses resumed. */
    PAGE_RESPONSES("page.responses"),
    /** Faults recorded by the IOMMU. */
    FAULTS("faults"),
    /** Bytes read by devices. */
    DMA_BYTES_READ("dma.read"),
    /** Bytes written by devices. */
    DMA_BYTES_WRITTEN("dma.written");

    /** Levels of page tables that are told apart. */
    public static final int WALK_LEVELS = 5;

    private static final HardwareCounter[] VALUES = values();

    private final String id;

    HardwareCounter(String id) {
        this.id = id;
    }

    /**
     * The name in metrics and reports.
     *
     * @return lower case, dotted
     */
    public String id() {
        return id;
    }

    /**
     * The counter of the descriptors read at one level.
     *
     * @param level 1 (its entries are pages) to {@link #WALK_LEVELS}
     * @return the counter
     */
    public static HardwareCounter walkReads(int level) {
        return VALUES[WALK_READS.ordinal() + level];
    }
}
