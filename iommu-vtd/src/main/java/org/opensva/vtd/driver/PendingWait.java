package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.PhysicalMemory;

/**
 * A wait descriptor in the invalidation queue, with the stretch of the queue that it speaks for.
 * Completion is what the hardware writes to its status word; errors are what the queue says.
 */
final class PendingWait {

    /** How a wait ended. */
    enum State {
        /** Everything before it has completed. */
        COMPLETE,
        /** The hardware gave it up: a device has not completed an invalidation in time. */
        TIMED_OUT,
        /** The hardware refused a descriptor before it. */
        REFUSED
    }

    /**
     * What became of a wait.
     *
     * @param state how it ended
     * @param source for a time-out the requester that was silent, 0 if the hardware does not tell
     */
    record Outcome(State state, int source) {
        static final Outcome COMPLETE = new Outcome(State.COMPLETE, 0);
    }

    private final long first;
    private final long position;
    private final long statusAddress;

    /** Set once, by the queue under its lock, before the hardware may go on. */
    private volatile @Nullable Outcome failure;

    PendingWait(long first, long position, long statusAddress) {
        this.first = first;
        this.position = position;
        this.statusAddress = statusAddress;
    }

    /** The first position of the batch that it waits for. */
    long first() {
        return first;
    }

    long position() {
        return position;
    }

    /** What the hardware writes: never what a former user of the status word left there. */
    int tag() {
        return (int) position;
    }

    void fail(Outcome outcome) {
        if (failure == null) {
            failure = outcome;
        }
    }

    /** True once the hardware has written the status, or that of a later wait at the same place. */
    boolean isWritten(PhysicalMemory memory) {
        return memory.readInt(statusAddress) - tag() >= 0;
    }

    /** What became of it, or null if that is open. */
    @Nullable Outcome outcome(PhysicalMemory memory) {
        boolean written = isWritten(memory);
        // Read second: a failure is noted before the hardware can write a status after it.
        Outcome noted = failure;
        return noted != null ? noted : written ? Outcome.COMPLETE : null;
    }
}
