package org.opensva.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Provides;
import com.google.inject.Stage;
import com.google.inject.util.Modules;
import com.sun.management.ThreadMXBean;

import io.opentelemetry.api.OpenTelemetry;

import jakarta.inject.Singleton;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEventSink;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one operation costs does not depend on how much else there is: counted in bytes allocated
 * and in things that hardware and driver do, never in time.
 */
class ScaleTest {

    private static final int PAGE = 4096;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A machine whose events are counted. */
    private static final class Counted implements AutoCloseable {
        private final AtomicLong events = new AtomicLong();
        private final Injector machine;
        private final Backend backend;
        private final SvaBinder binder;

        Counted(String variant) {
            machine =
                    Guice.createInjector(
                            Stage.PRODUCTION,
                            binder ->
                                    binder.bind(OpenTelemetry.class)
                                            .toInstance(OpenTelemetry.noop()),
                            Modules.override(
                                            BackendCatalog.of(
                                                            List.of(new EmulatedBackendProvider()))
                                                    .module("emulated:" + variant, Map.of()))
                                    .with(
                                            new AbstractModule() {
                                                @Provides
                                                @Singleton
                                                HardwareEventSink sink() {
                                                    return (kind,
                                                            requester,
                                                            pasid,
                                                            address,
                                                            length) -> events.incrementAndGet();
                                                }
                                            }));
            backend = machine.getInstance(Backend.class);
            binder = machine.getInstance(SvaBinder.class);
        }

        SvaProcess spawn() {
            return backend.processes().spawn("one of many");
        }

        Endpoint device(int number) {
            return machine.getInstance(EndpointFactory.class)
                    .create(
                            new EndpointConfig(
                                    "dma-" + (100 + number),
                                    RequesterId.of(0x40 + (number >> 5), number & 31, 0),
                                    20,
                                    true,
                                    true,
                                    false,
                                    64,
                                    32,
                                    32),
                            machine.getInstance(TranslationAgent.class));
        }

        @Override
        public void close() {
            backend.close();
        }
    }

    /** What some operations cost one thread. */
    private record Cost(long bytes, long events) {

        static Cost of(Counted machine, int times, Runnable operation) {
            // What is made once, and what the compiler makes, is made before.
            for (int i = 0; i < times; i++) {
                operation.run();
            }
            long events = machine.events.get();
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < times; i++) {
                operation.run();
            }
            return new Cost(
                    (THREADS.getCurrentThreadAllocatedBytes() - bytes) / times,
                    (machine.events.get() - events) / times);
        }

        /** Nothing that grows with ten times as much around it is this close. */
        void mustBeLike(Cost few, String what) {
            assertEquals(few.events, events, what);
            assertTrue(
                    bytes <= few.bytes + few.bytes / 2 + 512,
                    () -> "%s: %d bytes, and %d with few".formatted(what, bytes, few.bytes));
        }
    }

    private static void cycle(Counted machine, Endpoint device) {
        try (SvaProcess process = machine.spawn();
                SvaBond bond = machine.binder.bind(device, process.addressSpace())) {
            touch(process);
            assertTrue(bond.pasid().value() > 0);
        }
    }

    private static void touch(SvaProcess process) {
        long at = process.mmap(MapRequest.anonymous(PAGE));
        process.storeLong(at, 1);
        process.munmap(at, PAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "vtd"})
    void manyBoundProcessesMakeNothingDearer(String variant) {
        try (Counted machine = new Counted(variant)) {
            Endpoint device = machine.device(0);
            List<SvaProcess> all = new ArrayList<>();
            List<Cost> few = new ArrayList<>();
            for (int many : new int[] {20, 2000}) {
                while (all.size() < many) {
                    SvaProcess process = machine.spawn();
                    all.add(process);
                    machine.binder.bind(device, process.addressSpace());
                }
                SvaProcess any = all.get(many / 2);
                SvaProcess unbound = machine.spawn();
                List<Cost> costs =
                        List.of(
                                Cost.of(machine, 20, () -> cycle(machine, device)),
                                Cost.of(machine, 100, () -> touch(any)),
                                Cost.of(
                                        machine,
                                        50,
                                        () ->
                                                machine.binder
                                                        .bind(device, unbound.addressSpace())
                                                        .close()));
                if (few.isEmpty()) {
                    few.addAll(costs);
                }
                costs.get(0).mustBeLike(few.get(0), "the life of a process among " + many);
                costs.get(1).mustBeLike(few.get(1), "an unmapping among " + many);
                costs.get(2).mustBeLike(few.get(2), "a bind among " + many);
            }
        }
    }

    @Test
    void manyDevicesMakeNothingDearerForAProcessThatIsBoundToOne() {
        try (Counted machine = new Counted("smmuv3")) {
            SvaProcess process = machine.spawn();
            SvaProcess crowd = machine.spawn();
            List<Endpoint> devices = new ArrayList<>();
            List<Cost> few = new ArrayList<>();
            for (int many : new int[] {4, 300}) {
                while (devices.size() < many) {
                    Endpoint device = machine.device(devices.size());
                    devices.add(device);
                    machine.binder.bind(device, crowd.addressSpace());
                }
                Endpoint any = devices.get(many / 2);
                List<Cost> costs =
                        List.of(
                                Cost.of(
                                        machine,
                                        50,
                                        () ->
                                                machine.binder
                                                        .bind(any, process.addressSpace())
                                                        .close()),
                                Cost.of(machine, 100, () -> touch(process)));
                if (few.isEmpty()) {
                    few.addAll(costs);
                }
                costs.get(0).mustBeLike(few.get(0), "a bind among " + many + " devices");
                costs.get(1).mustBeLike(few.get(1), "an unmapping among " + many + " devices");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "smmuv3-64k", "vtd"})
    void aDeviceUsesATebibyteOfWhichOnlyTheTouchedPagesCost(String variant) {
        try (Counted machine = new Counted(variant)) {
            SvaProcess process = machine.spawn();
            Endpoint device = machine.device(0);
            long length = 1L << 40;
            long at = process.mmap(MapRequest.anonymous(length));
            Random random = new Random(3);
            byte[] bytes = new byte[8];
            int touched = 64;
            try (SvaBond bond = machine.binder.bind(device, process.addressSpace())) {
                int pasid = bond.pasid().value();
                for (int i = 0; i < touched; i++) {
                    long page = at + (random.nextLong() & length - 1 & -(1L << 16));
                    bytes[0] = (byte) i;
                    long done = device.write(pasid, Access.WRITE, page, bytes, 0, 8);
                    assertTrue(DmaResult.isComplete(done), () -> DmaResult.describe(done));
                    assertEquals(i, process.loadLong(page) & 0xff);
                }
                Map<String, Long> use = machine.backend.introspection().orElseThrow().resources();
                assertTrue(use.get("pages") <= touched, use::toString);
                assertTrue(use.get("page-tables") <= 4L * touched + 4, use::toString);
                process.munmap(at, length);
                Map<String, Long> left = machine.backend.introspection().orElseThrow().resources();
                assertEquals(0, left.get("pages"), left::toString);
            }
        }
    }

    @Test
    void pasidsOfALongLifeAreGivenBack() {
        try (Counted machine = new Counted("vtd")) {
            Endpoint device = machine.device(0);
            for (int i = 0; i < 3000; i++) {
                try (SvaProcess process = machine.spawn();
                        SvaBond bond = machine.binder.bind(device, process.addressSpace())) {
                    // They go round: a number rests as long as there are others.
                    assertEquals(i + 1, bond.pasid().value());
                }
            }
            Map<String, Long> use = machine.backend.introspection().orElseThrow().resources();
            assertEquals(0, use.get("pasids"), use::toString);
            assertEquals(0, use.get("address-spaces"), use::toString);
        }
    }
}
