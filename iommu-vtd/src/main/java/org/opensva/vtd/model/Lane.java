package org.opensva.vtd.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The guard of one request at a time, with the scratch space it needs, so that a request allocates
 * nothing.
 *
 * <p>The turn is even while the lane is free and odd while a request is inside, and never returns
 * to an earlier value. Entering is an atomic operation before every look-up in a cache; an
 * invalidation drops the cached entry before it looks at the turn. So one of the two sees the
 * other: the request misses, or the invalidation waits for it (section 6.5.2.10).
 */
final class Lane {

    private static final VarHandle TURN;
    private static final int SPINS = 200;

    static {
        try {
            TURN = MethodHandles.lookup().findVarHandle(Lane.class, "turn", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The request inside, its answer and the counts; only the thread inside may touch it. */
    final Translation request = new Translation();

    // Nothing else is on the cache line of the turn, wherever the collector puts the lane: longs
    // are laid out in this order.
    @SuppressWarnings("unused")
    private long p0, p1, p2, p3, p4, p5, p6, p7;

    @SuppressWarnings("unused") // accessed through TURN
    private volatile long turn;

    @SuppressWarnings("unused")
    private long q0, q1, q2, q3, q4, q5, q6, q7;

    boolean tryEnter() {
        long now = (long) TURN.getOpaque(this);
        return (now & 1) == 0 && TURN.compareAndSet(this, now, now + 1);
    }

    void leave() {
        TURN.setRelease(this, (long) TURN.get(this) + 1);
    }

    /** Returns once the request that is inside now, if there is one, has left. */
    void drain() {
        long seen = (long) TURN.getVolatile(this);
        if ((seen & 1) == 0) {
            return;
        }
        for (int spin = 0; (long) TURN.getVolatile(this) == seen; spin++) {
            if (spin < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }
}
