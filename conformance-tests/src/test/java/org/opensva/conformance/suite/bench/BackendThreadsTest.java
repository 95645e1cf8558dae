package org.opensva.conformance.suite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;

class BackendThreadsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final BackendThreads threads = new BackendThreads();

    private void within(Runnable action) {
        assertTrue(
                Concurrent.start(
                                threads,
                                () -> {
                                    action.run();
                                    return true;
                                })
                        .await(LIMIT)
                        .isPresent());
    }

    private static Thread waiting(String name, CountDownLatch until) {
        return Thread.ofPlatform()
                .daemon()
                .name(name)
                .start(() -> {
                    try {
                        until.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    @Test
    void aThreadThatABackendLeavesIsNamedWithTheCallThatItIsIn() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        Thread[] left = new Thread[1];
        within(() -> left[0] = waiting("atc-0", end));
        assertEquals(
                "1 thread is running: atc-0 in BackendThreadsTest.lambda",
                threads.left(Duration.ofMillis(200)).replaceAll("lambda.*", "lambda"));
        end.countDown();
        left[0].join();
        assertEquals("", threads.left(Duration.ZERO));
    }

    @Test
    void aThreadOfAThreadIsTheBackendsToo() {
        CountDownLatch end = new CountDownLatch(1);
        within(() -> {
            Thread outer = Thread.ofPlatform().start(() -> waiting("grandchild", end));
            try {
                outer.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertTrue(threads.left(Duration.ofMillis(200)).contains("grandchild"));
        end.countDown();
    }

    @Test
    void aThreadThatEndsInTimeIsNotLeft() {
        CountDownLatch end = new CountDownLatch(1);
        within(() -> waiting("slow to end", end));
        CompletableFuture<String> left =
                CompletableFuture.supplyAsync(
                        () -> threads.left(LIMIT), task -> new Thread(task).start());
        end.countDown();
        assertEquals("", left.join());
    }

    @Test
    void threadsOfThePlatformTheSuiteAndOthersAreNoBackends() throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch working = new CountDownLatch(2);
        Thread outside = waiting("of the program", end);
        try (HttpClient client = HttpClient.newHttpClient()) {
            within(() -> {
                for (int i = 0; i < 2; i++) {
                    ForkJoinPool.commonPool()
                            .execute(() -> {
                                working.countDown();
                                try {
                                    end.await();
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            });
                }
                CompletableFuture.delayedExecutor(1, TimeUnit.NANOSECONDS).execute(() -> {});
                Concurrent.start(() -> end.await(1, TimeUnit.MINUTES));
                Thread.ofVirtual().start(() -> {});
                assertTrue(client.version() != null);
            });
            assertEquals("", threads.left(Duration.ZERO));
        }
        end.countDown();
        outside.join();
    }
}
