package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a pool has in one address space: contexts and buffers. Another address space, after exec or
 * in a child, takes another attachment.
 */
final class Attachment {

    private final PoolConfig config;
    private final long addressSpace;
    private final List<Context> contexts;

    /** The contexts that can do an operation, by its number in the enumeration. */
    private final Context[][] able;

    private final AtomicInteger turn = new AtomicInteger();
    private final BufferPool buffers;
    private final @Nullable ErrnoException refusal;

    private Attachment(
            PoolConfig config,
            SvaProcess process,
            List<Context> contexts,
            @Nullable ErrnoException refusal) {
        this.config = config;
        this.contexts = List.copyOf(contexts);
        this.refusal = refusal;
        addressSpace = process.addressSpace().id();
        buffers = new BufferPool(process, config.bufferLimit());
        Operation[] operations = Operation.values();
        able = new Context[operations.length][];
        for (Operation operation : operations) {
            able[operation.ordinal()] =
                    contexts.stream()
                            .filter(c -> c.accelerator().info().operations().contains(operation))
                            .toArray(Context[]::new);
        }
    }

    /** Opens as many contexts as there are queues to be had. */
    static Attachment open(
            PoolConfig config,
            SvaProcess process,
            List<Accelerator> accelerators,
            PoolCounters counters,
            Context.Arrivals arrivals) {
        List<Context> contexts = new ArrayList<>();
        ErrnoException refusal = null;
        // Device by device within each round: where queues are short, every device gets its share.
        for (int round = 0; round < config.contexts(); round++) {
            for (Accelerator accelerator : accelerators) {
                if (!accelerator.info().sva()) {
                    // Its queues would take the process's addresses for something else.
                    continue;
                }
                try {
                    QueueHandle queue = OpenedQueue.open(accelerator, process);
                    contexts.add(
                            new Context(accelerator, process, queue, config, counters, arrivals));
                } catch (ErrnoException e) {
                    refusal = e;
                }
            }
        }
        return new Attachment(config, process, contexts, refusal);
    }

    /** Tells whether the process is still in the address space of this attachment. */
    boolean isIn(SvaProcess process) {
        try {
            return process.addressSpace().id() == addressSpace;
        } catch (ErrnoException e) {
            return false;
        }
    }

    BufferPool buffers() {
        return buffers;
    }

    List<Context> contexts() {
        return contexts;
    }

    /** Why a context is missing; null if none is. */
    @Nullable ErrnoException refusal() {
        return refusal;
    }

    /** Tells whether a context for the operation is there, ready or not. */
    boolean knows(Operation operation, List<Accelerator> unable) {
        for (Context context : able[operation.ordinal()]) {
            if (!context.isGone() && !unable.contains(context.accelerator())) {
                return true;
            }
        }
        return false;
    }

    /** Tells whether a device is there that has both, as far as it says so. */
    boolean knows(Operation operation, Algorithm algorithm) {
        for (Context context : able[operation.ordinal()]) {
            List<String> names = context.accelerator().info().algorithms();
            if (!context.isGone()
                    && (algorithm == Algorithm.NONE
                            || names.contains(algorithm.id())
                            || !saysWhich(names, operation))) {
                return true;
            }
        }
        return false;
    }

    /** Drivers of Linux name kinds of algorithms, as {@code digest}: then jobs will tell. */
    private static boolean saysWhich(List<String> names, Operation operation) {
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm != Algorithm.NONE
                    && algorithm.operations().contains(operation)
                    && names.contains(algorithm.id())) {
                return true;
            }
        }
        return false;
    }

    /** Chooses a context that is ready, or null. */
    @Nullable Context choose(Flight flight) {
        Context[] candidates = able[flight.job.operation().ordinal()];
        int count = candidates.length;
        if (count == 0) {
            return null;
        }
        int start = Math.floorMod(start(), count);
        int here = config.locality().callerNode();
        Context best = null;
        int bestRank = Integer.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            Context candidate = candidates[(start + i) % count];
            if (!candidate.ready() || flight.unable.contains(candidate.accelerator())) {
                continue;
            }
            int rank = rank(candidate, flight.avoid, here);
            if (rank < bestRank) {
                best = candidate;
                bestRank = rank;
            }
        }
        return best;
    }

    /** A place for a stream, where the fewest are; null if there is none. */
    Context.@Nullable Seat seat(Operation operation) {
        Context best = null;
        for (Context candidate : able[operation.ordinal()]) {
            if (candidate.ready() && (best == null || candidate.seatsTaken() < best.seatsTaken())) {
                best = candidate;
            }
        }
        return best == null ? null : best.seat();
    }

    private int start() {
        return config.scheduling() == Scheduling.AFFINITY
                ? Long.hashCode(Thread.currentThread().threadId() * 0x9e37_79b9_7f4a_7c15L)
                : turn.getAndIncrement();
    }

    /** The lower the better: failed a moment ago, full, far, and how much it has to do. */
    private int rank(Context context, @Nullable Context avoid, int here) {
        int rank = context == avoid ? 4 : 0;
        rank |= context.isFull() ? 2 : 0;
        rank |= context.node() != here ? 1 : 0;
        int load = config.scheduling() == Scheduling.LEAST_LOADED ? context.underWay() : 0;
        return (rank << 24) + Math.min(load, (1 << 24) - 1);
    }

    /** The time in nanoseconds after which a context that rests may be ready again. */
    long rest(Operation operation) {
        long shortest = Long.MAX_VALUE;
        for (Context context : able[operation.ordinal()]) {
            shortest = Math.min(shortest, context.rest());
        }
        return shortest;
    }

    /** Closes queues, then buffers: as long as a queue is open a device may write to them. */
    void close() {
        contexts.forEach(Context::close);
        buffers.close();
    }
}
