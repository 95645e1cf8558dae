package org.opensva.conformance.suite.bench;

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

    private final FutureTask<T> task;
    private final Thread thread;

    private Concurrent(FutureTask<T> task) {
        this.task = task;
        // A daemon: what hangs in a backend must not keep the suite from ending.
        this.thread = Thread.ofPlatform().daemon().name("rule-test").unstarted(task);
    }

    /**
     * Starts an action.
     *
     * @param action what to do
     * @param <T> what it yields
     * @return the running action
     */
    public static <T> Concurrent<T> start(Callable<T> action) {
        Concurrent<T> running = new Concurrent<>(new FutureTask<>(action));
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
     * @return the innermost calls of its thread
     */
    public String whereabouts() {
        StackTraceElement[] stack = thread.getStackTrace();
        StringBuilder text = new StringBuilder(200);
        for (int i = 0; i < Math.min(4, stack.length); i++) {
            text.append(i == 0 ? "" : " < ")
                    .append(stack[i].getClassName().replaceAll(".*\\.", ""))
                    .append('.')
                    .append(stack[i].getMethodName());
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
