package org.opensva.conformance.soak;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Knows the threads that there were before a machine was opened, and in which epoch each new one
 * was seen first. A machine may keep threads for its next work, as long as they do not grow in
 * number and end with it.
 *
 * <p>What the program begins meanwhile on its own account, as to answer who asks for its metrics,
 * is not the machine's: a machine is soaked by threads of a group of its own, which whatever it
 * starts inherits, and threads of the program's group do not count.
 */
final class ThreadWatch {

    /** More than the pools of any machine, and less than an epoch has processes. */
    private static final int POOLS = 64;

    private final ThreadGroup program;
    private final Set<Thread> before;
    private final Map<Thread, Integer> since = new HashMap<>();

    /** Notes the threads of now; those of a group of the program's never count. */
    ThreadWatch(ThreadGroup program) {
        this.program = program;
        this.before = threads();
    }

    /**
     * Those that the platform makes for itself, to wait for processes for example, do not count.
     */
    private Set<Thread> threads() {
        Set<Thread> threads = new HashSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            ThreadGroup group = thread.getThreadGroup();
            if (group != null
                    && group.getParent() != null
                    && !group.equals(program)
                    && !group.getName().startsWith("Innocuous")) {
                threads.add(thread);
            }
        }
        return threads;
    }

    private List<Thread> added() {
        List<Thread> added = new ArrayList<>();
        for (Thread thread : threads()) {
            if (!before.contains(thread) && thread.isAlive()) {
                added.add(thread);
            }
        }
        return added;
    }

    /** Notes the threads at the end of an epoch; says what is wrong with their number, if it is. */
    String epochEnded(int epoch, Duration settle) {
        long deadline = System.nanoTime() + settle.toNanos();
        List<Thread> added = added();
        while (added.size() > POOLS && System.nanoTime() - deadline < 0) {
            Thread.yield();
            added = added();
        }
        since.keySet().retainAll(Set.copyOf(added));
        added.forEach(thread -> since.putIfAbsent(thread, epoch));
        return added.size() > POOLS
                ? "%d threads more than before the machine was opened: %s"
                        .formatted(added.size(), names(added))
                : "";
    }

    /** What is left of a machine that was closed; empty if nothing is. */
    String left(Duration settle) {
        long deadline = System.nanoTime() + settle.toNanos();
        List<Thread> added = added();
        while (!added.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.yield();
            added = added();
        }
        if (added.isEmpty()) {
            return "";
        }
        int first =
                added.stream().mapToInt(thread -> since.getOrDefault(thread, 0)).min().orElse(0);
        return "%d threads are left%s: %s"
                .formatted(
                        added.size(),
                        first > 0 ? ", the first since epoch " + first : "",
                        names(added));
    }

    private static String names(List<Thread> threads) {
        return String.join(", ", threads.stream().map(Thread::getName).sorted().limit(5).toList());
    }
}
