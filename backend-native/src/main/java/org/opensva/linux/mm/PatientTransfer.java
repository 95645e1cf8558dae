package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Transfers to and from one memory whose pages may never come: a process can map a file of a file
 * system that it serves itself ({@code fuse(4)}), or of a server that is gone, and let whoever
 * touches a page wait for ever. The kernel offers no time limit and no way to call such an access
 * off, so a thread of its own makes it, and only that thread is lost. A userfaultfd of the process
 * keeps nobody waiting: {@code /proc/PID/mem} faults without {@code FAULT_FLAG_ALLOW_RETRY}, and is
 * refused.
 *
 * <p>A transfer that takes too long counts as the end of the memory for everybody here. The kernel
 * may still carry it out: what was to be written is a copy that nobody uses for anything else, and
 * what is read is thrown away. The thread ends when the page comes, when whoever supplies it ends,
 * or with this Java machine.
 *
 * <p><b>Threading.</b> Any thread may call; transfers take turns.
 */
final class PatientTransfer implements AutoCloseable {

    /** What {@link #move} answers if the transfer takes too long, or an earlier one did. */
    static final long STUCK = Long.MIN_VALUE;

    /** How long the thread waits for work before it ends. */
    private static final long IDLE_NANOS = Duration.ofSeconds(10).toNanos();

    private final Mover mover;
    private final long limitNanos;
    private final TransferBuffer buffer = new TransferBuffer();

    /** Held by who has a transfer to make, for all of it. */
    private final ReentrantLock turn = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Guarded by lock, as is what follows. */
    private @Nullable Request request;

    private boolean done;
    private long result;
    private boolean running;
    private boolean stuck;
    private boolean closed;

    private record Request(int mem, long address, int length, boolean write) {}

    /** Makes a transfer, however long it takes. */
    @FunctionalInterface
    interface Mover {

        /**
         * Moves bytes.
         *
         * @param write true from the buffer to the memory
         * @param mem descriptor of {@code /proc/PID/mem}
         * @param buffer where the bytes are here
         * @param length how many
         * @param address where they are there
         * @return what the system call says
         */
        long move(boolean write, int mem, long buffer, long length, long address);
    }

    PatientTransfer(SystemCalls kernel, Duration limit) {
        this(
                (write, mem, buffer, length, address) ->
                        kernel.call(
                                write ? SystemCall.PWRITE64 : SystemCall.PREAD64,
                                mem,
                                buffer,
                                length,
                                address,
                                0,
                                0),
                limit);
    }

    PatientTransfer(Mover mover, Duration limit) {
        this.mover = mover;
        this.limitNanos = limit.toNanos();
    }

    /**
     * Moves bytes.
     *
     * @return what the system call says, or {@link #STUCK}
     */
    long move(Descriptor mem, long address, byte[] bytes, int offset, int length, boolean write) {
        // Whoever is before us is bounded too, and if that is too late, nobody waits any more.
        turn.lock();
        try {
            if (write && !isOver()) {
                buffer.fill(bytes, offset, length);
            }
            long moved = moveNow(new Request(mem.number(), address, length, write));
            if (!write && moved > 0) {
                buffer.drain(bytes, offset, (int) moved);
            }
            return moved;
        } finally {
            turn.unlock();
        }
    }

    private boolean isOver() {
        lock.lock();
        try {
            return stuck || closed;
        } finally {
            lock.unlock();
        }
    }

    private long moveNow(Request wanted) {
        lock.lock();
        try {
            if (stuck || closed) {
                return STUCK;
            }
            request = wanted;
            done = false;
            if (!running) {
                Thread.ofPlatform().daemon().name("opensva-native-transfer").start(this::run);
                running = true;
            }
            changed.signalAll();
            if (!awaitDone(limitNanos)) {
                stuck = true;
                return STUCK;
            }
            return result;
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitDone(long limit) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + limit;
        long left = limit;
        try {
            while (!done && left > 0) {
                try {
                    left = changed.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                    left = deadline - System.nanoTime();
                }
            }
            return done;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void run() {
        lock.lock();
        try {
            while (true) {
                Request next = awaitRequest();
                if (next == null) {
                    running = false;
                    return;
                }
                lock.unlock();
                long moved;
                try {
                    moved = carryOut(next);
                } finally {
                    lock.lock();
                }
                result = moved;
                done = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Request awaitRequest() {
        long deadline = System.nanoTime() + IDLE_NANOS;
        while (request == null) {
            long left = deadline - System.nanoTime();
            if (closed || stuck || left <= 0) {
                return null;
            }
            try {
                if (changed.awaitNanos(left) <= 0) {
                    deadline = System.nanoTime();
                }
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt this thread.
                return null;
            }
        }
        Request next = request;
        request = null;
        return next;
    }

    private long carryOut(Request next) {
        long moved;
        do {
            moved =
                    mover.move(
                            next.write(),
                            next.mem(),
                            buffer.address(),
                            next.length(),
                            next.address());
        } while (moved == -KernelErrors.EINTR);
        return moved;
    }

    /** No transfer is made any more, and the thread ends as soon as the kernel lets it. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
