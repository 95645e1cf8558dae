package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(120)
@ParameterizedClass
@EnumSource(PagingMode.class)
class ConcurrencyTest {

    private final TestMachine machine;
    private final int pageBytes;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    ConcurrencyTest(PagingMode mode) {
        machine = new TestMachine(mode);
        pageBytes = machine.pageBytes;
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    private void run(Runnable step) {
        threads.add(
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                while (!stop.get()) {
                                    step.run();
                                }
                            } catch (Throwable e) {
                                failure.compareAndSet(null, e);
                                stop.set(true);
                            }
                        }));
    }

    private void finish() throws InterruptedException {
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertNull(failure.get(), () -> "a thread failed: " + failure.get());
    }

    @Test
    void aCounterInSharedPagesLosesNoUpdateToForksReclaimAndProtection()
            throws InterruptedException {
        SvaProcess process = machine.spawn();
        long at = machine.anonymous(process, 8);
        long[] counts = new long[8];
        run(() -> {
            for (int i = 0; i < 8; i++) {
                assertEquals(counts[i], process.loadLong(at + i * pageBytes));
                process.storeLong(at + i * pageBytes, ++counts[i]);
            }
        });
        Random random = new Random(5);
        run(() -> {
            long page = at + random.nextInt(8) * pageBytes;
            switch (random.nextInt(4)) {
                case 0 -> process.madvise(page, pageBytes, Advice.PAGEOUT);
                case 1 ->
                        process.mprotect(
                                page, pageBytes, org.opensva.api.memory.Protection.READ_WRITE);
                case 2 -> process.addressSpace().handleFault(page, Access.READ | Access.WRITE);
                default -> process.munmap(process.mmap(MapRequest.anonymous(pageBytes)), pageBytes);
            }
        });
        for (int i = 0; i < 300 && !stop.get(); i++) {
            try (SvaProcess child = process.fork()) {
                long seen = child.loadLong(at);
                child.storeLong(at, -1);
                assertTrue(seen >= 0);
                assertEquals(-1, child.loadLong(at));
            }
        }
        finish();
    }

    @Test
    void anAccessThatBeganAfterMunmapReturnedNeverSucceeds() throws InterruptedException {
        SvaProcess process = machine.spawn();
        long at = 0x5000_0000L;
        // Even: mapped; odd: unmapped and nobody may see the page.
        java.util.concurrent.atomic.AtomicLong phase =
                new java.util.concurrent.atomic.AtomicLong(1);
        for (int t = 0; t < 2; t++) {
            run(() -> {
                long before = phase.get();
                boolean reached;
                try {
                    process.storeLong(at, before);
                    reached = true;
                } catch (CpuFaultException e) {
                    reached = false;
                }
                if (reached && (before & 1) == 1 && phase.get() == before) {
                    throw new AssertionError("an unmapped page was written");
                }
            });
        }
        for (int i = 0; i < 5_000; i++) {
            phase.incrementAndGet();
            process.mmap(MapRequest.anonymous(pageBytes).at(at));
            process.munmap(at, pageBytes);
            phase.incrementAndGet();
        }
        finish();
    }

    @Test
    void truncationRacesWithFaultsAndForks() throws InterruptedException {
        SvaProcess process = machine.spawn();
        int fd = process.createSharedMemory(8 * pageBytes);
        long shared = process.mmap(MapRequest.sharedFile(fd, 0, 8 * pageBytes));
        long own = process.mmap(MapRequest.sharedFile(fd, 0, 8 * pageBytes).asPrivate());
        for (int t = 0; t < 2; t++) {
            Random random = new Random(t);
            run(() -> {
                long page = random.nextInt(8) * (long) pageBytes;
                try {
                    process.storeLong(shared + page, 1);
                    process.storeLong(own + page, 2);
                } catch (CpuFaultException e) {
                    assertEquals(Signal.SIGBUS, e.signal());
                }
            });
        }
        run(() -> {
            try (SvaProcess child = process.fork()) {
                child.storeLong(own, 3);
            } catch (CpuFaultException e) {
                assertEquals(Signal.SIGBUS, e.signal());
            }
        });
        for (int i = 0; i < 500; i++) {
            process.truncate(fd, (i % 9) * (long) pageBytes);
        }
        finish();
    }

    @Test
    void killRacesWithEverything() throws InterruptedException {
        for (int round = 0; round < 60; round++) {
            SvaProcess victim = machine.spawn();
            long at = machine.anonymous(victim, 4);
            stop.set(false);
            threads.clear();
            Random random = new Random(round);
            boolean exec = round % 2 == 1;
            for (int t = 0; t < 2; t++) {
                run(() -> {
                    try {
                        switch (random.nextInt(5)) {
                            case 0 -> victim.storeLong(at, 1);
                            case 1 -> victim.fork().close();
                            case 2 -> victim.mmap(MapRequest.anonymous(pageBytes));
                            case 3 -> victim.madvise(at, 4 * pageBytes, Advice.PAGEOUT);
                            default -> victim.createSharedMemory(pageBytes);
                        }
                    } catch (ErrnoException | CpuFaultException e) {
                        // After exec there is nothing at the address.
                        assertTrue(exec || e instanceof ErrnoException, e::toString);
                    }
                });
            }
            if (!exec) {
                victim.kill(Signal.SIGKILL);
            } else {
                victim.exec();
                victim.exit(0);
            }
            assertTrue(victim.awaitTermination(Duration.ofSeconds(30)));
            finish();
        }
    }
}
