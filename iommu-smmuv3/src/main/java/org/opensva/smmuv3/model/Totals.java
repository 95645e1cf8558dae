package org.opensva.smmuv3.model;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts of devices that have been unplugged. */
final class Totals {

    private static final Lane.Count[] ALL = Lane.Count.values();

    private final AtomicLongArray sums = new AtomicLongArray(ALL.length);

    /** Adds the counts of a device that counts no more. */
    void add(StreamPort port) {
        for (Lane.Count what : ALL) {
            sums.addAndGet(what.ordinal(), port.lanes().count(what));
        }
    }

    long get(Lane.Count what) {
        return sums.get(what.ordinal());
    }
}
