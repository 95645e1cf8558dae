package org.opensva.conformance.tests;

import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;

/**
 * So many threads that some of them run on each processor of a machine. Each keeps its processor,
 * and with it what that has cached.
 */
final class ProcessorThreads implements AutoCloseable {

    static final int COUNT = 16;

    private final TestBench bench;
    private final Duration limit;
    private final List<ExecutorService> threads = new ArrayList<>();

    ProcessorThreads(TestBench bench) {
        this.bench = bench;
        this.limit = bench.limits().job();
        for (int i = 0; i < COUNT; i++) {
            threads.add(
                    Executors.newSingleThreadExecutor(
                            Thread.ofPlatform().daemon().name("processor-" + i).factory()));
        }
    }

    /** Has every thread do something at once; what the first of them throws is thrown here. */
    void each(String what, IntConsumer action) {
        List<Future<?>> under = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            int number = i;
            under.add(threads.get(i).submit(() -> action.accept(number)));
        }
        for (Future<?> one : under) {
            try {
                one.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case RuntimeException known -> throw known;
                    case Error known -> throw known;
                    case null, default -> throw new IllegalStateException(e);
                }
            } catch (TimeoutException e) {
                throw bench.violation(what + " to end", "a thread hangs in it");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(what + " was interrupted", e);
            }
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdownNow);
    }
}
