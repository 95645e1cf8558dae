package org.opensva.emulated.kernel.pressure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.backend.MemoryPressure.Torment;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Processors and devices that go on while pages are taken, moved and merged under them. */
class TormentTest {

    private static final int PAGES = 16;

    /** A device that keeps each translation until it is told, and uses it inside a guard. */
    private static final class Device implements AddressSpaceListener {
        private final TestMachine machine;
        private final SvaProcess process;
        private final Map<Long, Long> cached = new HashMap<>();

        Device(TestMachine machine, SvaProcess process) {
            this.machine = machine;
            this.process = process;
            process.addressSpace().subscribe(this);
        }

        @Override
        public synchronized void invalidate(AddressRange range) {
            cached.keySet().removeIf(range::contains);
        }

        @Override
        public synchronized void release() {
            cached.clear();
        }

        /** Adds to a number in memory; returns what it was. */
        long add(long address, long value) {
            while (true) {
                synchronized (this) {
                    Long found = cached.get(address);
                    if (found == null) {
                        found = machine.walk(process, address);
                        cached.put(address, found);
                    }
                    if (TestMachine.writable(found)) {
                        long old = machine.memory.readLong(TestMachine.frame(found));
                        machine.memory.writeLong(TestMachine.frame(found), old + value);
                        return old;
                    }
                    cached.remove(address);
                }
                assertEquals(
                        FaultOutcome.RESOLVED,
                        process.addressSpace().handleFault(address, Access.READ | Access.WRITE));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void noUpdateIsLost(PagingMode mode) throws InterruptedException {
        TestMachine machine = new TestMachine(mode, 512 << 20);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        try (machine) {
            SvaProcess process = machine.spawn();
            Device device = new Device(machine, process);
            long pageBytes = machine.pageBytes;
            long own = machine.anonymous(process, PAGES);
            int fd = process.createSharedMemory(PAGES * pageBytes);
            long shared = process.mmap(MapRequest.sharedFile(fd, 0, PAGES * pageBytes));
            Torment torment = machine.pressure.torment(mode.ordinal());
            Torment second = machine.pressure.torment(99);
            // Each page has one writer: the device or the processor. All pages often look alike.
            for (int t = 0; t < 2; t++) {
                boolean byDevice = t == 0;
                Random random = new Random(t);
                long[] model = new long[2 * PAGES];
                threads.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    try {
                                        while (!stop.get()) {
                                            int i = random.nextInt(PAGES) & ~1 | (byDevice ? 1 : 0);
                                            boolean both = random.nextBoolean();
                                            long at = (both ? shared : own) + i * pageBytes;
                                            int cell = both ? PAGES + i : i;
                                            long seen;
                                            if (byDevice) {
                                                seen = device.add(at, 1);
                                            } else {
                                                seen = process.loadLong(at);
                                                process.storeLong(at, seen + 1);
                                            }
                                            assertEquals(model[cell]++, seen);
                                        }
                                    } catch (Throwable e) {
                                        failure.compareAndSet(null, e);
                                    }
                                }));
            }
            Random random = new Random(3);
            while (failure.get() == null && torment.rounds() < 500) {
                try (SvaProcess child = process.fork()) {
                    child.storeLong(own + random.nextInt(PAGES) * pageBytes, -1);
                    child.loadLong(shared + random.nextInt(PAGES) * pageBytes);
                }
                long moved =
                        process.mremap(
                                machine.anonymous(process, 1), pageBytes, 2 * pageBytes, true);
                process.storeLong(moved, 1);
                process.munmap(moved, 2 * pageBytes);
            }
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            torment.close();
            second.close();
            assertNull(failure.get(), () -> "a thread failed: " + failure.get());
            assertTrue(torment.pages(Kind.MIGRATE) + torment.pages(Kind.RECLAIM) > 0);
        }
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }
}
