package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.OutOfFramesException;

import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;

/**
 * The lock of one address space (Linux: {@code mmap_lock}), and what is done when work under it
 * meets a page in transit or the end of memory: the lock is given back, the reason is dealt with,
 * and the work begins anew.
 */
final class SpaceLock {

    private final StampedLock lock = new StampedLock();
    private final MemoryRelief relief;

    SpaceLock(MemoryRelief relief) {
        this.relief = relief;
    }

    /** The lock itself, for work that meets neither. */
    StampedLock bare() {
        return lock;
    }

    /**
     * Does something that changes mappings or takes entries away, with nobody else in the address
     * space. It must be such that it can be begun anew.
     */
    <T extends @Nullable Object> T exclusively(Supplier<T> body) throws OutOfFramesException {
        return inTurns(true, body);
    }

    /**
     * Does something that only adds to entries, with others doing the same elsewhere.
     *
     * @return what the work says; null if it says that it needs the lock for itself
     */
    <T> @Nullable T together(Supplier<? extends @Nullable T> body) throws OutOfFramesException {
        return inTurns(false, body);
    }

    private <T extends @Nullable Object> T inTurns(boolean exclusive, Supplier<T> body) {
        while (true) {
            T result;
            long stamp = exclusive ? lock.writeLock() : lock.readLock();
            try {
                result = body.get();
            } catch (PageInTransitException e) {
                lock.unlock(stamp);
                stamp = 0;
                e.await();
                continue;
            } catch (OutOfFramesException e) {
                lock.unlock(stamp);
                stamp = 0;
                if (!relief.relieve()) {
                    throw e;
                }
                continue;
            } finally {
                if (stamp != 0) {
                    lock.unlock(stamp);
                }
            }
            relief.check();
            return result;
        }
    }
}
