package org.opensva.conformance.suite.bench;

import io.opentelemetry.context.Context;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Something that runs on a thread of its own and is waited for with a deadline.
 *
 * @param <T> what it yields
 */
public final class Concurrent<T> {

    private static final int SHOWN = 4;

    private final FutureTask<T> task;
    private final Thread thread;

    private Concurrent(@Nullable ThreadGroup group, FutureTask<T> task) {
        this.task = task;
        this.thread = new SuiteThread(group, task);
    }

    /** A thread that the suite has begun, and no backend. */
    private static final class SuiteThread extends Thread {
        SuiteThread(@Nullable ThreadGroup group, Runnable task) {
            super(group, task, "rule-test");
            // What hangs in a backend must not keep the suite from ending.
            setDaemon(true);
        }
    }

    static boolean isOwn(Thread thread) {
        return thread instanceof SuiteThread;
    }

    /**
     * Starts an action, in the trace that the caller is in.
     *
     * @param action what to do
     * @param <T> what it yields
     * @return the running action
     */
    public static <T> Concurrent<T> start(Callable<T> action) {
        return begun(null, action);
    }

    /**
     * Starts an action that a backend works in: the threads that this begins are the backend's.
     *
     * @param threads the backend's threads
     * @param action what to do
     * @param <T> what it yields
     * @return the running action
     */
    public static <T> Concurrent<T> start(BackendThreads threads, Callable<T> action) {
        return begun(threads.group(), action);
    }

    private static <T> Concurrent<T> begun(@Nullable ThreadGroup group, Callable<T> action) {
        Concurrent<T> running =
                new Concurrent<>(group, new FutureTask<>(Context.current().wrap(action)));
        running.thread.start();
        return running;
    }

    /**
     * Waits for the end. What the action threw is thrown here, a checked exception as the cause of
     * an {@link IllegalStateException}.
     *
     * @param limit how long to wait at most
     * @return what it yielded, or empty if it had not ended
     */
    public Optional<T> await(Duration limit) {
        try {
            return Optional.of(task.get(limit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw thrown(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Inconclusive("the test was interrupted");
        }
    }

    /**
     * Tells whether the action has ended.
     *
     * @return true if it has
     */
    public boolean isDone() {
        return task.isDone();
    }

    /**
     * Where the action is now.
     *
     * @return the innermost calls of its thread; of those of the Java platform only the last one,
     *     which says how it waits
     */
    public String whereabouts() {
        StringBuilder text = new StringBuilder(200);
        int calls = 0;
        String platform = "";
        for (StackTraceElement call : thread.getStackTrace()) {
            String name = call.getClassName();
            String words = name.replaceAll(".*\\.", "") + '.' + call.getMethodName();
            if (calls == 0 && (name.startsWith("java.") || name.startsWith("jdk."))) {
                platform = words;
                continue;
            }
            if (calls == 0 && !platform.isEmpty()) {
                text.append(platform).append(" < ");
            }
            text.append(calls == 0 ? "" : " < ").append(words);
            if (++calls == SHOWN) {
                break;
            }
        }
        return text.isEmpty() ? "its end" : text.toString();
    }

    /** Asks the action to end. */
    public void interrupt() {
        thread.interrupt();
    }

    private static RuntimeException thrown(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }
}
