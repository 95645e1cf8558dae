package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The devices that have done something since somebody last waited for all of them: a wait costs
 * what these are, however many devices there are.
 *
 * <p>A request that enters a lane looks whether the lanes of its device are listed, and lists them
 * if not, before it looks anything up; a wait takes the list, marks all of it unlisted, and then
 * looks at the lanes. All of this is volatile, so there is one order: a request that found its
 * lanes listed did so before they were unlisted, hence entered before the lanes are looked at, and
 * is waited for. One that did not find them listed looks everything up after the wait has begun,
 * hence after the invalidation that the wait is for. Waits come one after the other: what the one
 * before has unlisted has also left.
 */
final class Activity {

    /** Lanes are not listed. */
    static final int QUIET = 0;

    /** Some thread is about to list them. */
    static final int BEGINNING = 1;

    /** They are listed. */
    static final int LISTED = 2;

    private final AtomicReference<@Nullable LaneSet> newest = new AtomicReference<>();
    private final ReentrantLock waiting = new ReentrantLock();

    /** Lists lanes; they are listed on return, by this thread or by another one. */
    void list(LaneSet lanes) {
        while (lanes.activity() != LISTED) {
            if (lanes.begin()) {
                LaneSet before;
                do {
                    before = newest.get();
                    lanes.next(before);
                } while (!newest.compareAndSet(before, lanes));
                lanes.listed();
                return;
            }
            Thread.yield(); // it may have lost its processor
        }
    }

    /** Waits for every request that is under way now. */
    void drain() {
        // What was dropped is gone before the list is looked at; taking the lock says so, too.
        VarHandle.fullFence();
        if (newest.get() == null && !waiting.isLocked()) {
            return; // in this order: who has taken the list has the lock until all of it has left
        }
        waiting.lock();
        try {
            LaneSet lanes = newest.getAndSet(null);
            while (lanes != null) {
                LaneSet next = lanes.unlist();
                lanes.drain();
                lanes = next;
            }
        } finally {
            waiting.unlock();
        }
    }
}
