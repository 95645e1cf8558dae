package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.HardwareCounter;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The lanes of one device: as many requests of it are under way at a time; more wait for one. */
final class LaneSet {

    private static final int MOST = 64;

    private static final VarHandle ACTIVITY;

    static {
        try {
            ACTIVITY = MethodHandles.lookup().findVarHandle(LaneSet.class, "activity", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Lane[] lanes;
    private final int mask;
    private final Activity all;
    private @Nullable LaneSet next;
    private volatile int activity;

    /** Makes lanes that are listed there while there is something in them to wait for. */
    LaneSet(Activity all) {
        this.all = all;
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
                if (activity != Activity.LISTED) {
                    all.list(this);
                }
                return lane;
            }
            if ((tries & mask) == mask) {
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
