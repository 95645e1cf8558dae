package org.opensva.ats.cache;

import org.opensva.api.iommu.Pasid;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The guard of an endpoint: which accesses are using a translation right now.
 *
 * <p>An access takes a slot before it looks a translation up and gives it back after its last byte
 * was moved. An invalidation first removes what it covers and then waits, with {@link #drained},
 * until every slot that was taken at that moment has been given back. Because taking a slot, the
 * look-up after it, the removal and the scan after that are all volatile operations, one of the two
 * sides always sees the other.
 *
 * <p>A slot has two cache lines of its own, and a thread returns to the slot it had before, so that
 * threads do not disturb each other. Each taking has a ticket: a slot that was given back and taken
 * again is not waited for. The owner of a slot also counts in it, with plain additions.
 *
 * <p>Nobody may wait for anything but memory while holding a slot.
 *
 * <p><b>Threading.</b> Any thread may call; nothing allocates and nothing blocks but {@link
 * #enter}, which spins when more threads than slots are moving data.
 */
public final class AccessGuards {

    /** What the owner of a slot counts there. */
    public enum Tally {
        /**
         * Accesses to a page that were answered from the cache. Each stay in the guard counts as
         * one by itself; what is added corrects that.
         */
        HITS,
        /** Accesses to a page that were not. */
        MISSES,
        /** Bytes read. */
        BYTES_READ,
        /** Bytes written. */
        BYTES_WRITTEN
    }

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    /** Longs for each slot: two cache lines, because processors fetch them in pairs. */
    private static final int STRIDE_SHIFT = 4;

    private static final long BUSY = 1;
    private static final int PASID_SHIFT = 1;
    private static final long PASID_MASK = (1L << 21) - 1;
    private static final int TICKET_SHIFT = 22;
    private static final long TICKET = 1L << TICKET_SHIFT;

    /** Slot state: ticket 63:22, PASID plus one 21:1, busy 0. */
    private final long[] slots;

    private final int mask;

    /**
     * Creates the guard.
     *
     * @param count how many accesses can be in it at a time, a power of two
     */
    public AccessGuards(int count) {
        if (count < 1 || Integer.bitCount(count) != 1) {
            throw new IllegalArgumentException("slots: " + count + ", allowed: a power of two");
        }
        slots = new long[(count + 1) << STRIDE_SHIFT];
        mask = count - 1;
    }

    /**
     * Creates a guard that fits this machine: twice as many slots as processors, so that a thread
     * that lost its processor inside the guard is in nobody's way.
     *
     * @return a new guard
     */
    public static AccessGuards forThisMachine() {
        int wanted = Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 8, 64);
        return new AccessGuards(Integer.highestOneBit(wanted));
    }

    /**
     * Enters the guard.
     *
     * @param pasid whose translation will be used, or {@link Pasid#NONE}
     * @return the slot, for {@link #leave}
     */
    public int enter(int pasid) {
        int index = (int) Thread.currentThread().threadId() & mask;
        int slot = (index + 1) << STRIDE_SHIFT;
        long state = slots[slot];
        if ((state & BUSY) == 0 && SLOT.compareAndSet(slots, slot, state, taken(state, pasid))) {
            return slot;
        }
        return enterElsewhere(index, pasid);
    }

    private int enterElsewhere(int first, int pasid) {
        for (int tries = 1; ; tries++) {
            int slot = (((first + tries) & mask) + 1) << STRIDE_SHIFT;
            long state = (long) SLOT.getOpaque(slots, slot);
            if ((state & BUSY) == 0
                    && SLOT.compareAndSet(slots, slot, state, taken(state, pasid))) {
                return slot;
            }
            if ((tries & mask) == 0) {
                Thread.yield();
            }
        }
    }

    private static long taken(long state, int pasid) {
        return ((state & -TICKET) + TICKET) | ((pasid + 1) & PASID_MASK) << PASID_SHIFT | BUSY;
    }

    /**
     * Leaves the guard. What the access read and wrote happened before what a thread does that sees
     * the slot given back.
     *
     * @param slot what {@link #enter} returned
     */
    public void leave(int slot) {
        SLOT.setRelease(slots, slot, slots[slot] & ~BUSY);
    }

    /**
     * Counts something. The caller holds the slot.
     *
     * @param slot what {@link #enter} returned
     * @param tally what is counted
     * @param amount how much to add
     */
    public void add(int slot, Tally tally, long amount) {
        int index = slot + 1 + tally.ordinal();
        SLOT.setOpaque(slots, index, slots[index] + amount);
    }

    /**
     * Reads a count.
     *
     * @param tally what is counted
     * @return the sum over all slots
     */
    public long sum(Tally tally) {
        long sum = 0;
        for (int slot = 1; slot <= mask + 1; slot++) {
            int first = slot << STRIDE_SHIFT;
            sum += (long) SLOT.getAcquire(slots, first + 1 + tally.ordinal());
            if (tally == Tally.HITS) {
                sum += (long) SLOT.getAcquire(slots, first) >>> TICKET_SHIFT;
            }
        }
        return sum;
    }

    /** Which accesses were running at one moment, and whether they still are. */
    public final class Drain {

        private final long[] seen = new long[mask + 1];
        private int left;

        private Drain(int pasid, boolean all) {
            long wanted = (pasid + 1) & PASID_MASK;
            for (int i = 0; i <= mask; i++) {
                long state = (long) SLOT.getVolatile(slots, (i + 1) << STRIDE_SHIFT);
                if ((state & BUSY) != 0
                        && (all || (state >>> PASID_SHIFT & PASID_MASK) == wanted)) {
                    seen[i] = state;
                    left++;
                }
            }
        }

        /**
         * Looks whether all of them have left.
         *
         * @return true if none is in the guard any more
         */
        public boolean isDone() {
            for (int i = 0; left > 0 && i <= mask; i++) {
                if (seen[i] != 0
                        && (long) SLOT.getVolatile(slots, (i + 1) << STRIDE_SHIFT) != seen[i]) {
                    seen[i] = 0;
                    left--;
                }
            }
            return left == 0;
        }

        /**
         * Waits a short time, in which accesses that have their processor finish.
         *
         * @return true if none is in the guard any more
         */
        public boolean awaitBriefly() {
            for (int i = 0; i < 256; i++) {
                if (isDone()) {
                    return true;
                }
                Thread.onSpinWait();
            }
            for (int i = 0; i < 64; i++) {
                if (isDone()) {
                    return true;
                }
                Thread.yield();
            }
            return isDone();
        }

        /** Waits until all have left, however long that takes. */
        public void await() {
            while (!awaitBriefly()) {
                Thread.yield();
            }
        }
    }

    /**
     * Notes which accesses are running.
     *
     * @return what to wait for
     */
    public Drain drain() {
        return new Drain(Pasid.NONE, true);
    }

    /**
     * Notes which accesses of one PASID are running.
     *
     * @param pasid the PASID, or {@link Pasid#NONE} for accesses without one
     * @return what to wait for
     */
    public Drain drain(int pasid) {
        return new Drain(pasid, false);
    }

    /**
     * Tells whether nobody is in the guard. For the common case of an invalidation, which needs no
     * {@link Drain} then.
     *
     * @return true if no access was running at a moment after the call began
     */
    public boolean drained() {
        for (int i = 0; i <= mask; i++) {
            if (((long) SLOT.getVolatile(slots, (i + 1) << STRIDE_SHIFT) & BUSY) != 0) {
                return false;
            }
        }
        return true;
    }
}
