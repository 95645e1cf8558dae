package org.opensva.vtd.model;

import org.opensva.api.telemetry.HardwareCounter;

/** The lanes of one device: as many requests of it are under way at a time; more wait for one. */
final class LaneSet {

    private static final int MOST = 64;

    private final Lane[] lanes;
    private final int mask;

    LaneSet() {
        int wanted = Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, MOST);
        lanes = new Lane[Integer.highestOneBit(wanted)];
        mask = lanes.length - 1;
        for (int i = 0; i <= mask; i++) {
            lanes[i] = new Lane();
        }
    }

    /** Enters a free lane; the caller leaves it in a finally block. */
    Lane enter() {
        // Consecutive threads have consecutive ids, so that each mostly keeps to its own lane.
        int at = (int) Thread.currentThread().threadId();
        for (int tries = 0; ; tries++) {
            Lane lane = lanes[at + tries & mask];
            if (lane.tryEnter()) {
                return lane;
            }
            if ((tries & mask) == mask) {
                Thread.yield();
            }
        }
    }

    /** Returns once every request that is under way now has ended. */
    void drain() {
        for (Lane lane : lanes) {
            lane.drain();
        }
    }

    long count(HardwareCounter what) {
        long sum = 0;
        for (Lane lane : lanes) {
            sum += lane.request.counters.get(what);
        }
        return sum;
    }
}
