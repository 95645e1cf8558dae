package org.opensva.vtd.model;

import org.opensva.api.telemetry.HardwareCounter;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts of one writer at a time, which any thread may read: one for each lane, so that counting
 * costs a plain addition and shares no cache line with another lane.
 */
final class Counters {

    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int PADDING = 8; // longs of a cache line, before and after

    private static final int SHORT = PADDING + HardwareCounter.values().length;

    private final long[] counts = new long[SHORT + 1 + PADDING];

    /** Counts; only the current writer may call. */
    void add(HardwareCounter what, long amount) {
        int index = PADDING + what.ordinal();
        COUNT.setOpaque(counts, index, counts[index] + amount);
    }

    /**
     * Counts an entry read by a walk; only the current writer may call.
     *
     * @param level the level of the table, 1 to 5
     */
    void addWalkRead(int level) {
        add(HardwareCounter.WALK_READS, 1);
        add(HardwareCounter.walkReads(level), 1);
    }

    /** Counts translations that are hits of the IOTLB, at once. */
    void addHits(int hits) {
        COUNT.setOpaque(counts, SHORT, counts[SHORT] + hits);
    }

    /** Reads a count from any thread. */
    long get(HardwareCounter what) {
        long count = (long) COUNT.getOpaque(counts, PADDING + what.ordinal());
        return switch (what) {
            case TRANSLATIONS, IOTLB_HITS -> count + (long) COUNT.getOpaque(counts, SHORT);
            default -> count;
        };
    }
}
