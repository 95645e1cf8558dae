package org.opensva.conformance.tests;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Has a change meet what runs beside it at every point: it begins later from round to round, over
 * the time that the other one takes on this machine. Any thread may tell how long that was.
 */
final class Sweep {

    private static final long AT_FIRST = 100_000;

    /** A machine that stops for a while must not stretch all rounds after it. */
    private static final long AT_MOST = 20_000_000;

    /** So that early rounds reach late points as well; without a common divisor with the rounds. */
    private static final long STRIDE = 7;

    private final int rounds;
    private final AtomicLong longest = new AtomicLong(AT_FIRST);

    Sweep(int rounds) {
        this.rounds = rounds;
    }

    /** What runs beside the change took so long. */
    void took(long nanoseconds) {
        longest.accumulateAndGet(Math.min(nanoseconds, AT_MOST), Math::max);
    }

    /** Waits for the moment of a round. */
    void delay(int round) {
        long share = longest.get() * (round * STRIDE % rounds) / rounds;
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < share) {
            Thread.yield();
        }
    }
}
