package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobStatus;

import java.util.Arrays;

/**
 * Jobs that were submitted and whose results have not been collected, in a fixed number of slots.
 *
 * <p>A ticket is the slot in bits 19:0, the use of that slot in bits 61:20, and in bit 62 whether
 * the job went through the descriptor. No ticket of a table is ever used twice.
 *
 * <p><b>Threading.</b> None: its owner guards it.
 */
public final class JobTable {

    /** No ticket: the table is full. */
    public static final long NONE = -1;

    /** Set in tickets of jobs that went through the descriptor. */
    public static final long DIRECT = 1L << 62;

    private static final int SLOT_BITS = 20;
    private static final int SLOT_MASK = (1 << SLOT_BITS) - 1;
    private static final int FIELDS = 4;

    private static final byte FREE = 0;
    private static final byte PENDING = 1;
    private static final byte DONE = 2;

    /** The owner of jobs whose owner is gone: their results are dropped. */
    private static final Object NOBODY = new Object();

    /** What is known about a ticket. */
    public enum State {
        /** Never given out, or collected. */
        UNKNOWN,
        /** Not completed. */
        PENDING,
        /** Completed, to be collected. */
        DONE
    }

    private final long[] tickets;
    private final byte[] states;
    private final JobStatus[] statuses;
    private final long[] results;
    private final @Nullable Object[] owners;
    private final int[] free;
    private int freeCount;
    private int done;

    /**
     * Makes an empty table.
     *
     * @param capacity number of slots, 1 to {@link QueueLayout#MAX_DEPTH}
     * @param marker 0 or {@link #DIRECT}
     */
    public JobTable(int capacity, long marker) {
        tickets = new long[capacity];
        states = new byte[capacity];
        statuses = new JobStatus[capacity];
        results = new long[capacity * FIELDS];
        owners = new @Nullable Object[capacity];
        free = new int[capacity];
        for (int slot = 0; slot < capacity; slot++) {
            tickets[slot] = marker | slot;
            free[slot] = capacity - 1 - slot;
        }
        Arrays.fill(statuses, JobStatus.ABORTED);
        freeCount = capacity;
    }

    /**
     * Takes a slot.
     *
     * @param owner who will collect it, for {@link #hasDone} and {@link #forget}
     * @return a ticket, or {@link #NONE}
     */
    public long open(@Nullable Object owner) {
        if (freeCount == 0) {
            return NONE;
        }
        int slot = free[--freeCount];
        tickets[slot] += 1L << SLOT_BITS;
        states[slot] = PENDING;
        owners[slot] = owner;
        return tickets[slot];
    }

    /**
     * Gives a slot back whose job was not submitted after all.
     *
     * @param ticket a pending ticket
     */
    public void cancel(long ticket) {
        if (stateOf(ticket) == State.PENDING) {
            release(slotOf(ticket));
        }
    }

    /**
     * Records a result.
     *
     * @param ticket any number
     * @param status how the job ended
     * @param consumed bytes consumed
     * @param produced bytes produced
     * @param value the value
     * @param faultAddress the fault address
     * @return false if that is no pending ticket
     */
    public boolean finish(
            long ticket,
            JobStatus status,
            long consumed,
            long produced,
            long value,
            long faultAddress) {
        if (stateOf(ticket) != State.PENDING) {
            return false;
        }
        int slot = slotOf(ticket);
        if (NOBODY.equals(owners[slot])) {
            release(slot);
            return true;
        }
        statuses[slot] = status;
        results[slot * FIELDS] = consumed;
        results[slot * FIELDS + 1] = produced;
        results[slot * FIELDS + 2] = value;
        results[slot * FIELDS + 3] = faultAddress;
        states[slot] = DONE;
        done++;
        return true;
    }

    /**
     * What is known about a ticket.
     *
     * @param ticket any number
     * @return its state
     */
    public State stateOf(long ticket) {
        int slot = slotOf(ticket);
        if (ticket < 0 || slot >= tickets.length || tickets[slot] != ticket) {
            return State.UNKNOWN;
        }
        return switch (states[slot]) {
            case PENDING -> State.PENDING;
            case DONE -> State.DONE;
            default -> State.UNKNOWN;
        };
    }

    /**
     * Collects a result and frees its slot.
     *
     * @param ticket a ticket that is {@link State#DONE}
     * @param result takes consumed, produced, value and fault address in its first four elements
     * @return how the job ended
     * @throws IllegalStateException if it has not
     */
    public JobStatus collect(long ticket, long[] result) {
        if (stateOf(ticket) != State.DONE) {
            throw new IllegalStateException("not done: " + ticket);
        }
        int slot = slotOf(ticket);
        System.arraycopy(results, slot * FIELDS, result, 0, FIELDS);
        release(slot);
        return statuses[slot];
    }

    /**
     * How many slots are free.
     *
     * @return 0 to the capacity
     */
    public int room() {
        return freeCount;
    }

    /** Ends every pending job as aborted. */
    public void abortPending() {
        for (int slot = 0; slot < states.length; slot++) {
            if (states[slot] == PENDING) {
                finish(tickets[slot], JobStatus.ABORTED, 0, 0, 0, 0);
            }
        }
    }

    /**
     * How many results wait to be collected.
     *
     * @return 0 to the capacity
     */
    public int done() {
        return done;
    }

    /**
     * How many jobs have not completed.
     *
     * @return 0 to the capacity
     */
    public int pending() {
        return states.length - freeCount - done;
    }

    /**
     * Tells whether results of one owner wait to be collected.
     *
     * @param owner as given to {@link #open}
     * @return true if one does
     */
    public boolean hasDone(Object owner) {
        for (int slot = 0; slot < states.length; slot++) {
            if (states[slot] == DONE && owner.equals(owners[slot])) {
                return true;
            }
        }
        return false;
    }

    /**
     * Drops the jobs of an owner who will not collect them; pending ones keep their slots until
     * they are finished.
     *
     * @param owner as given to {@link #open}
     */
    public void forget(Object owner) {
        for (int slot = 0; slot < states.length; slot++) {
            if (states[slot] != FREE && owner.equals(owners[slot])) {
                if (states[slot] == DONE) {
                    release(slot);
                } else {
                    owners[slot] = NOBODY;
                }
            }
        }
    }

    private void release(int slot) {
        if (states[slot] == DONE) {
            done--;
        }
        states[slot] = FREE;
        owners[slot] = null;
        free[freeCount++] = slot;
    }

    /** The slot of a ticket. */
    static int slotOf(long ticket) {
        return (int) ticket & SLOT_MASK;
    }
}
