package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.opensva.linux.TestedHost.LIMIT;
import static org.opensva.linux.TestedHost.fill;
import static org.opensva.linux.TestedHost.open;
import static org.opensva.linux.TestedHost.started;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Handover;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** What processes do to harm, and what is done to them, hurts nobody else and ends. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class HostileProcessTest {

    private static final int PAGE = 4096;
    private static final long PR_SET_DUMPABLE = 4;
    private static final int SIGSTOP = 19;

    private final SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());

    @TempDir Path folder;

    /** A device that writes to an address for as long as it is allowed to. */
    private static Thread load(QueueHandle queue, long address, long length, AtomicBoolean over) {
        return Thread.ofPlatform()
                .start(() -> {
                    while (!over.get()) {
                        try {
                            queue.run(Job.fill(address, length, 0xdead), LIMIT);
                        } catch (ErrnoException refused) {
                            return;
                        }
                    }
                });
    }

    @Test
    void aProcessThatCallsExecOverAndOverIsNeverWrittenToByAnEarlierBind() throws Exception {
        try (Backend backend = open();
                SvaProcess process = backend.processes().spawn("exec loop");
                SvaProcess bystander = backend.processes().spawn("bystander")) {
            long theirs = bystander.mmap(MapRequest.anonymous(PAGE));
            // Few bytes travel by the descriptor of the memory, many by the process id.
            long most = 32L * PAGE;
            long page = process.mmap(MapRequest.anonymous(most));
            for (int round = 0; round < 40; round++) {
                QueueHandle queue = started(backend, process);
                fill(queue, page, round);
                AtomicBoolean over = new AtomicBoolean();
                Thread device = load(queue, page, round % 2 == 0 ? 8 : most, over);
                process.exec();
                assertEquals(page, process.mmap(MapRequest.anonymous(most).at(page)));
                process.storeLong(page, round);
                for (int i = 0; i < 20; i++) {
                    assertEquals(round, process.loadLong(page), "round " + round);
                }
                over.set(true);
                device.join(LIMIT.toMillis());
                assertFalse(device.isAlive(), "a job does not end");
                queue.close();
            }
            assertEquals(JobStatus.SUCCESS, fill(started(backend, bystander), theirs, 1));
        }
    }

    @Test
    void aStormOfUnmappingsInAForeignProcessIsSurvivedByBothSides() throws Exception {
        try (Backend backend = open();
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("storm", LIMIT);
            QueueHandle queue = started(backend, process);
            long page = foreigner.map(0, PAGE, 3);
            AtomicBoolean over = new AtomicBoolean();
            Thread device = load(queue, page, 8, over);
            for (int i = 0; i < 1500; i++) {
                assertEquals(0, foreigner.does().call(SystemCall.MUNMAP, page, PAGE));
                assertEquals(page, foreigner.map(page, PAGE, 3));
            }
            over.set(true);
            device.join(LIMIT.toMillis());
            assertFalse(device.isAlive(), "a job does not end");
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 7));
            assertEquals(7, foreigner.does().load(page));
        }
    }

    @Test
    void aProcessThatMakesItselfNonDumpableStaysBound() {
        try (Backend backend = open();
                Handover place = backend.processes().handover(folder.resolve("s"));
                Foreigner foreigner = new Foreigner(kernel)) {
            foreigner.handOver(place.address());
            SvaProcess process = place.accept("shy", LIMIT);
            QueueHandle queue = started(backend, process);
            long page = foreigner.map(0, PAGE, 3);
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
            assertEquals(0, foreigner.does().call(SystemCall.PRCTL, PR_SET_DUMPABLE, 0));
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 2));
            assertEquals(2, foreigner.does().load(page));
        }
    }

    @Test
    void aProcessThatIsStoppedKeepsNobodyFromClosing() {
        long pid;
        Backend backend = open();
        try {
            SvaProcess stopped = backend.processes().spawn("stopped");
            SvaProcess other = backend.processes().spawn("other");
            pid = stopped.pid();
            long page = stopped.mmap(MapRequest.anonymous(PAGE));
            QueueHandle queue = started(backend, stopped);
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
            try (Descriptor pidfd =
                    Descriptor.of(
                            kernel, kernel.call(SystemCall.PIDFD_OPEN, pid, 0, 0), "pidfd_open")) {
                kernel.call(SystemCall.PIDFD_SEND_SIGNAL, pidfd.number(), SIGSTOP, 0, 0, 0, 0);
            }
            long theirs = other.mmap(MapRequest.anonymous(PAGE));
            assertEquals(JobStatus.SUCCESS, fill(started(backend, other), theirs, 3));
        } finally {
            backend.close();
        }
        assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    }

    @Test
    void whenTheKeeperIsKilledNothingNewStartsAndEverythingOldEnds() {
        List<Long> pids = new ArrayList<>();
        Backend backend = open();
        try {
            SvaProcess process = backend.processes().spawn("orphan");
            pids.add(process.pid());
            pids.add(process.fork().pid());
            long page = process.mmap(MapRequest.anonymous(PAGE));
            QueueHandle queue = started(backend, process);
            ProcessHandle keeper =
                    ProcessHandle.of(process.pid()).flatMap(ProcessHandle::parent).orElseThrow();
            assertTrue(keeper.destroyForcibly());
            keeper.onExit().join();
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> backend.processes().spawn("late"));
            assertEquals(Errno.EAGAIN, refused.errno());
            assertEquals(JobStatus.SUCCESS, fill(queue, page, 2));
            assertEquals(2, process.loadLong(page));
        } finally {
            backend.close();
        }
        for (long pid : pids) {
            assertTrue(ends(pid), "process " + pid + " is left");
        }
    }

    private static boolean ends(long pid) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() - deadline < 0) {
            try {
                String state = Files.readString(Path.of("/proc/" + pid + "/stat"));
                if (state.charAt(state.lastIndexOf(')') + 2) == 'Z') {
                    return true;
                }
            } catch (IOException e) {
                return true;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return false;
    }

    @Test
    void aThreadThatIsInterruptedClosesAsWellAsAnyOther() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Long> pids = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                Backend backend = open();
                                SvaProcess process = backend.processes().spawn("interrupted");
                                pids.add(process.pid());
                                long page = process.mmap(MapRequest.anonymous(PAGE));
                                QueueHandle queue = started(backend, process);
                                fill(queue, page, 1);
                                Thread.currentThread().interrupt();
                                pids.add(process.fork().pid());
                                process.munmap(page, PAGE);
                                queue.close();
                                backend.close();
                                assertTrue(Thread.currentThread().isInterrupted());
                            } catch (Throwable e) {
                                failure.set(e);
                            }
                        });
        thread.join(2 * LIMIT.toMillis());
        assertFalse(thread.isAlive(), "it does not end");
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        for (long pid : pids) {
            assertTrue(ends(pid), "process " + pid + " is left");
        }
    }

    /** The main program of a Java machine that is killed while an adopted process waits for it. */
    static final class Monitor {

        private Monitor() {}

        /** Adopts a process, has a device touch a page of it, and says so. */
        public static void main(String[] arguments) throws Exception {
            try (Backend backend = open();
                    Handover place = backend.processes().handover(Path.of(arguments[0]));
                    var out =
                            new java.io.PrintStream(
                                    new java.io.FileOutputStream(java.io.FileDescriptor.out),
                                    true,
                                    StandardCharsets.US_ASCII)) {
                out.println("listening");
                SvaProcess process = place.accept("adopted", LIMIT);
                QueueHandle queue = started(backend, process);
                long page = System.in.read() << 12;
                page |= (long) System.in.read() << 20;
                page |= (long) System.in.read() << 28;
                page |= (long) System.in.read() << 36;
                page |= (long) System.in.read() << 44;
                out.println(fill(queue, page, 9));
                System.in.read();
            }
        }
    }

    @Test
    void aForeignProcessDoesNotStayBlockedOnAMonitorThatHasDied() throws Exception {
        Path place = folder.resolve("s");
        Process monitor =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Dguice_bytecode_gen_option=DISABLED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Monitor.class.getName(),
                                place.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (Foreigner foreigner = new Foreigner(kernel);
                BufferedReader lines =
                        new BufferedReader(
                                new InputStreamReader(
                                        monitor.getInputStream(), StandardCharsets.US_ASCII))) {
            assertEquals("listening", lines.readLine());
            long page = foreigner.map(1L << 36, PAGE, 3);
            boolean events = foreigner.handOver(place);
            assumeTrue(events, "no userfaultfd here");
            for (int shift : new int[] {12, 20, 28, 36, 44}) {
                monitor.getOutputStream().write((int) (page >>> shift) & 0xff);
            }
            monitor.getOutputStream().flush();
            assertEquals("SUCCESS", lines.readLine());
            assertEquals(9, foreigner.does().load(page));
            // Nobody reads the event now.
            try (Descriptor pidfd =
                    Descriptor.of(
                            kernel,
                            kernel.call(SystemCall.PIDFD_OPEN, monitor.pid(), 0, 0),
                            "pidfd_open")) {
                kernel.call(SystemCall.PIDFD_SEND_SIGNAL, pidfd.number(), SIGSTOP, 0, 0, 0, 0);
            }
            FutureTask<Long> unmap =
                    new FutureTask<>(() -> foreigner.does().call(SystemCall.MUNMAP, page, PAGE));
            Thread.ofPlatform().start(unmap);
            monitor.destroyForcibly();
            assertEquals(0, unmap.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
        } finally {
            monitor.destroyForcibly();
        }
    }

    /** The main program of a Java machine with few descriptors. */
    static final class Poor {

        private Poor() {}

        /** A class that is not there yet would need a descriptor to be read. */
        private static void loadClasses() throws IOException, ClassNotFoundException {
            for (String entry :
                    System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                Path root = Path.of(entry);
                if (!Files.isDirectory(root)) {
                    continue;
                }
                List<Path> files;
                try (Stream<Path> all = Files.walk(root)) {
                    files = all.filter(file -> file.toString().endsWith(".class")).toList();
                }
                for (Path file : files) {
                    String name = root.relativize(file).toString().replace('/', '.');
                    if (!name.contains("Test") && !name.endsWith("-info.class")) {
                        Class.forName(
                                name.substring(0, name.length() - ".class".length()),
                                false,
                                Poor.class.getClassLoader());
                    }
                }
            }
        }

        /** Uses descriptors up twice, and goes on each time. */
        public static void main(String[] arguments) throws Exception {
            loadClasses();
            try (Backend backend = open();
                    var out =
                            new java.io.PrintStream(
                                    new java.io.FileOutputStream(java.io.FileDescriptor.out),
                                    true,
                                    StandardCharsets.US_ASCII)) {
                SvaProcess first = backend.processes().spawn("first");
                long page = first.mmap(MapRequest.anonymous(PAGE));
                QueueHandle queue = started(backend, first);
                out.println(fill(queue, page, 1));
                for (int round = 0; round < 2; round++) {
                    List<SvaProcess> all = new ArrayList<>();
                    Errno refused = null;
                    while (refused == null && all.size() < 1000) {
                        try {
                            SvaProcess process = backend.processes().spawn("one of many");
                            all.add(process);
                            started(backend, process);
                        } catch (ErrnoException e) {
                            refused = e.errno();
                        }
                    }
                    out.println(refused);
                    out.println(fill(queue, page, 2));
                    all.forEach(SvaProcess::close);
                }
                out.println(backend.introspection().orElseThrow().resources().get("processes"));
            }
        }
    }

    @Test
    void whenThisSideHasNoDescriptorsLeftItRefusesAndGoesOn() throws Exception {
        Process poor;
        try {
            poor =
                    new ProcessBuilder(
                                    "prlimit",
                                    "--nofile=120:120",
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-Dguice_bytecode_gen_option=DISABLED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    Poor.class.getName())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException e) {
            assumeTrue(false, "no prlimit here: " + e.getMessage());
            throw e;
        }
        try {
            String said =
                    new String(poor.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertTrue(poor.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
            assertEquals(
                    List.of("SUCCESS", "EMFILE", "SUCCESS", "EMFILE", "SUCCESS", "1"),
                    said.lines().toList());
        } finally {
            poor.destroyForcibly();
        }
    }
}
