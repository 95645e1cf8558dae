package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Nothing is left behind, whoever ends what and how. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class LeftoversTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static Backend open() {
        return BackendCatalog.of(List.of(new NativeBackendProvider()))
                .open("native:host", Map.of(), OpenTelemetry.noop());
    }

    private static long descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("opensva-native"))
                .count();
    }

    private static boolean comesTrue(BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }

    private static boolean agentLives(long pid) {
        try {
            String state = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return state.charAt(state.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }

    private static SvaProcess bound(Backend backend, String name) {
        SvaProcess process = backend.processes().spawn(name);
        QueueHandle queue = backend.accelerators().getFirst().open(process);
        queue.start();
        long page = process.mmap(MapRequest.anonymous(process.pageSize()));
        assertTrue(queue.run(Job.fill(page, 8, 7), LIMIT).succeeded());
        return process;
    }

    @Test
    void closingTheBackendLeavesNoProcessDescriptorOrThread() {
        open().close();
        long before = descriptors();
        List<Long> pids = new ArrayList<>();
        Backend backend = open();
        for (int i = 0; i < 8; i++) {
            SvaProcess process = bound(backend, "left " + i);
            pids.add(process.pid());
            pids.add(process.fork().pid());
            process.createSharedMemory(process.pageSize());
        }
        backend.close();
        for (long pid : pids) {
            assertFalse(agentLives(pid), "process " + pid + " is left");
        }
        assertEquals(before, descriptors());
        assertTrue(comesTrue(() -> threads() == 0), "threads are left");
        assertThrows(ErrnoException.class, () -> backend.processes().spawn("late"));
    }

    @Test
    void whatIsClosedInTurnIsFreedInTurn() {
        try (Backend backend = open()) {
            bound(backend, "first").close();
            Map<String, Long> before = backend.introspection().orElseThrow().resources();
            long open = descriptors();
            SplittableRandom random = new SplittableRandom(7);
            for (int round = 0; round < 60; round++) {
                try (SvaProcess process = bound(backend, "round " + round)) {
                    try (SvaProcess child = process.fork()) {
                        switch (random.nextInt(4)) {
                            case 0 -> child.kill(Signal.SIGKILL);
                            case 1 -> child.exit(3);
                            case 2 -> child.exec();
                            default -> process.exec();
                        }
                    }
                    if (random.nextBoolean()) {
                        process.kill(Signal.SIGTERM);
                        assertTrue(process.awaitTermination(LIMIT));
                    }
                }
            }
            assertEquals(before, backend.introspection().orElseThrow().resources());
            assertEquals(open, descriptors());
        }
    }

    @Test
    void aProcessThatSomebodyKillsTakesItsQueueWithItAndNothingElse() {
        try (Backend backend = open();
                SvaProcess other = bound(backend, "other")) {
            SvaProcess victim = bound(backend, "victim");
            int free = backend.accelerators().getFirst().availableInstances();
            ProcessHandle.of(victim.pid()).orElseThrow().destroyForcibly();
            assertTrue(victim.awaitTermination(LIMIT));
            assertThrows(ErrnoException.class, () -> victim.loadLong(0));
            assertEquals(free + 1, backend.accelerators().getFirst().availableInstances());
            assertTrue(other.isAlive());
            assertTrue(other.mmap(MapRequest.anonymous(1)) != 0);
            victim.close();
        }
    }

    /** The main program of a Java machine that is killed. */
    static final class Victim {

        private Victim() {}

        /** Starts processes, binds them, keeps one unmapping, and says who they are. */
        public static void main(String[] arguments) throws Exception {
            Backend backend = open();
            StringBuilder pids = new StringBuilder();
            SvaProcess busy = null;
            for (int i = 0; i < 4; i++) {
                busy = bound(backend, "victim " + i);
                pids.append(busy.pid()).append(' ').append(busy.fork().pid()).append(' ');
            }
            try (var out = new java.io.FileOutputStream(java.io.FileDescriptor.out)) {
                out.write((pids.toString().strip() + "\n").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                QueueHandle queue = backend.accelerators().getFirst().open(busy);
                queue.start();
                while (true) {
                    long page = busy.mmap(MapRequest.anonymous(busy.pageSize()));
                    queue.run(Job.fill(page, 8, 7), LIMIT);
                    busy.munmap(page, busy.pageSize());
                }
            }
        }
    }

    @Test
    void whenTheJavaMachineIsKilledItsProcessesEnd() throws Exception {
        Process machine =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Dguice_bytecode_gen_option=DISABLED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Victim.class.getName())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        List<Long> pids = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                machine.getInputStream(), StandardCharsets.US_ASCII))) {
            String line = lines.readLine();
            assertTrue(line != null, "the other Java machine says nothing");
            for (String pid : line.split(" ", -1)) {
                pids.add(Long.parseLong(pid));
            }
            assertEquals(8, pids.size());
            // It is somewhere in its loop of mappings.
            LockSupport.parkNanos(50_000_000);
            machine.destroyForcibly();
            assertTrue(machine.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
        for (long pid : pids) {
            assertTrue(comesTrue(() -> !agentLives(pid)), "process " + pid + " is left");
        }
    }
}
