package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.memory.MmioRegion;

import java.util.List;
import java.util.function.LongConsumer;

/**
 * What the device has for one open file: a queue of its own, or a part in the shared one.
 *
 * <p><b>Threading.</b> {@link #start} and {@link #stop} are called by one thread at a time;
 * everything else by any thread.
 */
public sealed interface DeviceQueue permits HardwareQueue, SharedPart {

    /**
     * The MMIO region.
     *
     * @return its registers
     */
    MmioRegion doorbellPage();

    /**
     * The SHARED region.
     *
     * @return its words
     */
    MmioRegion sharedPage();

    /**
     * Signalled when something completes, and when the queue stops.
     *
     * @return the interrupt
     */
    CompletionEvent event();

    /**
     * How often it was started.
     *
     * @return a number that names the present start
     */
    int starts();

    /**
     * How many jobs the queue holds.
     *
     * @return a power of two
     */
    int depth();

    /**
     * How many jobs the opener may have in it.
     *
     * @return 1 to {@link #depth}
     */
    int limit();

    /**
     * Latches the parameters and runs.
     *
     * @return false if the parameters make no sense; nothing is changed then. A queue that was
     *     killed stays dead
     */
    boolean start();

    /**
     * Finishes the work that was accepted, aborts what is left at the deadline, and stops. Does
     * nothing if it is stopped.
     *
     * @param grace how long to wait for the work, and then for the worker, in nanoseconds
     * @return false if a worker does not let go of the queue; then it stays dead
     */
    boolean stop(long grace);

    /**
     * Stops for ever, without waiting: the job under way is told, the others are aborted.
     *
     * @param error why
     */
    void kill(QueueError error);

    /**
     * Waits until no worker serves it. Only meaningful once it takes no more work.
     *
     * @param grace how long to wait in nanoseconds
     * @return true if none does
     */
    boolean awaitQuiet(long grace);

    /**
     * Does something once no worker serves a dead queue: now, or when the worker lets go.
     *
     * @param action what to do, once
     */
    void whenQuiet(Runnable action);

    /**
     * Tells whether jobs of one start may still complete.
     *
     * @param start what {@link #starts} said
     * @return false once none will
     */
    boolean serves(int start);

    /**
     * Tells whether it stopped by itself.
     *
     * @return true after an error that the status word tells
     */
    boolean failed();

    /**
     * Pushes jobs into the device, all or none.
     *
     * @param owner who will collect the results
     * @param jobs the jobs
     * @param accepted gets each ticket before any worker can see the job, or null
     * @return a ticket for each, or none if there is no room, or it does not run or keeps no
     *     results
     */
    default long[] submit(Object owner, List<Job> jobs, @Nullable LongConsumer accepted) {
        return new long[0];
    }

    /**
     * What is known about a job that was pushed.
     *
     * @param ticket any number
     * @return its state
     */
    default JobTable.State stateOf(long ticket) {
        return JobTable.State.UNKNOWN;
    }

    /**
     * Collects the result of a job that was pushed.
     *
     * @param ticket a ticket that is done
     * @param result takes consumed, produced, value and fault address
     * @return how the job ended
     */
    default JobStatus collect(long ticket, long[] result) {
        throw new IllegalStateException("not done: " + ticket);
    }

    /**
     * Tells whether results wait for an owner.
     *
     * @param owner as given to {@link #submit}
     * @return true if one does
     */
    default boolean hasDone(Object owner) {
        return false;
    }

    /**
     * Drops the results of an owner, also those that are still to come.
     *
     * @param owner as given to {@link #submit}
     */
    default void forget(Object owner) {}
}
