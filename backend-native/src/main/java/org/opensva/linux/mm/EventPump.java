package org.opensva.linux.mm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for all descriptors of a backend at once, in one thread, and has whoever asked for it look
 * ({@code epoll(7)}).
 *
 * <p>What is run must not wait for a process, because processes wait for this thread.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class EventPump implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(EventPump.class.getName());

    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    private static final int EPOLLONESHOT = 1 << 30;
    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK_CLOEXEC = 0x80800;
    private static final int EVENTS = 64;
    private static final int WAIT_MILLIS = 1000;
    private static final long STOP = 0;
    private static final long TROUBLE_NANOS = 100_000_000;

    private final SystemCalls kernel;
    private volatile Descriptor epoll;
    private final Descriptor wake;
    private final int eventSize;
    private final int dataOffset;
    private final Map<Long, Watch> watches = new ConcurrentHashMap<>();
    private final AtomicLong nextKey = new AtomicLong(1);
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Starts waiting.
     *
     * @param kernel the kernel
     * @param name of the thread
     */
    public EventPump(SystemCalls kernel, String name) {
        this.kernel = kernel;
        // struct epoll_event is packed on x86-64 only (include/uapi/linux/eventpoll.h).
        boolean packed = kernel.architecture() == Architecture.X86_64;
        eventSize = packed ? 12 : 16;
        dataOffset = packed ? 4 : 8;
        epoll = open(kernel);
        long event = kernel.call(SystemCall.EVENTFD2, 0, EFD_NONBLOCK_CLOEXEC, 0);
        if (event < 0) {
            epoll.close();
            throw KernelErrors.exception(event, "eventfd2");
        }
        wake = new Descriptor(kernel, event);
        control(EPOLL_CTL_ADD, wake.number(), STOP, EPOLLIN);
        thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    private static Descriptor open(SystemCalls kernel) {
        return Descriptor.of(
                kernel,
                kernel.call(SystemCall.EPOLL_CREATE1, EPOLL_CLOEXEC, 0, 0),
                "epoll_create1");
    }

    /** A descriptor that is being waited for. */
    public final class Watch {

        private final int descriptor;
        private final long key;
        private final boolean once;
        private final Runnable handler;

        private Watch(int descriptor, long key, boolean once, Runnable handler) {
            this.descriptor = descriptor;
            this.key = key;
            this.once = once;
            this.handler = handler;
        }

        private int events() {
            return EPOLLIN | (once ? EPOLLONESHOT : 0);
        }

        /**
         * Ends the waiting; called before the descriptor is closed. One call may still be running.
         */
        public void cancel() {
            synchronized (EventPump.this) {
                if (watches.remove(key) != null) {
                    control(EPOLL_CTL_DEL, descriptor, key, 0);
                }
            }
        }
    }

    /**
     * Waits for a descriptor.
     *
     * @param descriptor what becomes readable
     * @param once true to look once only
     * @param handler run by the pump's thread each time
     * @return ends the waiting
     * @throws org.opensva.api.process.ErrnoException if the kernel refuses
     */
    public Watch watch(int descriptor, boolean once, Runnable handler) {
        long key = nextKey.getAndIncrement();
        Watch watch = new Watch(descriptor, key, once, handler);
        synchronized (this) {
            watches.put(key, watch);
            long result = control(EPOLL_CTL_ADD, descriptor, key, watch.events());
            if (result < 0) {
                watches.remove(key);
                throw KernelErrors.exception(result, "epoll_ctl");
            }
        }
        return watch;
    }

    private long control(int operation, int descriptor, long key, int events) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(16, 8);
            event.set(JAVA_INT, 0, events);
            event.set(JAVA_LONG_UNALIGNED, dataOffset, key);
            return kernel.call(
                    SystemCall.EPOLL_CTL,
                    epoll.number(),
                    operation,
                    descriptor,
                    event.address(),
                    0,
                    0);
        }
    }

    /** Processes wait for this thread: it goes on, whatever happens. */
    private void run() {
        while (!closed) {
            try {
                serveEvents();
            } catch (Throwable e) {
                report("waiting for events failed", e);
                LockSupport.parkNanos(TROUBLE_NANOS);
            }
        }
    }

    private void serveEvents() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment events = arena.allocate((long) EVENTS * eventSize, 8);
            while (!closed) {
                long count =
                        kernel.call(
                                SystemCall.EPOLL_PWAIT,
                                epoll.number(),
                                events.address(),
                                EVENTS,
                                WAIT_MILLIS,
                                0,
                                0);
                for (long i = 0; i < count; i++) {
                    serve(
                            events.get(JAVA_LONG_UNALIGNED, i * eventSize + dataOffset),
                            events.get(JAVA_INT_UNALIGNED, i * eventSize));
                }
                if (count < 0 && count != -KernelErrors.EINTR && !closed) {
                    // Somebody has closed the descriptor under us; what it watched is known.
                    startAnew(count);
                }
            }
        }
    }

    private synchronized void startAnew(long why) {
        LOG.log(
                System.Logger.Level.ERROR,
                "waiting for events failed: {0}; it begins anew",
                KernelErrors.name(why));
        if (closed) {
            return;
        }
        epoll = open(kernel);
        control(EPOLL_CTL_ADD, wake.number(), STOP, EPOLLIN);
        watches.forEach(
                (key, watch) -> control(EPOLL_CTL_ADD, watch.descriptor, key, watch.events()));
    }

    private void serve(long key, int events) {
        Watch watch = watches.get(key);
        if (watch == null || events == 0) {
            return;
        }
        try {
            watch.handler.run();
        } catch (Throwable e) {
            // The others are waited for all the same, also after an Error.
            report("an event could not be served", e);
        }
    }

    private static void report(String what, Throwable why) {
        try {
            LOG.log(System.Logger.Level.ERROR, what, why);
        } catch (Throwable ignored) {
            // Without memory for a message there is none.
            return;
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(8, 8);
            one.set(JAVA_INT, 0, 1);
            kernel.call(SystemCall.WRITE, wake.number(), one.address(), 8);
        }
        boolean interrupted = false;
        while (true) {
            try {
                thread.join(2L * WAIT_MILLIS);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        epoll.close();
        wake.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
