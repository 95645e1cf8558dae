package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Handover;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Processes that were not started here are bound as well, and are safe from here. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class AdoptionTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int PAGE = 4096;
    private static final long READ_WRITE = 3;

    private final SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());

    @TempDir Path folder;

    private static Backend open(Map<String, String> options) {
        return BackendCatalog.of(List.of(new NativeBackendProvider()))
                .open("native:host", options, OpenTelemetry.noop());
    }

    private static JobStatus fill(QueueHandle queue, long address, long value) {
        JobResult result = queue.run(Job.fill(address, 8, value), LIMIT);
        return result.status();
    }

    private static QueueHandle started(Backend backend, SvaProcess process) {
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        return queue;
    }

    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aDeviceWorksInAProcessThatWasNotStartedHere() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("foreign", LIMIT);
            assertEquals(0, foreigner.answer());
            assertEquals(foreigner.pid(), process.pid());
            long page = foreigner.map(0, 4L * PAGE, READ_WRITE);
            QueueHandle queue = started(backend, process);
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 42));
            assertEquals(42, foreigner.does().load(page));
            foreigner.does().store(page + 8, 43);
            assertEquals(43, process.loadLong(page + 8));
            foreigner.does().call(SystemCall.MPROTECT, page, PAGE, 1);
            assertEquals(JobStatus.PAGE_FAULT, fill(queue, page, 44));
            assertEquals(42, foreigner.does().load(page));
            for (int i = 1; i < 4; i++) {
                long next = page + (long) i * PAGE;
                assertEquals(JobStatus.SUCCESS, fill(queue, next, i));
                assertEquals(0, foreigner.does().call(SystemCall.MUNMAP, next, PAGE));
                assertEquals(JobStatus.PAGE_FAULT, fill(queue, next, i));
            }
            process.close();
            assertEquals(0, foreigner.does().call(SystemCall.MPROTECT, page, PAGE, READ_WRITE));
            foreigner.does().store(page, 45);
            assertEquals(45, foreigner.does().load(page));
        }
    }

    @Test
    void execEndsTheAdoptionAndTheNewProgramIsOutOfReach() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("foreign", LIMIT);
            long page = foreigner.map(0, PAGE, READ_WRITE);
            QueueHandle queue = started(backend, process);
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
            foreigner.exec();
            assertEquals(page, foreigner.map(page, PAGE, READ_WRITE));
            assertThrows(ErrnoException.class, () -> refuseUnlessSuccess(queue, page));
            assertTrue(process.awaitTermination(LIMIT), "exec is not noticed");
            assertEquals(0, foreigner.does().load(page));
            assertThrows(ErrnoException.class, process::addressSpace);
        }
    }

    /** A job that the device aborts is as good as one that is refused. */
    private static void refuseUnlessSuccess(QueueHandle queue, long page) {
        JobStatus status = fill(queue, page, 2);
        if (status != JobStatus.SUCCESS) {
            throw new ErrnoException(Errno.ENXIO, "fill", status.toString());
        }
    }

    @Test
    void execIsNoticedThoughAChildKeepsTheConnection() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("foreign", LIMIT);
            long page = foreigner.map(0, PAGE, READ_WRITE);
            QueueHandle queue = started(backend, process);
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
            // A copy of the connection that exec does not close, as a careless child would have it.
            assertTrue(foreigner.does().call(SystemCall.FCNTL, foreigner.connection(), 0, 9) >= 0);
            foreigner.exec();
            assertEquals(page, foreigner.map(page, PAGE, READ_WRITE));
            assertThrows(ErrnoException.class, () -> refuseUnlessSuccess(queue, page));
            assertEquals(0, foreigner.does().load(page));
            assertTrue(process.awaitTermination(LIMIT), "exec is not noticed");
        }
    }

    @Test
    void theEndOfTheProcessEndsTheAdoption() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"))) {
            Map<String, Long> before = backend.introspection().orElseThrow().resources();
            for (int round = 0; round < 4; round++) {
                try (Foreigner foreigner = new Foreigner(kernel)) {
                    foreigner.handOver(place.address());
                    SvaProcess process = place.accept("foreign", LIMIT);
                    long page = foreigner.map(0, PAGE, READ_WRITE);
                    QueueHandle queue = started(backend, process);
                    assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
                    if (round % 2 == 0) {
                        foreigner.kill();
                    } else {
                        foreigner.hangUp();
                    }
                    assertTrue(process.awaitTermination(LIMIT));
                    assertFalse(process.isAlive());
                }
            }
            assertEquals(before, backend.introspection().orElseThrow().resources());
        }
    }

    @Test
    void aProcessThatIsGivenBackLivesOnAndNothingIsLeft() {
        try (Foreigner foreigner = new Foreigner(kernel)) {
            open(Map.of()).close();
            long before = descriptors();
            long page = foreigner.map(0, PAGE, READ_WRITE);
            try (Backend backend = open(Map.of());
                    Handover place = backend.processes().handover(folder.resolve("s"))) {
                foreigner.handOver(place.address());
                SvaProcess process = place.accept("foreign", LIMIT);
                assertEquals(JobStatus.SUCCESS, fill(started(backend, process), page, 5));
                // Closing the backend gives it back.
            }
            assertEquals(5, foreigner.does().load(page));
            assertEquals(0, foreigner.does().call(SystemCall.MUNMAP, page, PAGE));
            assertEquals(before, descriptors());
            assertFalse(Files.exists(folder.resolve("s")));
        }
    }

    @Test
    void whatCannotBeAProcessesOwnMemoryIsRefusedAndNothingIsLeft() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner other = new Foreigner(kernel)) {
            long before = descriptors();
            Path theirs = Path.of("/proc/" + other.pid() + "/mem");
            List<Consumer<Foreigner>> lies =
                    List.of(
                            f -> f.send(1, mem(f), maps(f)),
                            f -> f.send(Foreigner.MAGIC),
                            f -> f.send(Foreigner.MAGIC, mem(f)),
                            f -> f.send(Foreigner.MAGIC, maps(f), mem(f)),
                            f -> f.send(Foreigner.MAGIC, mem(f), maps(f), maps(f)),
                            f -> f.send(Foreigner.MAGIC, mem(f), maps(f), maps(f), maps(f)),
                            f -> f.send(Foreigner.MAGIC, f.open("/dev/zero", 0x80002), maps(f)),
                            f ->
                                    f.send(
                                            Foreigner.MAGIC,
                                            f.open("/proc/self/mem", Foreigner.READ_ONLY),
                                            maps(f)),
                            f ->
                                    f.send(
                                            Foreigner.MAGIC,
                                            f.open(theirs.toString(), 0x80002),
                                            maps(f)),
                            f -> {
                                long mem = mem(f);
                                f.send(Foreigner.MAGIC, mem, mem, mem, mem, mem, mem, mem, mem);
                            });
            for (int i = 0; i < lies.size(); i++) {
                String lie = "lie " + i;
                try (Foreigner foreigner = new Foreigner(kernel)) {
                    foreigner.connect(place.address());
                    try {
                        lies.get(i).accept(foreigner);
                    } catch (ErrnoException notEvenOpened) {
                        continue;
                    }
                    ErrnoException refused =
                            assertThrows(ErrnoException.class, () -> place.accept(lie, LIMIT), lie);
                    assertEquals(1, refused.getMessage().lines().count(), lie);
                    assertNotEquals(Errno.EAGAIN, refused.errno(), lie);
                    assertEquals(-refused.errno().number(), foreigner.answer(), lie);
                }
            }
            assertEquals(before, descriptors());
            assertEquals(0, backend.introspection().orElseThrow().resources().get("processes"));
        }
    }

    private static long mem(Foreigner foreigner) {
        return foreigner.open("/proc/self/mem", Foreigner.MEMORY_READ_WRITE);
    }

    private static long maps(Foreigner foreigner) {
        return foreigner.open("/proc/self/maps", Foreigner.READ_ONLY);
    }

    @Test
    void nobodyIsWaitedForLongerThanWasSaid() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            Duration little = Duration.ofMillis(20);
            assertEquals(
                    Errno.EAGAIN,
                    assertThrows(ErrnoException.class, () -> place.accept("none", little)).errno());
            foreigner.connect(place.address());
            assertEquals(
                    Errno.EAGAIN,
                    assertThrows(ErrnoException.class, () -> place.accept("mute", little)).errno());
            assertEquals(
                    Errno.EEXIST,
                    assertThrows(
                                    ErrnoException.class,
                                    () -> backend.processes().handover(place.address()))
                            .errno());
            assertEquals(
                    Errno.EINVAL,
                    assertThrows(
                                    ErrnoException.class,
                                    () -> backend.processes().handover(Path.of("x".repeat(108))))
                            .errno());
        }
    }

    @Test
    void whatItCannotBeMadeToDoIsRefused() {
        try (Backend backend = open(Map.of());
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("foreign", LIMIT);
            for (Runnable call :
                    List.<Runnable>of(
                            process::fork,
                            process::exec,
                            () -> process.exit(0),
                            () -> process.mmap(MapRequest.anonymous(PAGE)),
                            () -> process.munmap(0, PAGE))) {
                assertEquals(
                        Errno.EOPNOTSUPP, assertThrows(ErrnoException.class, call::run).errno());
            }
        }
    }
}
