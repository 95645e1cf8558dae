package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.InterruptController;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * The interrupt controller: wired lines, message-signalled interrupts, and two threads, one of
 * which is on duty: it runs the handlers.
 *
 * <p>What a handler {@linkplain #defer defers}, the thread does after the handlers, off duty. The
 * other one has the duty from the next interrupt on. That one is rare as long as the work is short,
 * so that usually nobody has to be woken for the work, and nobody for the interrupt; and however
 * long the work takes, interrupts are handled.
 *
 * <p>Every line can be raised by message too: a write of the line's number to {@link
 * #MESSAGE_ADDRESS}, as to GITS_TRANSLATER of a GICv3 ITS.
 *
 * <p><b>Threading.</b> {@link #raise} and {@link #message} never block and never allocate.
 */
public final class InterruptDispatcher implements InterruptController, AutoCloseable {

    /** The physical address of the message register. */
    public static final long MESSAGE_ADDRESS = 0x0809_0040L;

    private static final System.Logger LOG = System.getLogger(InterruptDispatcher.class.getName());

    /** How often the thread looks again, and lets others run, before it sleeps. */
    private static final int SPINS = 50;

    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final LongAdder failures = new LongAdder();
    private final Thread first;
    private final Thread second;

    /** Who runs the handlers; null from when somebody goes off duty until the next interrupt. */
    private final AtomicReference<@Nullable Thread> duty = new AtomicReference<>();

    /** What the handlers have deferred; only touched by the thread on duty. */
    private @Nullable Runnable deferred;

    /** Whether one of the threads is off duty, so that the other one must not go. */
    private volatile boolean away;

    private volatile boolean closed;

    /** Starts the threads. */
    public InterruptDispatcher() {
        ThreadFactory threads = MachineThreads.named("opensva-interrupts-");
        first = threads.newThread(this::dispatch);
        second = threads.newThread(this::dispatch);
        duty.set(first);
        first.start();
        second.start();
    }

    @Override
    public int connect(String name, Runnable handler) {
        synchronized (lines) {
            lines.add(new Line(name, handler));
            return lines.size() - 1;
        }
    }

    @Override
    public void raise(int line) {
        if (line >= 0 && line < lines.size()) {
            lines.get(line).pending.set(true);
            wake();
        }
    }

    /** Who is on duty, or will be. */
    private void wake() {
        Thread handling = duty.get();
        if (handling != null) {
            LockSupport.unpark(handling);
        } else {
            LockSupport.unpark(first);
            LockSupport.unpark(second);
        }
    }

    /**
     * Takes work over from a handler: the thread that runs it does the work as soon as it is
     * through with all handlers, with interrupts enabled. It may take long and wait for anything.
     *
     * @param work what to do
     * @return false if it is not taken over: the caller is no handler, or something was deferred
     *     that is not done yet
     */
    public boolean defer(Runnable work) {
        if (!Thread.currentThread().equals(duty.get()) || deferred != null || away) {
            return false;
        }
        deferred = work;
        return true;
    }

    @Override
    public boolean message(long address, int data) {
        if (address != MESSAGE_ADDRESS) {
            return false;
        }
        raise(data);
        return true;
    }

    /**
     * How many times a handler, or what one deferred, threw.
     *
     * @return 0 in a healthy machine
     */
    public long failures() {
        return failures.sum();
    }

    /**
     * Stops the threads after the handler that runs now, and after what was deferred. Interrupts
     * raised later are lost.
     */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(first);
        LockSupport.unpark(second);
        boolean interrupted = join(first);
        interrupted |= join(second);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the caller was interrupted meanwhile. */
    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    private void dispatch() {
        Thread self = Thread.currentThread();
        int quiet = SPINS;
        while (!closed) {
            if (!self.equals(duty.get()) && !duty.compareAndSet(null, self)) {
                LockSupport.park(this);
                continue;
            }
            boolean ran = handle();
            Runnable work = deferred;
            if (work != null) {
                deferred = null;
                away = true;
                duty.set(null);
                if (isPending()) {
                    // Whoever raised it between has woken the thread that was on duty.
                    wake();
                }
                run("what a handler deferred", work);
                away = false;
                quiet = 0;
            } else if (ran) {
                quiet = 0;
            } else if (quiet < SPINS) {
                // Interrupts come in pairs: to wake up costs more than many a handler.
                quiet++;
                Thread.yield();
            } else {
                LockSupport.park(this);
            }
        }
    }

    private boolean isPending() {
        for (Line line : lines) {
            if (line.pending.get()) {
                return true;
            }
        }
        return false;
    }

    /** Runs the handlers of what is pending; false if nothing was. */
    private boolean handle() {
        boolean ran = false;
        for (Line line : lines) {
            // Cleared before the handler runs: an edge that comes meanwhile runs it again.
            if (line.pending.compareAndSet(true, false)) {
                ran = true;
                run(line.name, line.handler);
            }
        }
        return ran;
    }

    private void run(String what, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            // One broken handler must not silence every other device of the machine.
            failures.increment();
            LOG.log(System.Logger.Level.ERROR, what + " failed", e);
        }
    }

    private static final class Line {
        private final String name;
        private final Runnable handler;
        private final AtomicBoolean pending = new AtomicBoolean();

        Line(String name, Runnable handler) {
            this.name = "handler of interrupt " + name;
            this.handler = handler;
        }
    }
}
