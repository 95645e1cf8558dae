package org.opensva.linux.mm;

/**
 * When an event of a userfaultfd is read. The process that caused it goes on at that moment, so
 * there is one right order; the other is here for those who have to show that they find it.
 */
public enum EventDiscipline {
    /** Caching stops, cached translations go, accesses end, and only then is the event read. */
    INVALIDATE_FIRST,
    /** The event is read, and then what it tells of is done: the process is ahead meanwhile. */
    READ_FIRST
}
