package org.opensva.api.telemetry;

/**
 * One thing that hardware, its driver, or the SVA core did: the material of white-box rules and of
 * timelines.
 *
 * @param sequence position in the order of all events of a backend, from 0
 * @param kind what happened
 * @param requester requester id or stream id, or -1 where there is none
 * @param pasid the PASID, or -1 where there is none
 * @param address first address, or 0
 * @param length number of bytes; -1 for everything; 0 where there is no range
 */
public record HardwareEvent(
        long sequence, Kind kind, int requester, int pasid, long address, long length) {

    /** The kinds of events. */
    public enum Kind {
        /**
         * An IOTLB invalidation was issued. The requester is -1 and the PASID may be -1: the tag is
         * private to the driver.
         */
        IOTLB_INVALIDATE,
        /** Every IOTLB invalidation issued before has completed. */
        IOTLB_SYNC,
        /** An ATC invalidation was issued to a device. */
        ATC_INVALIDATE,
        /** Every ATC invalidation issued before has completed. */
        ATC_SYNC,
        /** A PASID entry (CD, PASID-table entry) was made to translate. */
        PASID_ENTRY_SET,
        /** A PASID entry was quiesced: it aborts silently. */
        PASID_ENTRY_QUIESCED,
        /** A PASID entry was cleared. */
        PASID_ENTRY_CLEARED,
        /** A cached PASID entry was invalidated and the invalidation has completed. */
        CONFIGURATION_SYNC,
        /** A device joined the list of those that are told of changes to an address space. */
        SUBSCRIBED,
        /** A device left that list. */
        UNSUBSCRIBED,
        /** A page-request group was reported. */
        PAGE_REQUEST,
        /** A page-request group was answered. */
        PAGE_RESPONSE,
        /** A PASID was taken for an address space. */
        PASID_ALLOCATED,
        /** A PASID may be given to another address space. */
        PASID_FREED,
        /** An address space begins to be released. */
        RELEASE_BEGIN,
        /** An address space has been released in every device. */
        RELEASE_END,
        /** Unbinding begins. */
        UNBIND_BEGIN,
        /** Unbinding is complete. */
        UNBIND_END,
        /** A page frame or page-table page went back to the allocator; the address is physical. */
        FRAME_FREED
    }
}
