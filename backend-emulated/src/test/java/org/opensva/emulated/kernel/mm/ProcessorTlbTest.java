package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.emulated.machine.Processors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** TLBs of processors: what they keep, and what makes them forget. */
class ProcessorTlbTest {

    private static final int PROCESSORS = 4;

    /** Processors that nobody reaches. */
    private static Processors deaf() {
        return new Processors(PROCESSORS, 256) {
            @Override
            protected void shootDown(int processor, View view, long page, long pages) {}
        };
    }

    /** Does the same on threads of consecutive numbers, which run on every processor. */
    private static void everywhere(Callable<?> action) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(PROCESSORS)) {
            List<Callable<Object>> all = new ArrayList<>();
            for (int i = 0; i < PROCESSORS; i++) {
                all.add(action::call);
            }
            for (var done : threads.invokeAll(all)) {
                done.get();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void aTranslationStaysUntilItIsShotDown(PagingMode mode) {
        try (TestMachine machine = TestMachine.withProcessors(mode, deaf())) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, 2);
            process.storeLong(at, 1);
            process.mprotect(at, machine.pageBytes, Protection.READ);
            // The tables forbid it, and the forgotten TLB does not know.
            process.storeLong(at, 2);
            assertEquals(2, process.loadLong(at));
            process.munmap(at, machine.pageBytes);
            assertNotEquals(2, process.loadLong(at), "what a freed frame holds");
            process.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 33, 34, 600})
    void everyProcessorForgetsWhatIsNarrowedAndWhatIsUnmapped(int pages) throws Exception {
        try (TestMachine machine = new TestMachine(PagingMode.ARM64_4K)) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, pages);
            long last = at + (pages - 1L) * machine.pageBytes;
            everywhere(() -> {
                process.storeLong(at, 1);
                process.storeLong(last, 1);
                return true;
            });
            process.mprotect(at, (long) pages * machine.pageBytes, Protection.READ);
            everywhere(() -> {
                assertThrows(CpuFaultException.class, () -> process.storeLong(at, 2));
                assertThrows(CpuFaultException.class, () -> process.storeLong(last, 2));
                return process.loadLong(last);
            });
            process.munmap(at, (long) pages * machine.pageBytes);
            everywhere(() -> {
                assertThrows(CpuFaultException.class, () -> process.loadLong(at));
                return assertThrows(CpuFaultException.class, () -> process.loadLong(last));
            });
            process.close();
        }
    }

    @Test
    void aWiderRightIsFoundInTheTablesThoughATlbHasANarrowerOne() {
        try (TestMachine machine = TestMachine.withProcessors(PagingMode.X86_64_4LEVEL, deaf())) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, 1);
            assertEquals(0, process.loadLong(at), "from the zero page");
            process.storeLong(at, 5);
            assertEquals(5, process.loadLong(at));
            process.close();
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void afterForkNoProcessorOfTheParentWritesWhatTheChildReads(PagingMode mode) throws Exception {
        try (TestMachine machine = new TestMachine(mode)) {
            SvaProcess parent = machine.spawn();
            long at = machine.anonymous(parent, 1);
            AtomicLong value = new AtomicLong(100);
            for (int round = 0; round < 20; round++) {
                everywhere(() -> {
                    parent.storeLong(at, value.incrementAndGet());
                    return true;
                });
                long before = parent.loadLong(at);
                try (SvaProcess child = parent.fork()) {
                    everywhere(() -> {
                        parent.storeLong(at, value.incrementAndGet());
                        return assertEqualsLater(before, child.loadLong(at));
                    });
                }
            }
            parent.close();
        }
    }

    private static boolean assertEqualsLater(long expected, long seen) {
        assertEquals(expected, seen);
        return true;
    }

    @Test
    void theProcessorsOfOneAddressSpaceKeepNothingOfAnother() {
        try (TestMachine machine = new TestMachine(PagingMode.ARM64_64K)) {
            SvaProcess one = machine.spawn();
            long at = machine.anonymous(one, 8);
            for (int i = 0; i < 8; i++) {
                one.storeLong(at + (long) i * machine.pageBytes, i + 1);
            }
            SvaProcess two = machine.spawn();
            for (int i = 0; i < 8; i++) {
                long page = at + (long) i * machine.pageBytes;
                assertThrows(CpuFaultException.class, () -> two.loadLong(page));
            }
            one.close();
            two.close();
        }
    }

    @Test
    void onlyWhatWasCachedIsShotDown() {
        Processors processors = new Processors(PROCESSORS, 256);
        try (TestMachine machine = TestMachine.withProcessors(PagingMode.ARM64_4K, processors)) {
            SvaProcess process = machine.spawn();
            long at = machine.anonymous(process, 4);
            process.munmap(at, machine.pageBytes);
            assertEquals(0, processors.shootDowns());
            process.storeLong(at + machine.pageBytes, 1);
            process.madvise(at + machine.pageBytes, machine.pageBytes, Advice.DONTNEED);
            assertTrue(processors.shootDowns() > 0);
            assertEquals(0, process.loadLong(at + machine.pageBytes));
            process.close();
        }
    }
}
