package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Schedule;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.WeakHashMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * One carrier for all threads of a machine: they are virtual threads, one runs until it waits, and
 * a seed chooses which of those that can go on does so. Threads that a member starts are members,
 * because a virtual thread inherits the scheduler of the one that starts it.
 *
 * <p>What comes from outside (the end of a timed wait, a call of a foreign thread) has its turn
 * only when no member can go on: time passes only while everybody waits.
 *
 * <p>The JDK has schedulers of virtual threads, but no public way to choose one yet; that is why
 * {@code java.lang} must be open to the class path.
 */
public final class SeededSchedule implements Schedule, AutoCloseable {

    /** A member is let go on after so many turns of others when it {@linkplain #pace paces}. */
    private static final int PACE = 24;

    /** How long to wait for a member that is about to go on. */
    private static final long NOTIFIED_NANOS = 50_000_000;

    /** What ends the carrier. */
    private enum End implements Runnable {
        END;

        @Override
        public void run() {}
    }

    private final Executor turns = this::add;
    private final Random random;
    private final Constructor<?> builders;
    private final BlockingQueue<Runnable> outside = new LinkedBlockingQueue<>();
    private final Thread carrier;

    /** The member whose turn it is. */
    private volatile @Nullable Thread running;

    /** Those that can go on; only touched by the carrier, also when a member runs on it. */
    private final List<Runnable> ready = new ArrayList<>();

    /** Those that wait for time to pass, the oldest first; only touched by the carrier. */
    private final LinkedHashSet<Runnable> sleepers = new LinkedHashSet<>();

    private final Map<Runnable, Thread> threads = new WeakHashMap<>();

    /** Who waits for others' turns, and for how many; only touched by the carrier. */
    private final List<Pacing> pacing = new ArrayList<>();

    private static final class Pacing {
        private final Thread thread;
        private int left = PACE;
        private boolean over;

        Pacing(Thread thread) {
            this.thread = thread;
        }
    }

    /**
     * Starts a schedule.
     *
     * @param seed chooses who has the next turn
     * @throws UnsupportedOperationException if {@code java.lang} is not open
     */
    public SeededSchedule(long seed) {
        random = new Random(seed);
        try {
            builders =
                    Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                            .getDeclaredConstructor(Executor.class);
            builders.setAccessible(true);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new UnsupportedOperationException(
                    "it needs a Java virtual machine started with"
                            + " --add-opens=java.base/java.lang=ALL-UNNAMED",
                    e);
        }
        carrier = Thread.ofPlatform().daemon().name("opensva-schedule").start(this::run);
    }

    private void run() {
        int barren = 0;
        while (true) {
            if (ready.isEmpty()) {
                takeNotified();
            }
            if (ready.isEmpty()) {
                boolean woken = barren <= 2 * sleepers.size() && wakeSleeper();
                barren = woken ? barren + 1 : 0;
                if (!woken && !takeFromOutside()) {
                    return;
                }
            } else if (ready.size() > 1) {
                barren = 0;
            }
            turn();
        }
    }

    private void turn() {
        if (ready.isEmpty()) {
            return;
        }
        int chosen = ready.size() == 1 ? 0 : random.nextInt(ready.size());
        Runnable turn = ready.get(chosen);
        Runnable last = ready.removeLast();
        if (chosen < ready.size()) {
            ready.set(chosen, last);
        }
        Thread member = thread(turn);
        running = member;
        turn.run();
        running = null;
        Thread.State state = member.getState();
        boolean waitsForTime =
                switch (state) {
                    case TIMED_WAITING -> true;
                    // Its time may be over already.
                    case NEW, RUNNABLE -> !ready.contains(turn);
                    case BLOCKED, WAITING, TERMINATED -> false;
                };
        if (waitsForTime) {
            sleepers.add(turn);
        }
        release();
    }

    /**
     * Who was notified of something by a member, or got a monitor from one, goes on by a thread of
     * the Java machine that does nothing else: it is as if the member had done it, however long
     * that takes. A monitor whose owner waits himself is not waited for without end.
     */
    private void takeNotified() {
        List<Map.Entry<Runnable, Thread>> notified =
                threads.entrySet().stream()
                        .filter(member -> !sleepers.contains(member.getKey()))
                        .filter(member -> isNotified(member.getValue().getState()))
                        .sorted(Comparator.comparingLong(member -> member.getValue().threadId()))
                        .toList();
        for (Map.Entry<Runnable, Thread> member : notified) {
            long began = System.nanoTime();
            boolean come = outside.remove(member.getKey());
            while (!come && System.nanoTime() - began < NOTIFIED_NANOS) {
                Thread.onSpinWait();
                come = outside.remove(member.getKey());
            }
            if (come) {
                ready.add(member.getKey());
            }
        }
    }

    private static boolean isNotified(Thread.State state) {
        return state == Thread.State.BLOCKED || state == Thread.State.RUNNABLE;
    }

    /** False at the end. */
    private boolean takeFromOutside() {
        while (true) {
            try {
                Runnable next = outside.take();
                sleepers.remove(next);
                ready.add(next);
                return !next.equals(End.END);
            } catch (InterruptedException e) {
                // Nobody else knows the carrier: whoever did it, the schedule goes on.
            }
        }
    }

    /**
     * Lets the member that has waited longest for time to pass go on, whether it has passed or not:
     * who waits so must bear to be woken early. False if there is none.
     */
    private boolean wakeSleeper() {
        if (sleepers.isEmpty()) {
            return false;
        }
        Runnable sleeper = sleepers.removeFirst();
        LockSupport.unpark(thread(sleeper));
        while (ready.isEmpty()) {
            if (outside.remove(sleeper)) {
                ready.add(sleeper);
            } else if (thread(sleeper).getState() == Thread.State.TIMED_WAITING) {
                // It waits for a notification; only time ends that.
                sleepers.add(sleeper);
                return true;
            } else {
                Thread.onSpinWait();
            }
        }
        return true;
    }

    /** The virtual thread that a turn continues: what the method reference was made of. */
    private Thread thread(Runnable turn) {
        return threads.computeIfAbsent(turn, SeededSchedule::captured);
    }

    private static Thread captured(Runnable turn) {
        try {
            for (Field field : turn.getClass().getDeclaredFields()) {
                if (Thread.class.isAssignableFrom(field.getType())) {
                    field.setAccessible(true);
                    return (Thread) field.get(turn);
                }
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("turns of this JDK cannot be told apart", e);
        }
        throw new IllegalStateException("turns of this JDK cannot be told apart");
    }

    private void release() {
        if (pacing.isEmpty()) {
            return;
        }
        for (Pacing each : List.copyOf(pacing)) {
            if (--each.left == 0) {
                pacing.remove(each);
                each.over = true;
                LockSupport.unpark(each.thread);
            }
        }
    }

    private void add(Runnable turn) {
        Thread current = Thread.currentThread();
        if (current.equals(running) || current.equals(carrier)) {
            sleepers.remove(turn);
            ready.add(turn);
        } else {
            outside.add(turn);
        }
    }

    /**
     * Lets a member that has nothing to wait for wait until others have had some turns, or it is
     * unparked.
     */
    public void pace() {
        Pacing mine = new Pacing(Thread.currentThread());
        pacing.add(mine);
        if (!mine.over) {
            LockSupport.park(this);
        }
        pacing.remove(mine);
    }

    @Override
    public <T> T call(Supplier<T> program) {
        if (Thread.currentThread().equals(running)) {
            return program.get();
        }
        FutureTask<T> task = new FutureTask<>(program::get);
        Thread.Builder builder;
        try {
            builder = (Thread.Builder) builders.newInstance(turns);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("virtual threads cannot be made", e);
        }
        builder.name("opensva-program").start(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (java.util.concurrent.ExecutionException e) {
                    if (e.getCause() instanceof RuntimeException thrown) {
                        throw thrown;
                    }
                    if (e.getCause() instanceof Error thrown) {
                        throw thrown;
                    }
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends the schedule, when its members have ended or wait. */
    @Override
    public void close() {
        outside.add(End.END);
    }
}
