package org.opensva.uacce.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.engine.StandardEngines;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.ScriptedEngine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

class ContextPoolTest {

    static void refused(Reason reason, Executable call) {
        assertEquals(reason, assertThrows(ClientException.class, call).reason());
    }

    static Reason reasonOf(CompletableFuture<JobResult> future) {
        Throwable cause = assertThrows(CompletionException.class, future::join).getCause();
        return assertInstanceOf(ClientException.class, cause).reason();
    }

    private static Job crc(long address, int length) {
        return Job.crc32c(address, length);
    }

    @Test
    void aJobIsDoneAndCounted() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool();
                Buffer from = pool.buffer(10_000);
                Buffer to = pool.buffer(10_000)) {
            byte[] bytes = Bench.bytes(10_000, 1);
            from.store(0, bytes, 0, bytes.length);
            assertTrue(pool.run(Job.copy(from.address(), to.address(), bytes.length)).succeeded());
            byte[] back = new byte[bytes.length];
            to.load(0, back, 0, back.length);
            assertArrayEquals(bytes, back);
            assertEquals(1, pool.statistics().jobs());
            assertEquals(10_000, pool.statistics().produced());
            assertEquals(Placement.DEVICE, pool.placement(Operation.COPY));
        }
    }

    /** Many threads, both ways of calling: every job gets its own result. */
    @ParameterizedTest
    @EnumSource(Scheduling.class)
    void everyCallerGetsTheResultOfItsOwnJob(Scheduling scheduling) throws Exception {
        try (Bench bench = new Bench(2);
                ContextPool pool =
                        bench.pool(
                                Bench.config()
                                        .withContexts(3, 4)
                                        .withScheduling(scheduling, Locality.UNIFORM))) {
            byte[] bytes = Bench.bytes(1 << 16, 2);
            long memory = bench.process.memory(bytes);
            List<Thread> threads = new ArrayList<>();
            AtomicInteger good = new AtomicInteger();
            for (int t = 0; t < 4; t++) {
                int seed = t;
                threads.add(
                        Thread.ofPlatform()
                                .start(() -> good.addAndGet(sums(pool, bytes, memory, seed))));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(4 * 200, good.get());
            assertEquals(4 * 200, pool.statistics().jobs());
        }
    }

    private static int sums(ContextPool pool, byte[] bytes, long memory, int seed) {
        Random random = new Random(seed);
        int good = 0;
        List<CompletableFuture<Boolean>> futures = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int from = random.nextInt(bytes.length);
            int length = random.nextInt(bytes.length - from);
            CRC32C crc = new CRC32C();
            crc.update(bytes, from, length);
            Job job = crc(memory + from, length);
            if (random.nextBoolean()) {
                good += pool.run(job).value() == crc.getValue() ? 1 : 0;
            } else {
                futures.add(pool.submit(job).thenApply(r -> r.value() == crc.getValue()));
            }
        }
        for (CompletableFuture<Boolean> future : futures) {
            good += future.join() ? 1 : 0;
        }
        return good;
    }

    @Test
    void aFullWindowHoldsTheProducerBack() throws Exception {
        try (Bench bench = new Bench(1, ScriptedEngine::new, 4)) {
            ContextPool pool = bench.pool(Bench.config().withContexts(1, 2));
            CompletableFuture<JobResult> first = pool.submit(stuck());
            CompletableFuture<JobResult> second = pool.submit(Job.nop());
            CountDownLatch through = new CountDownLatch(1);
            Thread third =
                    Thread.ofPlatform()
                            .start(() -> {
                                pool.submit(Job.nop());
                                through.countDown();
                            });
            while (third.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            assertEquals(1, through.getCount(), "two are under way, and that is the window");
            pool.close();
            assertTrue(through.await(20, TimeUnit.SECONDS), "closing lets it go");
            assertEquals(Reason.CLOSED, reasonOf(first));
            // Whoever waits is told by a thread of its own.
            second.handle((result, failure) -> result).get(20, TimeUnit.SECONDS);
            third.join();
        }
    }

    private static Job stuck() {
        return Job.fill(0, 8, ScriptedEngine.UNTIL_CANCELLED);
    }

    @Test
    void whoeverGivesUpLeavesItsMemoryToTheDeviceUntilTheJobHasLanded() {
        try (Bench bench = new Bench(1, ScriptedEngine::new, 4)) {
            ContextPool pool = bench.pool(Bench.config().withContexts(1, 4));
            AtomicBoolean landed = new AtomicBoolean();
            refused(
                    Reason.TIMED_OUT,
                    () -> pool.run(stuck(), Duration.ofMillis(1), () -> landed.set(true)));
            assertFalse(landed.get(), "the device still has it");
            assertEquals(1, pool.statistics().timeouts());
            AtomicBoolean cancelled = new AtomicBoolean();
            CompletableFuture<JobResult> future = pool.submit(Job.nop(), () -> cancelled.set(true));
            future.cancel(true);
            assertFalse(cancelled.get(), "it is behind the stuck one");
            pool.close();
            assertTrue(landed.get() && cancelled.get(), "closing brings everything down");
        }
    }

    @Test
    void aQueueThatIsStuckIsReplacedAndItsOtherJobsAreDoneAgain() {
        PoolConfig impatient =
                PoolConfig.of("test")
                        .withContexts(1, 4)
                        .withPatience(Lab.SOON, Duration.ofMillis(50), 2);
        try (Bench bench = new Bench(1, ScriptedEngine::new, 4);
                ContextPool pool = bench.pool(impatient)) {
            CompletableFuture<JobResult> stuck = pool.submit(stuck());
            CompletableFuture<JobResult> victim = pool.submit(Job.nop());
            assertEquals(JobStatus.SUCCESS, victim.join().status());
            assertEquals(Reason.DEVICE_FAILED, reasonOf(stuck));
            assertTrue(pool.statistics().reopened() >= 1);
        }
    }

    @Test
    void aThreadThatIsInterruptedStopsWaitingAndStaysInterrupted() throws Exception {
        try (Bench bench = new Bench(1, ScriptedEngine::new, 4);
                ContextPool pool = bench.pool()) {
            AtomicInteger outcome = new AtomicInteger();
            Thread thread =
                    Thread.ofPlatform()
                            .start(() -> {
                                refused(Reason.INTERRUPTED, () -> pool.run(stuck()));
                                outcome.set(Thread.currentThread().isInterrupted() ? 1 : 2);
                            });
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            thread.interrupt();
            thread.join();
            assertEquals(1, outcome.get());
        }
    }

    @Test
    void whenADeviceIsRemovedTheOtherOneTakesOver() {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            long memory = bench.process.memory(new byte[4096]);
            for (int i = 0; i < 50; i++) {
                if (i == 20) {
                    bench.labs.getFirst().device.remove();
                }
                assertTrue(pool.run(crc(memory, 4096)).succeeded());
                assertTrue(pool.submit(crc(memory, 4096)).join().succeeded());
            }
            assertEquals(2, pool.contexts());
            bench.labs.getLast().device.remove();
            refused(Reason.NO_DEVICE, () -> pool.run(crc(memory, 4096)));
            assertEquals(Reason.NO_DEVICE, reasonOf(pool.submit(crc(memory, 4096))));
            assertEquals(Placement.NOBODY, pool.placement(Operation.CRC32C));
        }
    }

    @Test
    void softwareTakesOverOnlyWhereItWasDeclaredAndIsCounted() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withSoftware(new StandardEngines()))) {
            byte[] bytes = Bench.bytes(100_000, 3);
            long memory = bench.process.memory(bytes);
            long device = pool.run(crc(memory, bytes.length)).value();
            assertEquals(0, pool.statistics().softwareJobs());
            bench.labs.getFirst().device.remove();
            assertEquals(device, pool.run(crc(memory, bytes.length)).value());
            assertEquals(device, pool.submit(crc(memory, bytes.length)).join().value());
            assertEquals(2, pool.statistics().softwareJobs());
            assertEquals(Placement.SOFTWARE, pool.placement(Operation.CRC32C));
            JobResult hole = pool.run(crc(1 << 12, 100));
            assertEquals(JobStatus.PAGE_FAULT, hole.status());
            assertEquals(1 << 12, hole.faultAddress());
        }
    }

    @Test
    void anAddressThatNobodyCanAccessIsAResult() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            JobResult result = pool.run(crc(1 << 12, 100));
            assertEquals(JobStatus.PAGE_FAULT, result.status());
            assertEquals(1 << 12, result.faultAddress());
            assertEquals(0, pool.statistics().repairs());
        }
    }

    @Test
    void fewerContextsAreOpenedWhereQueuesAreFewAndNoneIsRefused() {
        try (Bench bench = new Bench(2, new StandardEngines(), 2)) {
            try (ContextPool pool = bench.pool(Bench.config().withContexts(8, 1))) {
                assertEquals(4, pool.contexts());
                ClientException none = assertThrows(ClientException.class, bench::pool);
                assertEquals(Reason.NO_DEVICE, none.reason());
                assertTrue(none.getMessage().contains("EBUSY"), none.getMessage());
            }
            assertEquals(4, bench.free());
        }
    }

    @Test
    void contextsNearTheCallerAreTakenFirst() {
        try (Bench bench = new Bench(2)) {
            Locality second =
                    new Locality() {
                        @Override
                        public int nodeOf(Accelerator accelerator) {
                            return accelerator == bench.labs.getLast().device ? 7 : 3;
                        }

                        @Override
                        public int callerNode() {
                            return 7;
                        }
                    };
            PoolConfig config = Bench.config().withScheduling(Scheduling.ROUND_ROBIN, second);
            try (ContextPool pool = bench.pool(config)) {
                long memory = bench.process.memory(new byte[64]);
                bench.labs.getFirst().endpoint.accesses.set(0);
                for (int i = 0; i < 20; i++) {
                    pool.run(crc(memory, 64));
                }
                assertEquals(0, bench.labs.getFirst().endpoint.accesses.get());
            }
        }
    }

    @Test
    void nothingIsLeftAfterAThousandPools() {
        try (Bench bench = new Bench(2)) {
            LabProcess process = bench.process;
            int pages = process.lastSpace().pageCount();
            int files = process.labFiles().count();
            for (int i = 0; i < 1000; i++) {
                ContextPool pool = bench.pool();
                Buffer buffer = pool.buffer(i);
                assertTrue(pool.submit(crc(buffer.address(), i)).join().succeeded());
                if (i % 2 == 0) {
                    buffer.close();
                }
                pool.close();
                buffer.close();
            }
            assertEquals(512, bench.free());
            assertEquals(pages, process.lastSpace().pageCount());
            assertEquals(files, process.labFiles().count());
            assertEquals(0, process.lastSpace().subscribers());
        }
    }
}
