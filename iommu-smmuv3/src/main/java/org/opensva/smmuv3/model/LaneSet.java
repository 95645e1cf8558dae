package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The lanes of one device: as many transactions of it can be under way as there are lanes; more
 * wait for a free one.
 */
final class LaneSet {

    private static final VarHandle ACTIVITY;

    static {
        try {
            ACTIVITY = MethodHandles.lookup().findVarHandle(LaneSet.class, "activity", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Lane[] lanes;
    private final Activity all;
    private @Nullable LaneSet next;
    private volatile int activity;

    /** Makes lanes that are listed there while there is something in them to wait for. */
    LaneSet(Activity all) {
        this.all = all;
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
        Lane entered = own.tryEnter() ? own : enterAny(start);
        if (activity != Activity.LISTED) {
            all.list(this);
        }
        return entered;
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

    /** Where the lanes stand with {@link Activity}. */
    int activity() {
        return activity;
    }

    /** Whether it is for the caller to list them. */
    boolean begin() {
        return ACTIVITY.compareAndSet(this, Activity.QUIET, Activity.BEGINNING);
    }

    /** Which lanes are listed behind these; before they are listed. */
    void next(@Nullable LaneSet lanes) {
        next = lanes;
    }

    /** They are listed from here on. */
    void listed() {
        activity = Activity.LISTED;
    }

    /**
     * Marks them as not listed, once they have been taken out of the list.
     *
     * @return those behind
     */
    @Nullable LaneSet unlist() {
        // A thread may still be between putting them on the list and saying so.
        while (activity != Activity.LISTED) {
            Thread.yield();
        }
        LaneSet behind = next;
        next = null;
        activity = Activity.QUIET;
        return behind;
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
