package org.opensva.emulated.kernel.mm;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is left of an address space after its memory is gone (Linux: {@code mm_count}, {@code
 * iommu_mm}): its number, and the PASID that belongs to it. It begins with one hold, that of its
 * users.
 */
final class SpaceIdentity {

    private final long id;
    private final AtomicInteger holds = new AtomicInteger(1);

    /** -1 for none; written under the monitor. */
    private volatile int pasid = -1;

    /** What to do about the PASID when the identity ends; guarded by the monitor. */
    private Runnable afterEnd = () -> {};

    SpaceIdentity(long id) {
        this.id = id;
    }

    long id() {
        return id;
    }

    int pasid() {
        return pasid;
    }

    /** Takes a hold; {@code EINVAL} if the identity has ended. */
    void hold() {
        int count;
        do {
            count = holds.get();
            if (count == 0) {
                throw new ErrnoException(
                        Errno.EINVAL, "hold(address space " + id + ")", "it is gone");
            }
        } while (!holds.compareAndSet(count, count + 1));
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
