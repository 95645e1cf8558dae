package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Transactions that are stalled by a fault until software decides (sections 3.12.2, 4.7.1 and
 * 4.7.2). A stall tag is the number of the slot that holds the transaction.
 *
 * <p>The thread of the device waits here, outside of any lane.
 */
final class StallBuffer {

    /** What becomes of a stalled transaction. */
    enum Answer {
        /** Translated once more, as if it had just arrived. */
        RETRY,
        /** Aborted. */
        ABORT,
        /** Reads give zero, writes are ignored. */
        ZERO
    }

    /** How often a decision is looked for before the waiting thread sleeps. */
    private static final int SPINS = 50;

    private enum State {
        FREE,
        STALLED,
        RETRY,
        ABORT,
        ZERO
    }

    private final Registers registers;
    private final EventQueue events;
    private final Signals signals;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition roomOrQueue = lock.newCondition();
    private final State[] states;
    private final int[] streams;
    private final Condition[] decided;
    private final int[] free;
    private final LongAdder stalls = new LongAdder();
    private final LongAdder answers = new LongAdder();
    private int freeCount;
    private long queueChanges;
    private boolean closed;

    StallBuffer(SmmuProfile profile, Registers registers, EventQueue events, Signals signals) {
        this.registers = registers;
        this.events = events;
        this.signals = signals;
        int slots = (int) Math.max(1, Idr5.STALL_MAX.get(profile.idr5()));
        states = new State[slots];
        streams = new int[slots];
        decided = new Condition[slots];
        free = new int[slots];
        for (int i = 0; i < slots; i++) {
            states[i] = State.FREE;
            decided[i] = lock.newCondition();
            free[i] = slots - 1 - i;
        }
        freeCount = slots;
    }

    /** Stalls a transaction and waits for the decision. */
    Answer stall(StreamPort port, Fault fault) {
        int slot;
        long changes;
        lock.lock();
        try {
            // No slot to hold it: it waits in front of the SMMU.
            while (freeCount == 0 && mayStall(port)) {
                roomOrQueue.awaitUninterruptibly();
            }
            // Whoever terminates stalls closes the door before taking the lock, so that nothing
            // stalls behind its back.
            if (!mayStall(port)) {
                return closed || port.isClosed() ? Answer.ABORT : Answer.RETRY;
            }
            slot = free[--freeCount];
            states[slot] = State.STALLED;
            streams[slot] = port.streamId();
            changes = queueChanges;
        } finally {
            lock.unlock();
        }
        stalls.increment();
        boolean recorded = events.recordStall(fault, slot);
        signals.deliver();
        lookAgain(slot);
        lock.lock();
        try {
            if (!recorded) {
                // Software cannot know the tag. The transaction is tried again once the queue can
                // take a record (section 7.2.1), which then tells of the fault of that moment.
                while (states[slot] == State.STALLED && changes == queueChanges) {
                    roomOrQueue.awaitUninterruptibly();
                }
            } else {
                while (states[slot] == State.STALLED) {
                    decided[slot].awaitUninterruptibly();
                }
                answers.increment();
            }
            return release(slot);
        } finally {
            lock.unlock();
        }
    }

    /**
     * A decision often comes sooner than a thread could be put to sleep and woken up: for that long
     * the caller looks for it itself, and lets others run.
     */
    private void lookAgain(int slot) {
        for (int i = 0; i < SPINS && isStalled(slot); i++) {
            Thread.yield();
        }
    }

    private boolean isStalled(int slot) {
        lock.lock();
        try {
            return states[slot] == State.STALLED;
        } finally {
            lock.unlock();
        }
    }

    private boolean mayStall(StreamPort port) {
        return !closed && !port.isClosed() && Cr0.SMMUEN.isSet(registers.get(Register.CR0));
    }

    private Answer release(int slot) {
        Answer answer =
                switch (states[slot]) {
                    case ABORT -> Answer.ABORT;
                    case ZERO -> Answer.ZERO;
                    default -> Answer.RETRY;
                };
        states[slot] = State.FREE;
        free[freeCount++] = slot;
        if (freeCount == 1) {
            roomOrQueue.signalAll();
        }
        return answer;
    }

    /** CMD_RESUME; without effect unless the tag is that of a stalled transaction of the stream. */
    void resume(int streamId, int tag, Answer answer) {
        lock.lock();
        try {
            if (tag < states.length && states[tag] == State.STALLED && streams[tag] == streamId) {
                decide(tag, answer);
            }
        } finally {
            lock.unlock();
        }
    }

    private void decide(int slot, Answer answer) {
        states[slot] =
                switch (answer) {
                    case RETRY -> State.RETRY;
                    case ABORT -> State.ABORT;
                    case ZERO -> State.ZERO;
                };
        decided[slot].signalAll();
        roomOrQueue.signalAll();
    }

    /** CMD_STALL_TERM, and what the removal of a device does. */
    void terminate(int streamId) {
        lock.lock();
        try {
            for (int slot = 0; slot < states.length; slot++) {
                if (states[slot] == State.STALLED && streams[slot] == streamId) {
                    decide(slot, Answer.ABORT);
                }
            }
            roomOrQueue.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Terminates everything: translation is being disabled (section 6.3.9). */
    void terminateAll() {
        lock.lock();
        try {
            for (int slot = 0; slot < states.length; slot++) {
                if (states[slot] == State.STALLED) {
                    decide(slot, Answer.ABORT);
                }
            }
            roomOrQueue.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The Event queue may have become writable. */
    void queueChanged() {
        lock.lock();
        try {
            queueChanges++;
            roomOrQueue.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Terminates everything that is stalled or will be. */
    void close() {
        lock.lock();
        try {
            closed = true;
            roomOrQueue.signalAll();
        } finally {
            lock.unlock();
        }
        terminateAll();
    }

    /** How many transactions have been stalled. */
    long stalls() {
        return stalls.sum();
    }

    /** How many stalled transactions have been decided. */
    long answers() {
        return answers.sum();
    }
}
