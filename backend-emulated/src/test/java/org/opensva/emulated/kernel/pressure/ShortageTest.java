package org.opensva.emulated.kernel.pressure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Access;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.TestMachine.Recorder;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/** What happens when memory is short: reclaim, and in the end a kill. */
class ShortageTest {

    private static final int FRAMES = 128;

    private static void audit(TestMachine machine) {
        assertEquals(0, machine.frames.allocatedFrames());
        assertEquals(0, machine.addressSpaces.swappedPages());
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void moreMemoryThanThereIsKeepsItsContents(PagingMode mode) {
        int pageBytes = mode.geometry().granule().bytes();
        TestMachine machine = new TestMachine(mode, (long) FRAMES * pageBytes);
        try (machine) {
            SvaProcess process = machine.spawn();
            int fd = process.createSharedMemory(FRAMES * (long) pageBytes);
            long shared = process.mmap(MapRequest.sharedFile(fd, 0, FRAMES * (long) pageBytes));
            long own = machine.anonymous(process, 2 * FRAMES);
            Random random = new Random(1);
            long[] model = new long[3 * FRAMES];
            for (int i = 0; i < 6 * FRAMES; i++) {
                int page = random.nextInt(model.length);
                long at =
                        page < FRAMES
                                ? shared + (long) page * pageBytes
                                : own + (long) (page - FRAMES) * pageBytes;
                assertEquals(model[page], process.loadLong(at));
                process.storeLong(at, ++model[page]);
            }
            assertTrue(machine.addressSpaces.swappedPages() > 0);
        }
        audit(machine);
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void whatIsInUseStaysAndWhatIsNotGoes(PagingMode mode) {
        int pageBytes = mode.geometry().granule().bytes();
        TestMachine machine = new TestMachine(mode, (long) FRAMES * pageBytes);
        try (machine) {
            SvaProcess process = machine.spawn();
            long hot = machine.anonymous(process, 1);
            long cold = machine.anonymous(process, 4 * FRAMES);
            process.storeLong(hot, 1);
            int lost = 0;
            for (int i = 0; i < 4 * FRAMES; i++) {
                process.storeLong(cold + (long) i * pageBytes, i);
                if (machine.walk(process, hot) == 0 && pageIsSwapped(machine, process, hot)) {
                    lost++;
                }
                assertEquals(1, process.loadLong(hot));
            }
            assertTrue(lost < 4 * FRAMES / 20, lost + " times");
        }
        audit(machine);
    }

    /** On Arm a page without its accessed flag looks absent, and is not. */
    private static boolean pageIsSwapped(TestMachine machine, SvaProcess process, long at) {
        int before = machine.addressSpaces.swappedPages();
        process.loadLong(at);
        return machine.addressSpaces.swappedPages() < before;
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theLargestProcessDiesAndItsDevicesAreReleasedBeforeItsMemoryIsFreed(PagingMode mode) {
        int pageBytes = mode.geometry().granule().bytes();
        TestMachine machine = TestMachine.withSwap(mode, (long) FRAMES * pageBytes, 16);
        machine.addressSpaces.whenOutOfMemory(machine.kernel.outOfMemoryKiller());
        try (machine) {
            SvaProcess small = machine.spawn();
            SvaProcess large = machine.spawn();
            long kept = machine.anonymous(small, FRAMES);
            long lost = machine.anonymous(large, FRAMES);
            for (int i = 0; i < FRAMES * 5 / 8; i++) {
                large.storeLong(lost + (long) i * pageBytes, 1);
            }
            var space = large.addressSpace();
            Recorder device = new Recorder();
            long[] frees = {0};
            device.releaseCheck = () -> frees[0] = machine.addressSpaces.pageCount();
            space.subscribe(device);

            for (int i = 0; i < FRAMES * 5 / 8; i++) {
                small.storeLong(kept + (long) i * pageBytes, i);
            }

            assertFalse(large.isAlive());
            assertTrue(large.awaitTermination(Duration.ofSeconds(30)));
            assertEquals(1, device.releases.get());
            assertTrue(frees[0] >= FRAMES / 2, "its pages were there when it was released");
            assertEquals(FaultOutcome.DEAD, space.handleFault(lost, Access.READ));
            assertThrows(ErrnoException.class, () -> large.loadLong(lost));
            for (int i = 0; i < FRAMES * 5 / 8; i++) {
                assertEquals(i, small.loadLong(kept + (long) i * pageBytes));
            }
        }
        audit(machine);
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void whoNeedsTooMuchAloneDiesOfItInsteadOfWaiting(PagingMode mode) {
        int pageBytes = mode.geometry().granule().bytes();
        TestMachine machine = TestMachine.withSwap(mode, (long) FRAMES * pageBytes, 16);
        machine.addressSpaces.whenOutOfMemory(machine.kernel.outOfMemoryKiller());
        try (machine) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, 2 * FRAMES);
            assertThrows(
                    ErrnoException.class,
                    () -> {
                        for (int i = 0; i < 2 * FRAMES; i++) {
                            process.storeLong(at + (long) i * pageBytes, 1);
                        }
                    });
            assertFalse(process.isAlive());
            // The machine goes on.
            SvaProcess next = machine.spawn();
            next.storeLong(machine.anonymous(next, 1), 1);
        }
        audit(machine);
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theDaemonKeepsMemoryFree(PagingMode mode) throws InterruptedException {
        int pageBytes = mode.geometry().granule().bytes();
        TestMachine machine = new TestMachine(mode, 1024L * pageBytes);
        ReclaimDaemon daemon =
                new ReclaimDaemon(machine.addressSpaces, Thread.ofPlatform().daemon().factory());
        try (machine) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, 2000);
            for (int i = 0; i < 1010; i++) {
                process.storeLong(at + (long) i * pageBytes, i);
            }
            CountDownLatch enough = new CountDownLatch(1);
            Thread watcher =
                    Thread.ofPlatform()
                            .daemon()
                            .start(() -> {
                                while (machine.frames.totalFrames()
                                                - machine.frames.allocatedFrames()
                                        < machine.frames.totalFrames() / 64) {
                                    Thread.yield();
                                }
                                enough.countDown();
                            });
            enough.await();
            watcher.join();
            for (int i = 0; i < 1010; i++) {
                assertEquals(i, process.loadLong(at + (long) i * pageBytes));
            }
        }
        daemon.close();
        audit(machine);
    }
}
