package org.opensva.conformance.tests;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Has a change meet what runs beside it at every point: it begins later from round to round, over
 * the time that the other one takes on this machine. Any thread may tell how long that was.
 */
final class Sweep {

    private static final long AT_FIRST = 100_000;

    private static final long AT_LEAST = 10_000;

    /** A machine that stops for a while must not stretch all rounds after it. */
    private static final long AT_MOST = 20_000_000;

    /** So that early rounds reach late points as well; without a common divisor with the rounds. */
    private static final long STRIDE = 7;

    private final int rounds;
    private final AtomicLong span = new AtomicLong(AT_FIRST);

    Sweep(int rounds) {
        this.rounds = rounds;
    }

    /**
     * What runs beside the change took so long. Once interrupted for milliseconds, it would spread
     * the moments over a time in which mostly nothing happens: one answer doubles the span at most,
     * and shorter ones take it back.
     */
    void took(long nanoseconds) {
        span.updateAndGet(span ->
                nanoseconds >= span
                        ? Math.min(Math.min(nanoseconds, 2 * span), AT_MOST)
                        : Math.max(span - (span - nanoseconds) / 8, AT_LEAST));
    }

    /** Waits for the moment of a round. */
    void delay(int round) {
        long share = span.get() * (round * STRIDE % rounds) / rounds;
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < share) {
            Thread.yield();
        }
    }
}
