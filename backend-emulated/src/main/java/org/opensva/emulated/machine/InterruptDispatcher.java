package org.opensva.emulated.machine;

import org.opensva.api.iommu.InterruptController;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * The interrupt controller: wired lines, message-signalled interrupts, and one thread that runs the
 * handlers.
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
    private final Thread thread;
    private volatile boolean closed;

    /** Starts the dispatcher's thread. */
    public InterruptDispatcher() {
        thread = MachineThreads.named("opensva-interrupts-").newThread(this::dispatch);
        thread.start();
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
            LockSupport.unpark(thread);
        }
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
     * How many times a handler threw.
     *
     * @return 0 in a healthy machine
     */
    public long failures() {
        return failures.sum();
    }

    /** Stops the thread after the handler that runs now. Interrupts raised later are lost. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void dispatch() {
        int quiet = SPINS;
        while (!closed) {
            boolean ran = false;
            for (Line line : lines) {
                // Cleared before the handler runs: an edge that comes meanwhile runs it again.
                if (line.pending.compareAndSet(true, false)) {
                    ran = true;
                    run(line);
                }
            }
            if (ran) {
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

    private void run(Line line) {
        try {
            line.handler.run();
        } catch (RuntimeException | Error e) {
            // One broken handler must not silence every other device of the machine.
            failures.increment();
            LOG.log(System.Logger.Level.ERROR, "handler of interrupt " + line.name + " failed", e);
        }
    }

    private static final class Line {
        private final String name;
        private final Runnable handler;
        private final AtomicBoolean pending = new AtomicBoolean();

        Line(String name, Runnable handler) {
            this.name = name;
            this.handler = handler;
        }
    }
}
