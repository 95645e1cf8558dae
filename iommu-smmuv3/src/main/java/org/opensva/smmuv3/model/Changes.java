package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How often anything has changed that lanes remember from one transaction to the next: whether
 * translation is enabled, configuration, and the stamps of what is cached. What was looked up after
 * a number was read is good as long as the number stays; so a transaction asks for one number
 * instead of for all that it stands for.
 *
 * <p>Invalidations by address are not among it: what they are about is not remembered.
 *
 * <p><b>Threading.</b> Any thread may call. The number moves after what it tells of has, and before
 * anybody waits for lanes on account of that: a transaction that still finds the old number entered
 * its lane before, and is waited for.
 */
final class Changes {

    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(Changes.class, "count", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile long count;

    /** The number; it only grows. */
    long count() {
        return count;
    }

    /** Tells of a change that has been made. */
    void made() {
        COUNT.getAndAdd(this, 1L);
    }
}
