package org.opensva.conformance.suite.testbackend;

/** One way to be broken. Each was a bug of a real system, reduced to its effect. */
public enum Fault {
    /** munmap changes the page table and tells nobody. */
    UNMAP_TELLS_NOBODY,
    /** The IOTLB is invalidated, the caches of the devices are not. */
    ATC_IS_FORGOTTEN,
    /** The caches of the devices are invalidated, the IOTLB is not: they refill from it. */
    IOTLB_IS_FORGOTTEN,
    /** Only the first device of an address space is invalidated. */
    SECOND_DEVICE_IS_FORGOTTEN,
    /** The last page of a range of several keeps its cached translation. */
    LAST_PAGE_IS_LEFT_OUT,
    /** A range is invalidated by a power of two of pages from its own start rounded down. */
    RANGE_IS_NOT_ROUNDED_OUTWARDS,
    /** Ranges of more than 32 pages become a full invalidation whose length wraps to nothing. */
    BIG_RANGE_WRAPS_TO_NOTHING,
    /** The full invalidation of fork does nothing. */
    FORK_DOES_NOT_INVALIDATE,
    /** Page protection is narrowed in the table only. */
    MPROTECT_DOES_NOT_INVALIDATE,
    /** Nobody is told that a mapping was widened, and the device believes what it holds. */
    STALE_READ_ONLY_IS_FINAL,
    /** Discarded pages stay cached. */
    DISCARD_DOES_NOT_INVALIDATE,
    /** Breaking copy-on-write installs the new page and tells nobody. */
    COPY_ON_WRITE_DOES_NOT_INVALIDATE,
    /** Devices write to read-only mappings. */
    WRITE_PERMISSION_IS_IGNORED,
    /** A refusal is cached: an address that once failed fails for ever. */
    REFUSAL_IS_CACHED,
    /** The device waits for nothing: a write may land after its translation was invalidated. */
    WRITES_ARE_LATE,
    /**
     * An invalidation for one address space removes nothing in the others but is keyed by address.
     */
    TRANSLATIONS_ARE_NOT_TAGGED,
    /** The PASID is free as soon as the process exits. */
    PASID_IS_FREED_AT_EXIT,
    /** The last unbind frees the PASID. */
    PASID_IS_FREED_AT_UNBIND,
    /** A child that binds gets its parent's PASID. */
    CHILD_INHERITS_PASID,
    /** Every close unbinds, whatever the number of binds. */
    CLOSE_UNBINDS_ALL,
    /** A foreign handle acts on its holder's memory. */
    FOREIGN_HANDLE_ACTS_ON_HOLDER,
    /** Closing any copy of a handle ends the queue. */
    ANY_CLOSE_ENDS_THE_QUEUE,
    /** Exit keeps the PASID translating until the handle is closed. */
    EXIT_LEAVES_THE_DEVICE,
    /** A queue can be started twice. */
    START_TWICE_IS_ALLOWED,
    /** Put returns the hardware queue. */
    PUT_RETURNS_THE_QUEUE,
    /** A frame is lost with every queue. */
    OPEN_LEAKS,
    /** The ATC is invalidated before the IOTLB. */
    ATC_BEFORE_IOTLB,
    /** A translation that was being fetched is kept, whatever was invalidated meanwhile. */
    FETCHED_TRANSLATION_IS_KEPT,
    /** Addresses that are not mapped are taken for frame numbers. */
    UNMAPPED_ADDRESS_IS_PHYSICAL,
    /** Jobs after the third never end. */
    JOBS_HANG
}
