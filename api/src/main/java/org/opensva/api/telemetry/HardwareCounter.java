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
    /** Page-table descriptors read by walks. */
    WALK_READS("walk.reads"),
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
}
