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
}
