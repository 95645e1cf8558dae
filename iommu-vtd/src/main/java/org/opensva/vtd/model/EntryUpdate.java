package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

/** Atomic updates of Accessed and Dirty flags (sections 3.6.3 and 3.7.3). */
final class EntryUpdate {

    /** The entry has been replaced. */
    static final int DONE = 0;

    /** Someone else changed the entry first. */
    static final int LOST = 1;

    /** The memory cannot be written. */
    static final int FAILED = 2;

    private EntryUpdate() {}

    static int replace(PhysicalMemory memory, long at, long expected, long updated) {
        try {
            return memory.compareAndSetLong(at, expected, updated) ? DONE : LOST;
        } catch (BusErrorException e) {
            return FAILED;
        }
    }
}
