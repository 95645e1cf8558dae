package org.opensva.emulated;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.inject.Inject;
import com.google.inject.Module;
import com.google.inject.Singleton;
import com.google.inject.util.Modules;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.emulated.machine.BuddyFrameAllocator;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(120)
class EmulatedBackendTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int PAGE = 4096;

    private final BackendCatalog catalog =
            BackendCatalog.load(EmulatedBackendTest.class.getClassLoader());

    private Backend open(String variant) {
        return catalog.open("emulated:" + variant, Map.of(), OpenTelemetry.noop());
    }

    private static QueueHandle started(Accelerator accelerator, SvaProcess process) {
        QueueHandle queue = accelerator.open(process);
        queue.mapRegion(QueueRegion.MMIO);
        queue.mapRegion(QueueRegion.SHARED);
        queue.start();
        return queue;
    }

    private static long anonymous(SvaProcess process, int pages) {
        long at = process.mmap(MapRequest.anonymous((long) pages * PAGE));
        process.madvise(at, (long) pages * PAGE, Advice.POPULATE_WRITE);
        return at;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "smmuv3",
                "smmuv3-stall",
                "smmuv3-noats",
                "smmuv3-16k",
                "smmuv3-64k",
                "smmuv3-narrow",
                "smmuv3-btm",
                "smmuv3-dual",
                "vtd",
                "vtd-5level",
                "vtd-nopri",
                "vtd-dual"
            })
    void devicesWorkInTheMemoryOfAProcessAndNothingIsLeft(String variant) {
        Backend backend = open(variant);
        Map<String, Long> before = backend.introspection().orElseThrow().resources();
        byte[] data = new byte[10 * PAGE];
        new Random(1).nextBytes(data);
        for (Accelerator accelerator : backend.accelerators()) {
            try (SvaProcess process = backend.processes().spawn("worker");
                    QueueHandle queue = started(accelerator, process)) {
                long at = anonymous(process, 20);
                process.store(at + 5, data, 0, data.length - 5);
                JobResult result =
                        queue.run(Job.copy(at + 5, at + 10 * PAGE, data.length - 5), LIMIT);
                assertEquals(JobStatus.SUCCESS, result.status(), result::toString);
                byte[] copied = process.load(at + 10 * PAGE, data.length - 5);
                assertArrayEquals(java.util.Arrays.copyOf(data, data.length - 5), copied);
                JobResult packed =
                        queue.run(
                                Job.transform(
                                        Operation.GZIP, at, 5 * PAGE, at + 10 * PAGE, 10 * PAGE),
                                LIMIT);
                assertEquals(JobStatus.SUCCESS, packed.status(), packed::toString);
            }
        }
        assertEquals(before, backend.introspection().orElseThrow().resources());
        backend.close();
        backend.close();
        assertTrue(
                backend.introspection().orElseThrow().resources().values().stream()
                        .allMatch(use -> use == 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "smmuv3-stall", "vtd", "vtd-5level"})
    void absentPagesAreServed(String variant) {
        try (Backend backend = open(variant)) {
            SvaProcess process = backend.processes().spawn("worker");
            QueueHandle queue = started(backend.accelerators().getFirst(), process);
            long at = process.mmap(MapRequest.anonymous(64L * PAGE));
            process.storeLong(at, 42);
            JobResult result = queue.run(Job.copy(at, at + 32L * PAGE, 32L * PAGE), LIMIT);
            assertEquals(JobStatus.SUCCESS, result.status(), result::toString);
            assertEquals(42, process.loadLong(at + 32L * PAGE));
            process.madvise(at, 64L * PAGE, Advice.PAGEOUT);
            result = queue.run(Job.copy(at + 32L * PAGE, at + 8, 8), LIMIT);
            assertEquals(JobStatus.SUCCESS, result.status(), result::toString);
            assertEquals(42, process.loadLong(at + 8));
            assertTrue(
                    backend.introspection().orElseThrow().count(HardwareCounter.PAGE_REQUESTS) > 0);
        }
    }

    @Test
    void withoutFaultServiceAnAbsentPageIsAnErrorOfTheJob() {
        try (Backend backend = open("smmuv3-noats")) {
            assertFalse(backend.descriptor().claims(Capability.DEMAND_PAGING));
            SvaProcess process = backend.processes().spawn("worker");
            QueueHandle queue = started(backend.accelerators().getFirst(), process);
            long at = process.mmap(MapRequest.anonymous(PAGE));
            JobResult result = queue.run(Job.fill(at, 8, 1), LIMIT);
            assertEquals(JobStatus.PAGE_FAULT, result.status());
            assertEquals(at, result.faultAddress());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "smmuv3",
                "smmuv3-stall",
                "smmuv3-noats",
                "smmuv3-16k",
                "smmuv3-64k",
                "smmuv3-narrow",
                "smmuv3-btm",
                "smmuv3-dual",
                "vtd",
                "vtd-5level",
                "vtd-nopri",
                "vtd-dual"
            })
    void anUnmappedOrNarrowedPageIsOutOfReachWhenTheCallReturns(String variant) {
        try (Backend backend = open(variant)) {
            int page = backend.processes().pageSize();
            SvaProcess process = backend.processes().spawn("worker");
            QueueHandle queue = started(backend.accelerators().getFirst(), process);
            int fd = process.createSharedMemory(2 * page);
            long seen = process.mmap(MapRequest.sharedFile(fd, 0, 2 * page));
            long used = process.mmap(MapRequest.sharedFile(fd, 0, 2 * page));
            process.madvise(used, 2 * page, Advice.POPULATE_WRITE);
            assertTrue(queue.run(Job.fill(used, 2 * page, 7), LIMIT).succeeded());
            assertEquals(7, process.loadLong(seen));
            process.mprotect(used, page, Protection.READ);
            process.munmap(used + page, page);
            assertEquals(JobStatus.PAGE_FAULT, queue.run(Job.fill(used, 8, 9), LIMIT).status());
            assertEquals(
                    JobStatus.PAGE_FAULT, queue.run(Job.fill(used + page, 8, 9), LIMIT).status());
            assertEquals(7, process.loadLong(seen));
            assertEquals(7, process.loadLong(seen + page));
            assertTrue(queue.run(Job.crc32c(used, page), LIMIT).succeeded());
        }
    }

    @Test
    void aDeviceOfTheParentNeverWritesIntoTheChild() {
        try (Backend backend = open("smmuv3")) {
            SvaProcess process = backend.processes().spawn("worker");
            QueueHandle queue = started(backend.accelerators().getFirst(), process);
            long at = anonymous(process, 2);
            assertTrue(queue.run(Job.fill(at, 2 * PAGE, 1), LIMIT).succeeded());
            try (SvaProcess child = process.fork()) {
                assertTrue(queue.run(Job.fill(at, 2 * PAGE, 2), LIMIT).succeeded());
                assertEquals(1, child.loadLong(at));
                assertEquals(2, process.loadLong(at));
                ErrnoException refused =
                        assertThrows(
                                ErrnoException.class,
                                () -> queue.inheritedBy(child).submit(Job.nop()));
                assertEquals(Errno.EPERM, refused.errno());
                QueueHandle own = started(backend.accelerators().getFirst(), child);
                assertNotEquals(queue.pasid(), own.pasid());
                assertTrue(own.run(Job.fill(at, 8, 3), LIMIT).succeeded());
                assertEquals(3, child.loadLong(at));
                assertEquals(2, process.loadLong(at));
            }
        }
    }

    @Test
    void aKilledProcessTakesItsJobsAlong() {
        try (Backend backend = open("smmuv3")) {
            Map<String, Long> before = backend.introspection().orElseThrow().resources();
            for (int i = 0; i < 20; i++) {
                SvaProcess process = backend.processes().spawn("victim");
                QueueHandle queue = started(backend.accelerators().get(i % 2), process);
                long at = anonymous(process, 64);
                for (int j = 0; j < 8; j++) {
                    queue.submit(Job.copy(at, at + 32L * PAGE, 32L * PAGE));
                }
                process.kill(Signal.SIGKILL);
                assertTrue(process.awaitTermination(LIMIT));
                process.close();
            }
            assertEquals(before, backend.introspection().orElseThrow().resources());
        }
    }

    @Test
    void aRemovedDeviceLeavesTheOtherAlone() {
        try (Backend backend = open("smmuv3")) {
            SvaProcess process = backend.processes().spawn("worker");
            QueueHandle first = started(backend.accelerators().getFirst(), process);
            QueueHandle second = started(backend.accelerators().getLast(), process);
            long at = anonymous(process, 1);
            backend.accelerators().getFirst().remove();
            assertThrows(ErrnoException.class, () -> first.run(Job.nop(), LIMIT));
            assertTrue(second.run(Job.fill(at, 8, 5), LIMIT).succeeded());
            process.munmap(at, PAGE);
            first.close();
            second.close();
        }
    }

    @Test
    void wrongOptionsAndVariantsGetOneLine() {
        for (Map<String, String> options :
                List.of(
                        Map.of("memory", "lots"),
                        Map.of("memory", "-1G"),
                        Map.of("memory", "999999T"),
                        Map.of("memory", ""),
                        Map.of("memory", "4K"),
                        Map.of("atc-entries", "3"),
                        Map.of("atc-entries", "x"),
                        Map.of("iotlb-entries", "2"),
                        Map.of("walk-cache-entries", "5"),
                        Map.of("queues", "0"),
                        Map.of("foreign-handles", "maybe"),
                        Map.of("timeout-factor", "0.5"),
                        Map.of("timeout-factor", "1001"),
                        Map.of("timeout-factor", "NaN"),
                        Map.of("timeout-factor", "long"),
                        Map.of("nonsense", "1"))) {
            BackendException refused =
                    assertThrows(
                            BackendException.class,
                            () -> catalog.open("emulated", options, OpenTelemetry.noop()),
                            options::toString);
            assertFalse(refused.getMessage().contains("\n"));
        }
        assertThrows(
                BackendException.class,
                () -> catalog.open("emulated:toaster", Map.of(), OpenTelemetry.noop()));
    }

    @Test
    void optionsTakeEffect() {
        try (Backend backend =
                catalog.open(
                        "emulated",
                        Map.of("foreign-handles", "opener", "queues", "3", "memory", "64m"),
                        OpenTelemetry.noop())) {
            assertEquals(ForeignHandlePolicy.OPENER, backend.descriptor().foreignHandles());
            assertEquals(3, backend.accelerators().getFirst().availableInstances());
            assertEquals("67108864", backend.descriptor().properties().get("memory"));
            assertEquals("emulated:smmuv3", backend.descriptor().qualifiedName());
        }
    }

    @Test
    void aLayerCanStandBeforeTheOriginalOne() {
        AtomicInteger binds = new AtomicInteger();
        AtomicInteger endpoints = new AtomicInteger();
        Module module =
                Modules.override(catalog.module("emulated", Map.of()))
                        .with(binder -> {
                            binder.bind(AtomicInteger.class).toInstance(binds);
                            binder.bind(SvaBinder.class).to(CountingBinder.class);
                            binder.bind(CountingBinder.class);
                            binder.bind(EndpointFactory.class)
                                    .toInstance((config, agent) -> {
                                        endpoints.incrementAndGet();
                                        Endpoint endpoint =
                                                new AtsEndpointFactory().create(config, agent);
                                        return endpoint;
                                    });
                        });
        try (Backend backend = BackendCatalog.open(module, "test", OpenTelemetry.noop())) {
            backend.accelerators().getFirst().open(backend.processes().spawn("worker")).close();
            assertEquals(1, binds.get());
            assertEquals(2, endpoints.get());
        }
    }

    /** A decorator that asks Guice for the original. */
    static final class CountingBinder implements SvaBinder {
        private final SvaCore original;
        private final AtomicInteger count;

        @Inject
        CountingBinder(SvaCore original, AtomicInteger count) {
            this.original = original;
            this.count = count;
        }

        @Override
        public org.opensva.api.iommu.SvaBond bind(
                org.opensva.api.iommu.DeviceFunction function,
                org.opensva.api.process.AddressSpace addressSpace) {
            count.incrementAndGet();
            return original.bind(function, addressSpace);
        }
    }

    @Test
    void aMachineThatFailsToStartLeavesNoThread() throws InterruptedException {
        Module module =
                Modules.override(catalog.module("emulated", Map.of()))
                        .with(binder ->
                                binder.bind(EndpointFactory.class)
                                        .toInstance((config, agent) -> {
                                            throw new IllegalStateException("no such endpoint");
                                        }));
        List<Thread> before = threads();
        assertThrows(
                BackendException.class,
                () -> BackendCatalog.open(module, "test", OpenTelemetry.noop()));
        List<Thread> after = new java.util.ArrayList<>(threads());
        after.removeAll(before);
        assertEquals(List.of(), after);
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("opensva"))
                .toList();
    }

    @Test
    void everyFrameComesBackWhenTheMachineIsClosed() {
        AtomicReference<FrameAllocator> frames = new AtomicReference<>();
        Module module =
                Modules.override(catalog.module("emulated", Map.of()))
                        .with(binder ->
                                binder.bind(FrameAllocator.class)
                                        .toProvider(
                                                new com.google.inject.Provider<>() {
                                                    @Inject BuddyFrameAllocator original;
                                                    @Inject PhysicalMemory memory;

                                                    @Override
                                                    public FrameAllocator get() {
                                                        frames.set(original);
                                                        return original;
                                                    }
                                                }));
        try (Backend backend = BackendCatalog.open(module, "test", OpenTelemetry.noop())) {
            SvaProcess process = backend.processes().spawn("left running");
            QueueHandle queue = started(backend.accelerators().getFirst(), process);
            long at = process.mmap(MapRequest.anonymous(1 << 20));
            queue.submit(Job.fill(at, 1 << 20, 3));
            SvaProcess child = process.fork();
            child.storeLong(at, 1);
            started(backend.accelerators().getLast(), child);
        }
        assertEquals(0, frames.get().allocatedFrames());
    }

    /** A driver that has state of its own, before the one of the machine. */
    static final class ClosedDriver implements com.google.inject.Provider<IommuDriver> {
        @Inject SmmuV3Driver original;
        @Inject AtomicInteger closed;

        @Override
        public IommuDriver get() {
            InvocationHandler calls =
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("close")) {
                            closed.incrementAndGet();
                        }
                        return method.invoke(original, arguments);
                    };
            return (IommuDriver)
                    Proxy.newProxyInstance(
                            IommuDriver.class.getClassLoader(),
                            new Class<?>[] {IommuDriver.class},
                            calls);
        }
    }

    @Test
    void aDriverThatTakesThePlaceIsClosedWithTheMachine() {
        AtomicInteger closed = new AtomicInteger();
        Module module =
                Modules.override(catalog.module("emulated", Map.of()))
                        .with(binder -> {
                            binder.bind(AtomicInteger.class).toInstance(closed);
                            binder.bind(IommuDriver.class)
                                    .toProvider(ClosedDriver.class)
                                    .in(Singleton.class);
                            binder.bind(ClosedDriver.class);
                        });
        try (Backend backend = BackendCatalog.open(module, "test", OpenTelemetry.noop())) {
            backend.accelerators().getFirst().open(backend.processes().spawn("worker")).close();
            assertEquals(0, closed.get());
        }
        assertEquals(1, closed.get());
    }

    @Test
    void theDriverIsNotStartedIfAnotherOneTakesItsPlace() {
        Module module =
                Modules.override(catalog.module("emulated", Map.of()))
                        .with(binder ->
                                binder.bind(IommuDriver.class)
                                        .toProvider(() -> {
                                            throw new IllegalStateException("another driver");
                                        }));
        BackendException refused =
                assertThrows(
                        BackendException.class,
                        () -> BackendCatalog.open(module, "test", OpenTelemetry.noop()));
        assertTrue(refused.getMessage().contains("another driver"), refused.getMessage());
    }
}
