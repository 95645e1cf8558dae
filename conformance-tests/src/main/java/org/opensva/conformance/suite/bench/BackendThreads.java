package org.opensva.conformance.suite.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;

/**
 * The threads of one backend: all that were begun while it was opened, used and closed. Whatever
 * calls it is started by {@link Concurrent#start(BackendThreads, java.util.concurrent.Callable)},
 * and a thread belongs to the group of the one that began it.
 *
 * <p>Not the backend's are the threads of the suite, those of the program around it, and those that
 * the Java platform and what exports telemetry begin once for everybody, at whoever's first call.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class BackendThreads {

    /** By these names the platform, and exporters of telemetry, begin threads for everybody. */
    private static final List<String> SHARED =
            List.of(
                    "ForkJoinPool.commonPool-",
                    "CompletableFutureDelayScheduler",
                    "HttpClient-",
                    "OkHttp",
                    "Okio",
                    "BatchSpanProcessor",
                    "BatchLogRecordProcessor",
                    "PeriodicMetricReader");

    private static final int SHOWN = 5;

    private final ThreadGroup group = new ThreadGroup("backend under test");

    /** A backend that is not opened yet, and has none. */
    public BackendThreads() {}

    ThreadGroup group() {
        return group;
    }

    private List<Thread> running() {
        Thread[] all = new Thread[group.activeCount() + 16];
        int count = group.enumerate(all);
        while (count == all.length) {
            all = new Thread[2 * all.length];
            count = group.enumerate(all);
        }
        List<Thread> own = new ArrayList<>();
        for (Thread thread : Arrays.copyOf(all, count)) {
            if (thread.isAlive() && !Concurrent.isOwn(thread) && !isShared(thread)) {
                own.add(thread);
            }
        }
        return own;
    }

    private static boolean isShared(Thread thread) {
        return thread instanceof ForkJoinWorkerThread worker
                        && Objects.equals(worker.getPool(), ForkJoinPool.commonPool())
                || SHARED.stream().anyMatch(thread.getName()::startsWith);
    }

    /**
     * What still runs of a backend that was closed. A thread that was told to end may need a moment
     * for it.
     *
     * @param limit how long to wait for the last of them at most
     * @return the threads that are left, in words; empty if there is none
     */
    public String left(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        List<Thread> left = running();
        while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.yield();
            left = running();
        }
        return left.isEmpty() ? "" : words(left);
    }

    private static String words(List<Thread> left) {
        List<String> some =
                left.stream()
                        .map(thread -> thread.getName() + " in " + place(thread))
                        .sorted()
                        .limit(SHOWN)
                        .toList();
        return "%d %s running: %s%s"
                .formatted(
                        left.size(),
                        left.size() == 1 ? "thread is" : "threads are",
                        String.join(", ", some),
                        left.size() > SHOWN ? " and others" : "");
    }

    /** The innermost call that is not the platform's own: whoever waits there began the wait. */
    private static String place(Thread thread) {
        StackTraceElement[] calls = thread.getStackTrace();
        for (StackTraceElement call : calls) {
            String name = call.getClassName();
            if (!name.startsWith("java.") && !name.startsWith("jdk.")) {
                return name.replaceAll(".*\\.", "") + '.' + call.getMethodName();
            }
        }
        return calls.length == 0 ? "its end" : calls[0].getMethodName();
    }
}
