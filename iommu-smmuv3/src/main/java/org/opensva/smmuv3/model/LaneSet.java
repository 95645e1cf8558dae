package org.opensva.smmuv3.model;

/**
 * The lanes of one device: as many transactions of it can be under way as there are lanes; more
 * wait for a free one.
 */
final class LaneSet {

    private final Lane[] lanes;

    LaneSet() {
        int wanted = 2 * Runtime.getRuntime().availableProcessors();
        int size = Integer.highestOneBit(Math.max(2, Math.min(wanted, 64)) * 2 - 1);
        lanes = new Lane[size];
        for (int i = 0; i < size; i++) {
            lanes[i] = new Lane();
        }
    }

    /** Enters a free lane; the caller must leave it in a finally block. */
    Lane enter() {
        // Threads differ in their low bits, so that each keeps to a lane of its own.
        int start = (int) Thread.currentThread().threadId();
        Lane own = lanes[start & lanes.length - 1];
        return own.tryEnter() ? own : enterAny(start);
    }

    private Lane enterAny(int start) {
        for (int i = 1; ; i++) {
            Lane lane = lanes[start + i & lanes.length - 1];
            if (lane.tryEnter()) {
                return lane;
            }
            if ((i & lanes.length - 1) == 0) {
                Thread.yield();
            }
        }
    }

    /** Waits for every transaction that is under way now. */
    void awaitLeft() {
        for (Lane lane : lanes) {
            lane.awaitLeft();
        }
    }

    /** Sums a count. */
    long count(Lane.Count what) {
        long sum = 0;
        for (Lane lane : lanes) {
            sum += lane.count(what);
        }
        return sum;
    }
}
