package org.opensva.ats.link;

import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Messages of one kind in one direction of one device.
 *
 * <p>What happens to the n-th message follows from the seed and n alone, so that a run can be
 * repeated as far as its threads send the same messages.
 */
final class Lane {

    private final LinkMessage kind;
    private final LinkFaults.Rates rates;
    private final long longestDelayNanos;
    private final long seed;
    private final ScheduledExecutorService clock;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong replayed = new AtomicLong();
    private final AtomicLong poisoned = new AtomicLong();

    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int held;
    private long lastDue = System.nanoTime();

    Lane(LinkMessage kind, LinkFaults faults, long seed, ScheduledExecutorService clock) {
        this.kind = kind;
        this.clock = clock;
        rates = faults.of(kind);
        longestDelayNanos = faults.longestDelay().toNanos();
        this.seed = seed ^ (kind.ordinal() + 1L) * 0x9E3779B97F4A7C15L;
    }

    /** Sends a message; its delivery may happen in the call, later, twice or not at all. */
    void send(Runnable delivery) {
        long number = sent.getAndIncrement();
        if (isGone(number)) {
            return;
        }
        pass(delivery, delay(number));
        if (chance(number, 4) < rates.duplicated()) {
            pass(delivery, 1 + mixed(number, 5) % longestDelayNanos);
        }
    }

    /** A request that waits for its answer: it can be lost or late, and nothing else. */
    boolean arrives() {
        long number = sent.getAndIncrement();
        if (isGone(number)) {
            return false;
        }
        long delay = delay(number);
        if (delay > 0) {
            long until = System.nanoTime() + delay;
            while (System.nanoTime() - until < 0) {
                Thread.yield();
            }
        }
        return true;
    }

    private boolean isGone(long number) {
        if (chance(number, 1) < rates.dropped()) {
            lost.getAndIncrement();
            return true;
        }
        if (chance(number, 7) < rates.poisoned()) {
            poisoned.getAndIncrement();
            return true;
        }
        return false;
    }

    /** What is garbled on the wire is late, too: it comes whole when the sender repeats it. */
    private long delay(long number) {
        boolean again = chance(number, 6) < rates.garbled();
        if (again) {
            replayed.getAndIncrement();
        }
        return again || chance(number, 2) < rates.delayed()
                ? 1 + mixed(number, 3) % longestDelayNanos
                : 0;
    }

    long lost() {
        return lost.get();
    }

    long replayed() {
        return replayed.get();
    }

    long poisoned() {
        return poisoned.get();
    }

    private void pass(Runnable delivery, long delay) {
        long due;
        synchronized (this) {
            if (delay == 0 && (held == 0 || !kind.isOrdered())) {
                due = 0;
            } else {
                due = System.nanoTime() + delay;
                if (kind.isOrdered() && due - lastDue < 0) {
                    due = lastDue;
                }
                lastDue = due;
                held++;
                hold(delivery, due);
                return;
            }
        }
        delivery.run();
    }

    /** The clock may wake two of them the wrong way round, so that the order is kept here. */
    private void hold(Runnable delivery, long due) {
        waiting.add(delivery);
        try {
            var _ =
                    clock.schedule(
                            () -> {
                                try {
                                    take(delivery).run();
                                } finally {
                                    release();
                                }
                            },
                            Math.max(0, due - System.nanoTime()),
                            TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            held--; // The link is closed, and what it holds is lost.
        }
    }

    private synchronized Runnable take(Runnable mine) {
        if (kind.isOrdered()) {
            return waiting.remove();
        }
        waiting.remove(mine);
        return mine;
    }

    private synchronized void release() {
        held--;
    }

    private long chance(long number, int purpose) {
        return mixed(number, purpose) % 1000;
    }

    /** A good mixture of its inputs, not negative (the finalizer of SplitMix64). */
    private long mixed(long number, int purpose) {
        long z = seed + (number * 8 + purpose) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return (z ^ z >>> 31) & Long.MAX_VALUE;
    }
}
