package org.opensva.linux.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** Bounded waiting for one descriptor ({@code ppoll(2)}, which every architecture has). */
public final class Waiting {

    /** There is something to read; of a pidfd: the process has ended. */
    public static final int POLLIN = 1;

    /** The other end is closed. */
    public static final int POLLHUP = 16;

    private Waiting() {}

    /**
     * Waits.
     *
     * @param kernel where the descriptor is open
     * @param descriptor what to wait for
     * @param timeout at most; zero looks once
     * @return which events are there, 0 for none
     */
    public static int poll(SystemCalls kernel, Descriptor descriptor, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fds = arena.allocate(Layouts.POLLFD);
            MemorySegment time = arena.allocate(Layouts.TIMESPEC);
            fds.set(JAVA_INT, 0, descriptor.number());
            fds.set(JAVA_SHORT, 4, (short) POLLIN);
            while (true) {
                long left = Math.max(0, deadline - System.nanoTime());
                time.set(JAVA_LONG, 0, left / 1_000_000_000);
                time.set(JAVA_LONG, 8, left % 1_000_000_000);
                long result =
                        kernel.call(SystemCall.PPOLL, fds.address(), 1, time.address(), 0, 0, 0);
                if (result > 0) {
                    return fds.get(JAVA_SHORT, 6);
                }
                if (result != -KernelErrors.EINTR || left == 0) {
                    return 0;
                }
            }
        }
    }
}
