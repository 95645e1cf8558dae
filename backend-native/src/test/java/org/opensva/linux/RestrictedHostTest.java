package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.doctor.Doctor;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/** What a container or a policy takes away is found out, told, and done without. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class RestrictedHostTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** {@code include/uapi/linux/fs.h}. */
    private static final long PROCMAP_QUERY = 0xc068_6611L;

    /** What runs in a thread that has given rights up for good. */
    private interface Body {
        void run() throws Exception;
    }

    private static void restricted(List<SystemCall> calls, List<Long> requests, Body body)
            throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<Boolean> filtered = new AtomicReference<>(false);
        Thread thread =
                Thread.ofPlatform()
                        .name("restricted")
                        .start(() -> {
                            try {
                                filtered.set(SeccompFilter.refuse(calls, requests));
                                if (filtered.get()) {
                                    body.run();
                                }
                            } catch (Throwable e) {
                                failure.set(e);
                            }
                        });
        thread.join();
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        assumeTrue(filtered.get(), "no seccomp filters here");
    }

    private static Map<String, DiagnosticStep> steps() {
        Map<String, DiagnosticStep> steps = new TreeMap<>();
        new Doctor().diagnose("native:host").steps().forEach(step -> steps.put(step.name(), step));
        return steps;
    }

    private static void deviceAndProcessShareMemory(Backend backend) {
        try (SvaProcess process = backend.processes().spawn("owner")) {
            long page = process.mmap(MapRequest.anonymous(process.pageSize()));
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            assertEquals(JobStatus.SUCCESS, queue.run(Job.fill(page, 8, 42), LIMIT).status());
            assertEquals(42, process.loadLong(page));
            process.mprotect(page, process.pageSize(), Protection.READ);
            assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.fill(page, 8, 43), LIMIT).status());
            assertEquals(42, process.loadLong(page));
            process.munmap(page, process.pageSize());
            assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.fill(page, 8, 44), LIMIT).status());
        }
    }

    private static Backend open() {
        return BackendCatalog.of(List.of(new NativeBackendProvider()))
                .open("native:host", Map.of(), OpenTelemetry.noop());
    }

    @Test
    void aFilterThatForbidsReachingOthersLeavesTheDescriptorsThatProcessesPass() throws Exception {
        restricted(
                List.of(
                        SystemCall.USERFAULTFD,
                        SystemCall.PROCESS_VM_READV,
                        SystemCall.PROCESS_VM_WRITEV,
                        SystemCall.PIDFD_GETFD),
                List.of(),
                () -> {
                    Map<String, DiagnosticStep> steps = steps();
                    DiagnosticStep reach = steps.get("process-vm");
                    assertEquals(DiagnosticStep.Outcome.DEGRADED, reach.outcome());
                    assertTrue(reach.finding().contains("EPERM"), reach.line());
                    DiagnosticStep call = steps.get("userfaultfd");
                    assertTrue(call.finding().contains("is refused: EPERM"), call.line());
                    try (Backend backend = open()) {
                        Map<String, String> said = backend.descriptor().properties();
                        assertEquals("proc-mem", said.get("transfers"));
                        assertEquals(reach.line(), said.get("host.process-vm"));
                        deviceAndProcessShareMemory(backend);
                    }
                });
    }

    @Test
    void withoutAnyUserfaultfdDevicesCacheNothing() throws Exception {
        restricted(
                List.of(SystemCall.USERFAULTFD),
                List.of(Userfaultfd.IOCTL_NEW, PROCMAP_QUERY),
                () -> {
                    Map<String, DiagnosticStep> steps = steps();
                    DiagnosticStep events = steps.get("events");
                    assertEquals(DiagnosticStep.Outcome.DEGRADED, events.outcome());
                    assertEquals(
                            DiagnosticStep.Outcome.DEGRADED,
                            steps.get("mapping-queries").outcome());
                    assertNull(steps.get("event-delivery"), "there is nothing to deliver");
                    try (Backend backend = open()) {
                        assertFalse(backend.descriptor().claims(Capability.ATS));
                        assertEquals("none", backend.descriptor().properties().get("events"));
                        deviceAndProcessShareMemory(backend);
                    }
                });
    }

    @Test
    void withoutPidfdsTheBackendIsNotAvailableAndSaysWhy() throws Exception {
        restricted(
                List.of(SystemCall.PIDFD_OPEN),
                List.of(),
                () -> {
                    NativeBackendProvider provider = new NativeBackendProvider();
                    assertFalse(provider.variants().getFirst().available());
                    String reason = provider.variants().getFirst().reason();
                    assertTrue(reason.startsWith("pidfd: missing: pidfd_open is refused: EPERM"));
                    assertEquals(
                            DiagnosticStep.Outcome.MISSING,
                            provider.diagnose().getFirst().outcome());
                });
    }
}
