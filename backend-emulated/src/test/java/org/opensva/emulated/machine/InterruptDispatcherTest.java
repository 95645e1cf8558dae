package org.opensva.emulated.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

class InterruptDispatcherTest {

    @Test
    void anEdgeDuringTheHandlerRunsItOnceMore() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            Semaphore entered = new Semaphore(0);
            Semaphore proceed = new Semaphore(0);
            int line =
                    interrupts.connect(
                            "line",
                            () -> {
                                entered.release();
                                proceed.acquireUninterruptibly();
                            });
            interrupts.raise(line);
            assertTrue(entered.tryAcquire(10, TimeUnit.SECONDS));
            interrupts.raise(line);
            interrupts.raise(line);
            proceed.release(2);
            assertTrue(entered.tryAcquire(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aMessageReachesTheLineItNames() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            CountDownLatch ran = new CountDownLatch(1);
            interrupts.connect("other", () -> {});
            int line = interrupts.connect("line", ran::countDown);
            assertFalse(interrupts.message(0x1000, line));
            assertTrue(interrupts.message(InterruptDispatcher.MESSAGE_ADDRESS, line));
            assertTrue(ran.await(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void unknownLinesAreIgnoredAndAFailingHandlerStopsNobody() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            AtomicInteger failing = new AtomicInteger();
            int bad =
                    interrupts.connect(
                            "bad",
                            () -> {
                                failing.incrementAndGet();
                                throw new IllegalStateException("a defect of the handler");
                            });
            CountDownLatch ran = new CountDownLatch(1);
            int good = interrupts.connect("good", ran::countDown);
            interrupts.raise(-1);
            interrupts.raise(99);
            interrupts.raise(bad);
            interrupts.raise(good);
            assertTrue(ran.await(10, TimeUnit.SECONDS));
            assertEquals(failing.get(), interrupts.failures());
        }
    }

    @Test
    void whatAHandlerDefersMayWaitForAnotherInterrupt() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            Semaphore second = new Semaphore(0);
            CountDownLatch done = new CountDownLatch(1);
            int other = interrupts.connect("other", second::release);
            int line =
                    interrupts.connect(
                            "line",
                            () ->
                                    interrupts.defer(() -> {
                                        interrupts.raise(other);
                                        second.acquireUninterruptibly();
                                        done.countDown();
                                    }));
            interrupts.raise(line);
            assertTrue(done.await(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void whileSomethingIsDeferredTheOtherThreadHasTheInterrupts() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            Semaphore answered = new Semaphore(0);
            Semaphore begun = new Semaphore(0);
            Semaphore goOn = new Semaphore(0);
            Runnable work =
                    () -> {
                        begun.release();
                        answered.release();
                        goOn.acquireUninterruptibly();
                    };
            int line =
                    interrupts.connect(
                            "line",
                            () -> {
                                if (!interrupts.defer(work)) {
                                    answered.release();
                                }
                            });
            for (int round = 0; round < 1_000; round++) {
                boolean taken = false;
                while (!taken) {
                    // The thread that did the last round's work may not be back yet.
                    interrupts.raise(line);
                    assertTrue(answered.tryAcquire(10, TimeUnit.SECONDS));
                    taken = begun.tryAcquire();
                }
                interrupts.raise(line);
                assertTrue(answered.tryAcquire(10, TimeUnit.SECONDS));
                assertFalse(begun.tryAcquire());
                goOn.release();
            }
        }
    }

    @Test
    void oneThingIsDeferredAtATimeAndByHandlersAlone() throws InterruptedException {
        try (InterruptDispatcher interrupts = new InterruptDispatcher()) {
            AtomicInteger ran = new AtomicInteger();
            CountDownLatch done = new CountDownLatch(1);
            boolean[] taken = new boolean[3];
            int line =
                    interrupts.connect(
                            "line",
                            () -> {
                                taken[0] =
                                        interrupts.defer(() -> {
                                            ran.incrementAndGet();
                                            taken[2] = interrupts.defer(ran::incrementAndGet);
                                            done.countDown();
                                        });
                                taken[1] = interrupts.defer(ran::incrementAndGet);
                            });
            assertFalse(interrupts.defer(ran::incrementAndGet));
            interrupts.raise(line);
            assertTrue(done.await(10, TimeUnit.SECONDS));
            assertTrue(taken[0]);
            assertFalse(taken[1]);
            assertFalse(taken[2]);
            assertEquals(1, ran.get());
        }
    }

    @Test
    void whatWasDeferredIsDoneWhenTheControllerHasEnded() throws InterruptedException {
        InterruptDispatcher interrupts = new InterruptDispatcher();
        Semaphore begun = new Semaphore(0);
        Semaphore goOn = new Semaphore(0);
        AtomicInteger ran = new AtomicInteger();
        int line =
                interrupts.connect(
                        "line",
                        () ->
                                interrupts.defer(() -> {
                                    begun.release();
                                    goOn.acquireUninterruptibly();
                                    ran.incrementAndGet();
                                    throw new IllegalStateException("a defect");
                                }));
        interrupts.raise(line);
        assertTrue(begun.tryAcquire(10, TimeUnit.SECONDS));
        Thread closing = Thread.ofPlatform().start(interrupts::close);
        while (closing.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertEquals(0, ran.get());
        goOn.release();
        closing.join();
        assertEquals(1, ran.get());
        assertEquals(1, interrupts.failures());
    }
}
