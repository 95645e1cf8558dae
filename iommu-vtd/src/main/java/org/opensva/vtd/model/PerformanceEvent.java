package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;

/**
 * The performance monitoring events that are counted here. Groups and numbers are those of Linux
 * {@code drivers/iommu/intel/perfmon.c}, the only public source; events about clocks, occupancy and
 * caches that this unit does not count are not offered in PERFEVNTCAP.
 */
enum PerformanceEvent {
    /** Requests that were translated ({@code iommu_requests}). */
    REQUESTS(0, 0x002),
    /** Reads of paging structures ({@code iommu_mrds}). */
    WALK_READS(1, 0x001),
    /** Page requests that were received ({@code pg_req_posted}). */
    PAGE_REQUESTS(1, 0x040),
    /** Look-ups in the IOTLB ({@code iotlb_lookup}). */
    IOTLB_LOOKUPS(3, 0x001),
    /** Look-ups in the IOTLB that found an entry ({@code iotlb_hit}). */
    IOTLB_HITS(3, 0x002),
    /** Look-ups in the interrupt entry cache ({@code int_cache_lookup}). */
    INTERRUPT_LOOKUPS(4, 0x001),
    /** Those that found an entry for remapping ({@code int_cache_hit_nonposted}). */
    INTERRUPT_HITS(4, 0x002),
    /** Those that found an entry for posting ({@code int_cache_hit_posted}). */
    POSTED_HITS(4, 0x004);

    /** Number of event groups, those without events here included. */
    static final int GROUPS = 5;

    private static final PerformanceEvent[] ALL = values();

    private final int group;
    private final long bit;

    PerformanceEvent(int group, long bit) {
        this.group = group;
        this.bit = bit;
    }

    /** The events of a group, as bits. */
    static long events(int group) {
        long events = 0;
        for (PerformanceEvent event : ALL) {
            events |= event.group == group ? event.bit : 0;
        }
        return events;
    }

    /** The event of a group with one bit, or null. */
    static @Nullable PerformanceEvent of(int group, long bit) {
        for (PerformanceEvent event : ALL) {
            if (event.group == group && event.bit == bit) {
                return event;
            }
        }
        return null;
    }
}
