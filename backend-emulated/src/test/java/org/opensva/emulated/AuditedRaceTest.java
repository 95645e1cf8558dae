package org.opensva.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.util.Modules;

import io.opentelemetry.api.OpenTelemetry;

import jakarta.inject.Singleton;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.machine.Processors;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Real threads do to one machine what must never meet, by a seed; after each round no cache holds
 * what the page tables do not allow, and at the end nothing is left. {@code -Daudited.races=1000}
 * makes more rounds.
 */
@Timeout(300)
class AuditedRaceTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int ROUNDS = Integer.getInteger("audited.races", 2);
    private static final int PAGES = 8;

    /** A step of one of the threads of a round. */
    private interface Step {
        void run() throws Exception;
    }

    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    private static Backend open(String variant, Module... parts) {
        BackendCatalog catalog = BackendCatalog.load(AuditedRaceTest.class.getClassLoader());
        Module machine = catalog.module("emulated:" + variant, Map.of("memory", "512M"));
        return BackendCatalog.open(
                Modules.override(machine).with(parts), "races", OpenTelemetry.noop());
    }

    private Thread start(Step step) {
        return Thread.ofPlatform()
                .start(() -> {
                    try {
                        step.run();
                    } catch (ErrnoException | CpuFaultException refused) {
                        // Whoever loses a race is told so.
                        return;
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
    }

    private static void spin(int rounds) {
        for (int i = 0; i < rounds; i++) {
            Thread.onSpinWait();
        }
    }

    private static Introspection look(Backend machine) {
        return machine.introspection().orElseThrow();
    }

    private static List<String> stale(Backend machine) {
        return look(machine).staleTranslations().orElseThrow();
    }

    private static QueueHandle queue(Backend machine, SvaProcess process, int device) {
        List<Accelerator> all = machine.accelerators();
        QueueHandle queue = all.get(device % all.size()).open(process);
        queue.start();
        return queue;
    }

    private static long memory(Backend machine, SvaProcess process) {
        long bytes = (long) PAGES * machine.processes().pageSize();
        long at = process.mmap(MapRequest.anonymous(bytes));
        process.madvise(at, bytes, Advice.POPULATE_WRITE);
        return at;
    }

    private static Job fill(Backend machine, long at, long value) {
        return Job.fill(at, (long) PAGES * machine.processes().pageSize(), value);
    }

    /** What may happen to a process with a device in the midst of its work. */
    private enum Race {
        ATTACH_AND_UNMAP,
        RELEASE_AND_ATTACH,
        FORK_AND_FAULT,
        SHOOT_DOWN_AND_FAULT,
        HUGE_PAGES_AND_PRESSURE
    }

    private void round(Backend machine, Race race, Random random) throws InterruptedException {
        SvaProcess process = machine.processes().spawn("racing");
        long at = memory(machine, process);
        long page = machine.processes().pageSize();
        long bytes = PAGES * page;
        int delay = random.nextInt(2000);
        int device = random.nextInt(2);
        long seed = random.nextLong();
        List<Step> steps = new ArrayList<>();
        switch (race) {
            case ATTACH_AND_UNMAP -> {
                steps.add(() -> use(machine, process, at, device));
                steps.add(() -> use(machine, process, at, device + 1));
                steps.add(() -> {
                    for (int i = 0; i < PAGES; i++) {
                        spin(delay);
                        process.munmap(at + i * page, page);
                    }
                });
            }
            case RELEASE_AND_ATTACH -> {
                steps.add(() -> use(machine, process, at, device));
                steps.add(() -> use(machine, process, at, device + 1));
                steps.add(() -> {
                    spin(delay * 4);
                    process.exit(0);
                });
            }
            case FORK_AND_FAULT -> {
                steps.add(() -> use(machine, process, at, device));
                steps.add(() -> {
                    for (int i = 0; i < 4; i++) {
                        spin(delay);
                        try (SvaProcess child = process.fork()) {
                            child.storeLong(at, i);
                            use(machine, child, at, device + 1);
                        }
                    }
                });
                steps.add(() -> store(process, at, page, seed));
            }
            case SHOOT_DOWN_AND_FAULT -> {
                steps.add(() -> store(process, at, page, seed));
                steps.add(() -> store(process, at, page, seed + 1));
                steps.add(() -> use(machine, process, at, device));
                steps.add(() -> {
                    for (int i = 0; i < PAGES; i++) {
                        spin(delay);
                        process.mprotect(at + i * page, page, Protection.READ);
                        process.madvise(at, bytes, i % 2 == 0 ? Advice.COLD : Advice.DONTNEED);
                        process.mprotect(at + i * page, page, Protection.READ_WRITE);
                    }
                });
            }
            case HUGE_PAGES_AND_PRESSURE -> hugePages(machine, process, steps, random);
        }
        List<Thread> threads = steps.stream().map(this::start).toList();
        for (Thread thread : threads) {
            thread.join();
        }
        assertNull(failure.get(), () -> race + ": a thread failed: " + failure.get());
        assertEquals(List.of(), stale(machine), race::toString);
        process.close();
    }

    /** Two megabytes that are whole, in pieces, moved, merged and swapped while they are used. */
    private void hugePages(Backend machine, SvaProcess process, List<Step> steps, Random random) {
        long page = machine.processes().pageSize();
        long huge = page * (page >> 3);
        if (huge > 1 << 21 || machine.memoryPressure().isEmpty()) {
            return;
        }
        boolean shared = random.nextBoolean();
        int fd = process.createSharedMemory(2 * huge);
        long from =
                process.mmap(
                        shared
                                ? MapRequest.sharedFile(fd, 0, 2 * huge)
                                : MapRequest.anonymous(2 * huge));
        long at = from + huge - 1 & -huge;
        process.madvise(from, 2 * huge, Advice.HUGEPAGE);
        MemoryPressure pressure = machine.memoryPressure().orElseThrow();
        AtomicBoolean over = new AtomicBoolean();
        for (int t = 0; t < 2; t++) {
            long seed = random.nextLong();
            int first = t;
            steps.add(() -> {
                Random choices = new Random(seed);
                try (QueueHandle queue = queue(machine, process, first)) {
                    for (int i = 0; i < 30 && !over.get(); i++) {
                        long target = at + choices.nextInt(512) * page;
                        queue.run(Job.fill(target, page, i), LIMIT);
                        process.storeLong(at + choices.nextInt(512) * page, i);
                    }
                } finally {
                    over.set(true);
                }
            });
        }
        long seed = random.nextLong();
        steps.add(() -> {
            Random choices = new Random(seed);
            List<MemoryPressure.Kind> kinds =
                    List.of(
                            MemoryPressure.Kind.RECLAIM,
                            MemoryPressure.Kind.COLLAPSE,
                            MemoryPressure.Kind.SPLIT,
                            MemoryPressure.Kind.COMPACT,
                            MemoryPressure.Kind.MERGE,
                            MemoryPressure.Kind.MIGRATE);
            while (!over.get()) {
                long begin = at + choices.nextInt(500) * page;
                boolean all = choices.nextInt(4) == 0;
                if (shared) {
                    collapseOrPunch(process, at, huge, fd, (begin - from) & -page, choices);
                }
                pressure.apply(
                        kinds.get(choices.nextInt(kinds.size())),
                        process.addressSpace(),
                        new AddressRange(all ? at : begin, all ? at + huge : begin + 4 * page));
            }
        });
        steps.add(() -> {
            Random choices = new Random(seed + 1);
            while (!over.get()) {
                try (SvaProcess child = process.fork()) {
                    child.storeLong(at + choices.nextInt(512) * page, -1);
                }
            }
        });
    }

    private static void collapseOrPunch(
            SvaProcess process, long at, long huge, int fd, long hole, Random choices) {
        try {
            if (choices.nextBoolean()) {
                process.madvise(at, huge, Advice.COLLAPSE);
            } else {
                process.punchHole(fd, hole, process.pageSize());
            }
        } catch (ErrnoException busy) {
            // A page is on its way elsewhere, or no block is free.
            return;
        }
    }

    /** A device comes, works and goes. */
    private static void use(Backend machine, SvaProcess process, long at, int device) {
        for (int i = 0; i < 3; i++) {
            try (QueueHandle queue = queue(machine, process, device)) {
                queue.run(fill(machine, at, i), LIMIT);
            }
        }
    }

    private static void store(SvaProcess process, long at, long page, long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            try {
                process.storeLong(at + random.nextInt(PAGES) * page, i);
            } catch (CpuFaultException narrowed) {
                spin(50);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "smmuv3-btm", "vtd", "smmuv3-stall"})
    void nothingStaleIsLeftByAnyRace(String variant) throws InterruptedException {
        try (Backend machine = open(variant)) {
            SortedMap<String, Long> before = look(machine).resources();
            for (Race race : Race.values()) {
                for (int i = 0; i < ROUNDS; i++) {
                    round(machine, race, new Random(31L * i + race.ordinal()));
                }
            }
            assertEquals(before, look(machine).resources());
        }
    }

    /** A driver that lets a device in before it hears of changes: attached without the lock. */
    private static final class SubscribesLate extends AbstractModule {
        private final List<Runnable> subscriptions = new ArrayList<>();

        @Provides
        @Singleton
        IommuDriver driver(SmmuV3Driver sound) {
            return (IommuDriver)
                    proxy(
                            IommuDriver.class,
                            sound,
                            Map.of(
                                    "createDomain",
                                    args -> sound.createDomain(deaf((AddressSpace) args[0]))));
        }

        private AddressSpace deaf(AddressSpace space) {
            return (AddressSpace)
                    proxy(
                            AddressSpace.class,
                            space,
                            Map.of(
                                    "subscribe",
                                    args -> {
                                        subscriptions.add(() ->
                                                space.subscribe((AddressSpaceListener) args[0]));
                                        AddressSpace.Subscription none = () -> {};
                                        return none;
                                    }));
        }

        private static Object proxy(
                Class<?> type, Object to, Map<String, Function<Object[], Object>> instead) {
            return Proxy.newProxyInstance(
                    type.getClassLoader(),
                    new Class<?>[] {type},
                    (self, method, args) -> {
                        Function<Object[], Object> other = instead.get(method.getName());
                        try {
                            return other != null ? other.apply(args) : method.invoke(to, args);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }
    }

    private static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }

    @Test
    void anUnmappingThatAnAttachedDriverDoesNotHearOfIsSeen() {
        SubscribesLate late = new SubscribesLate();
        try (Backend machine = open("smmuv3", late)) {
            SvaProcess process = machine.processes().spawn("racing");
            long at = memory(machine, process);
            try (QueueHandle queue = queue(machine, process, 0)) {
                queue.run(fill(machine, at, 1), LIMIT);
                assertEquals(List.of(), stale(machine));
                process.munmap(at, machine.processes().pageSize());
                List<String> found = stale(machine);
                assertEquals(2, found.size(), found::toString);
                assertTrue(found.get(0).startsWith("the IOTLB of iommu-0 has"), found::toString);
                assertTrue(found.get(1).startsWith("the ATC of "), found::toString);
                late.subscriptions.forEach(Runnable::run);
                process.munmap(at, (long) PAGES * machine.processes().pageSize());
                assertTrue(
                        stale(machine).stream().allMatch(line -> line.contains(hex(at))),
                        "it has heard of all that came after");
            }
            process.close();
        }
    }

    /** Processors of which one is not reached. */
    private static final class OneForgetsNothing extends AbstractModule {
        @Provides
        @Singleton
        Processors processors() {
            return new Processors(4, 1024) {
                @Override
                protected void shootDown(int processor, View view, long page, long pages) {
                    if (processor != 2) {
                        super.shootDown(processor, view, page, pages);
                    }
                }
            };
        }
    }

    @Test
    void aProcessorThatIsNotReachedIsSeen() throws Exception {
        try (Backend machine = open("smmuv3", new OneForgetsNothing())) {
            SvaProcess process = machine.processes().spawn("racing");
            long at = memory(machine, process);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                threads.add(start(() -> process.storeLong(at, 1)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), stale(machine));
            process.mprotect(at, 8, Protection.READ);
            assertFalse(stale(machine).isEmpty(), "a TLB that lets writes through");
            process.mprotect(at, 8, Protection.READ_WRITE);
            process.close();
        }
    }
}
