package org.opensva.conformance.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.util.Modules;

import io.opentelemetry.api.OpenTelemetry;

import jakarta.inject.Singleton;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.emulated.kernel.sva.SvaCore;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

class SoakTest {

    private static final BackendCatalog CATALOG =
            BackendCatalog.load(SoakTest.class.getClassLoader());

    /** The machine that builds may be busy; what leaks never goes away. */
    private static final Limits LIMITS = new Limits(0.4);

    /** Every so many binds something goes wrong. */
    private static final int EVERY = 8;

    /** Enough that what a few steps may miss, as the threads take turns, is met again and again. */
    private static final int MANY_STEPS = 2_000;

    private static SoakResult soak(int epochs, int steps, Supplier<Backend> machines) {
        return new Soak(
                        new SoakSettings(
                                7, 3, steps, 2, Duration.ofMinutes(5), epochs, new Limits(4)),
                        machines,
                        (machine, epoch, done) -> {})
                .run();
    }

    private static SoakFinding found(Supplier<Backend> machines) {
        return found(120, machines);
    }

    private static SoakFinding found(int steps, Supplier<Backend> machines) {
        SoakResult result =
                new Soak(
                                new SoakSettings(7, 3, steps, 2, Duration.ofMinutes(5), 2, LIMITS),
                                machines,
                                (machine, epoch, done) -> {})
                        .run();
        return result.finding().orElseThrow(() -> new AssertionError("found nothing: " + result));
    }

    private static Supplier<Backend> sound(String variant) {
        return () ->
                CATALOG.open("emulated:" + variant, Map.of("queues", "64"), OpenTelemetry.noop());
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "smmuv3-dual", "vtd-nopri"})
    void aSoundMachineBreaksNothingAndLeavesNothing(String variant) {
        SoakResult result = soak(3, 60, sound(variant));
        assertEquals("", result.finding().map(SoakFinding::summary).orElse(""));
        assertEquals(3, result.epochs());
        assertEquals(2, result.machines());
        assertTrue(result.steps() > 100, () -> result.counts().toString());
    }

    @Test
    void realProcessesBreakNothingAndLeaveNothing() {
        assumeTrue(
                CATALOG.providers().stream()
                        .filter(provider -> provider.name().equals("native"))
                        .anyMatch(provider -> provider.variants().getFirst().available()),
                "no real processes here");
        SoakResult result =
                soak(2, 40, () -> CATALOG.open("native:host", Map.of(), OpenTelemetry.noop()));
        assertEquals("", result.finding().map(SoakFinding::summary).orElse(""));
        assertEquals(2, result.epochs());
    }

    @Test
    void aDescriptorThatAMachineLeavesIsFound() throws IOException {
        Pipe[] pipe = new Pipe[1];
        try {
            assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "no descriptors to look at");
            SoakFinding finding =
                    found(() -> {
                        try {
                            pipe[0] = pipe[0] == null ? Pipe.open() : pipe[0];
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                        return sound("smmuv3").get();
                    });
            assertTrue(finding.what().contains("2 more pipes"), finding::summary);
        } finally {
            if (pipe[0] != null) {
                pipe[0].source().close();
                pipe[0].sink().close();
            }
        }
    }

    /** Something that happens at some of the binds. */
    private abstract static class Broken implements Supplier<Backend> {
        private final AtomicInteger binds = new AtomicInteger();

        /** Binds in a broken way. */
        abstract SvaBond broken(SvaCore core, DeviceFunction device, AddressSpace space);

        @Override
        public Backend get() {
            Module machine = CATALOG.module("emulated:smmuv3", Map.of());
            return BackendCatalog.open(
                    Modules.override(machine).with(new Layers()), "broken", OpenTelemetry.noop());
        }

        private final class Layers extends AbstractModule {
            @Provides
            @Singleton
            SvaBinder binder(SvaCore core) {
                return (device, space) ->
                        binds.incrementAndGet() % EVERY == 0
                                ? broken(core, device, space)
                                : core.bind(device, space);
            }
        }
    }

    @Test
    void aBondThatNobodyEndsIsFoundWithItsPasid() {
        SoakFinding finding =
                found(
                        new Broken() {
                            @Override
                            SvaBond broken(
                                    SvaCore core, DeviceFunction device, AddressSpace space) {
                                SvaBond sound = core.bind(device, space);
                                return new SvaBond() {
                                    @Override
                                    public Pasid pasid() {
                                        return sound.pasid();
                                    }

                                    @Override
                                    public AddressSpace addressSpace() {
                                        return sound.addressSpace();
                                    }

                                    @Override
                                    public void close() {}
                                };
                            }
                        });
        assertEquals(1, finding.epoch());
        assertTrue(finding.what().contains("more bonds"), finding::summary);
        assertTrue(finding.what().contains("more pasids"), finding::summary);
        assertTrue(finding.during().contains("queues opened"), finding::summary);
    }

    @Test
    void aFrameThatIsHeldForEverIsFound() {
        SoakFinding finding =
                found(
                        new Broken() {
                            @Override
                            SvaBond broken(
                                    SvaCore core, DeviceFunction device, AddressSpace space) {
                                space.hold();
                                return core.bind(device, space);
                            }
                        });
        assertEquals(1, finding.epoch());
        assertTrue(finding.what().contains("more page-tables"), finding::summary);
        assertTrue(finding.what().contains("more address-spaces"), finding::summary);
    }

    @Test
    void aThreadThatOutlivesItsMachineIsFoundWithItsEpoch() {
        CountDownLatch over = new CountDownLatch(1);
        try {
            SoakFinding finding =
                    found(
                            new Broken() {
                                @Override
                                SvaBond broken(
                                        SvaCore core, DeviceFunction device, AddressSpace space) {
                                    Thread.ofPlatform()
                                            .daemon()
                                            .name("forgotten")
                                            .start(() -> {
                                                try {
                                                    over.await();
                                                } catch (InterruptedException e) {
                                                    Thread.currentThread().interrupt();
                                                }
                                            });
                                    return core.bind(device, space);
                                }
                            });
            assertEquals(0, finding.epoch());
            assertTrue(finding.what().contains("forgotten"), finding::summary);
            assertTrue(finding.what().contains("since epoch 1"), finding::summary);
        } finally {
            over.countDown();
        }
    }

    @Test
    void aThreadThatTheProgramBeginsMeanwhileIsNotTheMachines() throws InterruptedException {
        CountDownLatch opened = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        // As the server of a page of metrics, whose first visitor comes during the soak.
        Thread server =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            await(opened);
                            Thread.ofPlatform().daemon().name("worker").start(() -> await(over));
                            begun.countDown();
                        });
        try {
            SoakResult result =
                    soak(
                            2,
                            20,
                            () -> {
                                Backend machine = sound("smmuv3").get();
                                opened.countDown();
                                await(begun);
                                return machine;
                            });
            assertEquals("", result.finding().map(SoakFinding::summary).orElse(""));
        } finally {
            over.countDown();
            server.join();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aProcessThatIsBoundToTheMemoryOfAnotherIsFound() {
        SoakFinding finding =
                found(
                        MANY_STEPS,
                        new Broken() {
                            private volatile AddressSpace other;

                            @Override
                            SvaBond broken(
                                    SvaCore core, DeviceFunction device, AddressSpace space) {
                                AddressSpace foreign = other;
                                other = space;
                                return core.bind(
                                        device,
                                        foreign != null && foreign.isAlive() ? foreign : space);
                            }
                        });
        assertTrue(finding.epoch() > 0, finding::summary);
        assertTrue(finding.summary().startsWith("machine 1, epoch "), finding::summary);
    }

    @Test
    void settingsThatMakeNoSenseAreRefused() {
        for (int threads : new int[] {0, 65}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new SoakSettings(1, threads, 1, 1, Duration.ZERO, 1, Limits.NORMAL));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> new SoakSettings(1, 1, 0, 1, Duration.ZERO, 1, Limits.NORMAL));
        assertThrows(
                IllegalArgumentException.class,
                () -> new SoakSettings(1, 1, 1, 1, Duration.ofNanos(-1), 1, Limits.NORMAL));
    }
}
