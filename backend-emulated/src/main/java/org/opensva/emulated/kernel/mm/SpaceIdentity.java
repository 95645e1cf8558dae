package org.opensva.emulated.kernel.mm;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is left of an address space after its memory is gone (Linux: {@code mm_count}, {@code
 * iommu_mm}): the PASID that belongs to it. It begins with one hold, that of its users.
 */
final class SpaceIdentity {

    private final AtomicInteger holds = new AtomicInteger(1);

    /** -1 for none; written under the monitor. */
    private volatile int pasid = -1;

    /** What to do about the PASID when the identity ends; guarded by the monitor. */
    private Runnable afterEnd = () -> {};

    int pasid() {
        return pasid;
    }

    /** Takes a hold; false if the identity has ended. */
    boolean hold() {
        int count;
        do {
            count = holds.get();
            if (count == 0) {
                return false;
            }
        } while (!holds.compareAndSet(count, count + 1));
        return true;
    }

    /** Gives a hold back; true with the last one, and then {@link #end} follows. */
    boolean drop() {
        return holds.decrementAndGet() == 0;
    }

    /** Nobody can find the identity any more. */
    void end() {
        Runnable after;
        synchronized (this) {
            after = afterEnd;
            afterEnd = () -> {};
            pasid = -1;
        }
        after.run();
    }

    /** Ties a PASID to the identity; the action runs when the identity ends. */
    synchronized void claimPasid(int value, Runnable after) {
        pasid = value;
        afterEnd = after;
    }
}
