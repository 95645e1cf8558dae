package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.util.Modules;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Capability;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;
import org.opensva.uacce.queue.SharedPage;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Devices in the memory of real processes. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class HostBackendTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static BackendCatalog catalog() {
        return BackendCatalog.of(List.of(new NativeBackendProvider()));
    }

    private static Backend open(Map<String, String> options) {
        return catalog().open("native:host", options, OpenTelemetry.noop());
    }

    private static QueueHandle started(Backend backend, int device, SvaProcess process) {
        QueueHandle queue = backend.accelerators().get(device).open(process);
        queue.start();
        return queue;
    }

    private static JobResult write(QueueHandle queue, long address, long value) {
        return queue.run(Job.fill(address, 8, value), LIMIT);
    }

    private static long shared(SvaProcess process, int fd) {
        return process.mmap(MapRequest.sharedFile(fd, 0, process.pageSize()));
    }

    @Test
    void aDeviceWritesWhereTheProcessReads() {
        try (Backend backend = open(Map.of());
                SvaProcess process = backend.processes().spawn("owner")) {
            long page = process.mmap(MapRequest.anonymous(process.pageSize()));
            QueueHandle queue = started(backend, 0, process);
            assertEquals(JobStatus.SUCCESS, write(queue, page, 42).status());
            assertEquals(42, process.loadLong(page));
            process.mprotect(page, process.pageSize(), Protection.READ);
            JobResult refused = write(queue, page, 43);
            assertEquals(JobStatus.PAGE_FAULT, refused.status());
            assertEquals(page, refused.faultAddress());
            assertEquals(42, process.loadLong(page));
        }
    }

    @Test
    void aTranslationThatWasUsedIsCachedUntilMunmap() {
        try (Backend backend = open(Map.of());
                SvaProcess process = backend.processes().spawn("owner")) {
            if (!backend.descriptor().claims(Capability.ATS)) {
                return;
            }
            long page = shared(process, process.createSharedMemory(process.pageSize()));
            QueueHandle queue = started(backend, 0, process);
            write(queue, page, 1);
            long hits = backend.introspection().orElseThrow().count(HardwareCounter.ATC_HITS);
            write(queue, page, 2);
            assertTrue(
                    backend.introspection().orElseThrow().count(HardwareCounter.ATC_HITS) > hits);
            process.munmap(page, process.pageSize());
            assertEquals(JobStatus.PAGE_FAULT, write(queue, page, 3).status());
        }
    }

    /** The other mapping of the same page stops changing when munmap returns. */
    private static boolean changesAfterMunmap(Backend backend, int rounds) throws Exception {
        try (SvaProcess process = backend.processes().spawn("owner")) {
            int fd = process.createSharedMemory(process.pageSize());
            long alias = shared(process, fd);
            QueueHandle queue = started(backend, 0, process);
            boolean late = false;
            for (int round = 0; round < rounds; round++) {
                long page = shared(process, fd);
                write(queue, page, 1);
                AtomicBoolean over = new AtomicBoolean();
                int salt = round << 16;
                Thread device =
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int i = 1; i < 2000 && !over.get(); i++) {
                                        write(queue, page, salt + i);
                                    }
                                });
                process.loadLong(alias);
                process.munmap(page, process.pageSize());
                long value = process.loadLong(alias);
                for (int i = 0; i < 20; i++) {
                    late |= process.loadLong(alias) != value;
                }
                late |= write(queue, page, -1).succeeded();
                over.set(true);
                device.join();
            }
            return late;
        }
    }

    @Test
    void noWriteArrivesAfterMunmapHasReturned() throws Exception {
        for (Map<String, String> options :
                List.of(
                        Map.<String, String>of(),
                        Map.of("windows", "off"),
                        Map.of("events", "off"),
                        Map.of("transfers", "proc-mem"))) {
            try (Backend backend = open(options)) {
                assertFalse(changesAfterMunmap(backend, 20), options.toString());
            }
        }
    }

    /** Without the invalidation the same test fails: the cache holds something real. */
    @Test
    void aDeviceThatKeepsItsTranslationsWritesToMemoryThatIsNotMappedAnyMore() throws Exception {
        Module broken =
                Modules.override(catalog().module("native:host", Map.of()))
                        .with(
                                new AbstractModule() {
                                    @Override
                                    protected void configure() {
                                        bind(EndpointFactory.class)
                                                .toInstance(
                                                        new AtsEndpointFactory(
                                                                EndpointQuirks.of(
                                                                        EndpointQuirk
                                                                                .KEEPS_ENTRIES)));
                                    }
                                });
        try (Backend backend = BackendCatalog.open(broken, "broken", OpenTelemetry.noop())) {
            if (backend.descriptor().claims(Capability.ATS)) {
                assertTrue(changesAfterMunmap(backend, 20));
            }
        }
    }

    @Test
    void execLeavesTheOldMemoryUnreachable() {
        try (Backend backend = open(Map.of());
                SvaProcess process = backend.processes().spawn("owner");
                SvaProcess keeper = process.fork()) {
            long page = process.mmap(MapRequest.anonymous(process.pageSize()));
            QueueHandle queue = started(backend, 0, process);
            assertTrue(write(queue, page, 1).succeeded());
            long before = process.addressSpace().id();
            process.exec();
            assertNotEquals(before, process.addressSpace().id());
            long again = process.mmap(MapRequest.anonymous(process.pageSize()).at(page));
            assertEquals(page, again);
            assertThrows(ErrnoException.class, () -> write(queue, page, 2));
            assertEquals(0, process.loadLong(page));
            assertTrue(keeper.isAlive());
        }
    }

    @Test
    void registersAreReachedByLoadsThatTrapAndNotByChildren() {
        try (Backend backend = open(Map.of());
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            long shared = queue.mapRegion(QueueRegion.SHARED);
            process.storeLong(shared + SharedPage.SUBMISSION_RING, 0x1234);
            assertEquals(0x1234, process.loadLong(shared + SharedPage.SUBMISSION_RING));
            try (SvaProcess child = process.fork()) {
                CpuFaultException fault =
                        assertThrows(
                                CpuFaultException.class,
                                () -> child.loadLong(shared + SharedPage.SUBMISSION_RING));
                assertEquals(Signal.SIGSEGV, fault.signal());
            }
            process.munmap(shared, process.pageSize());
            assertThrows(
                    CpuFaultException.class,
                    () -> process.loadLong(shared + SharedPage.SUBMISSION_RING));
        }
    }

    @Test
    void aProcessWithoutFreeDescriptorsIsRefusedAndGoesOn() {
        try (Backend backend = open(Map.of());
                SvaProcess process = backend.processes().spawn("owner")) {
            long page = process.mmap(MapRequest.anonymous(process.pageSize()));
            int fd = process.createSharedMemory(process.pageSize());
            limitDescriptors(process, fd + 3);
            int last = -1;
            ErrnoException full = null;
            while (full == null) {
                try {
                    last = process.createSharedMemory(process.pageSize());
                } catch (ErrnoException e) {
                    full = e;
                }
            }
            assertEquals(Errno.EMFILE, full.errno());
            ErrnoException refused =
                    assertThrows(
                            ErrnoException.class,
                            () -> backend.accelerators().getFirst().open(process));
            assertEquals(Errno.EMFILE, refused.errno());
            process.storeLong(page, 5);
            assertThrows(ErrnoException.class, process::fork);
            process.closeFile(last);
            process.closeFile(fd);
            QueueHandle queue = started(backend, 0, process);
            assertTrue(write(queue, page, 6).succeeded());
            assertEquals(6, process.loadLong(page));
        }
    }

    /** {@code prlimit(2)} by the program of that name, as nothing here needs it otherwise. */
    private static void limitDescriptors(SvaProcess process, int limit) {
        try {
            Process prlimit =
                    new ProcessBuilder(
                                    "prlimit",
                                    "--pid",
                                    Long.toString(process.pid()),
                                    "--nofile=" + limit + ":" + limit)
                            .inheritIO()
                            .start();
            assertTrue(prlimit.waitFor(10, TimeUnit.SECONDS));
            assertEquals(0, prlimit.exitValue());
        } catch (IOException e) {
            assumeTrue(false, "no prlimit here: " + e.getMessage());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedInOneLine() {
        for (Map<String, String> options :
                List.of(
                        Map.of("events", "maybe"),
                        Map.of("queues", "0"),
                        Map.of("atc-entries", "3"),
                        Map.of("transfers", "carrier-pigeon"),
                        Map.of("foreign-handles", "allow"),
                        Map.of("timeout-factor", "0.5"),
                        Map.of("timeout-factor", "1001"),
                        Map.of("timeout-factor", "NaN"),
                        Map.of("timeout-factor", "long"),
                        Map.of("windows", ""))) {
            BackendException refused =
                    assertThrows(BackendException.class, () -> open(options).close());
            assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        }
    }
}
