package org.opensva.uacce.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.client.ContextPoolTest.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.UacceDevice;
import org.opensva.uacce.client.ClientException.Reason;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Resets and isolation under the library (rules LIB-02, UACCE-15, UACCE-17). */
class DeviceTroubleTest {

    private static final int LENGTH = 20_000;

    @Test
    void resetsInTheMidstOfJobsCostNoJob() {
        try (Bench bench = new Bench(1)) {
            ContextPool pool = bench.pool(Bench.config().withContexts(3, 4));
            byte[] bytes = Bench.bytes(LENGTH, 1);
            long memory = bench.process.memory(bytes);
            long expected = pool.run(Job.crc32c(memory, LENGTH)).value();
            List<CompletableFuture<JobResult>> jobs = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                jobs.add(pool.submit(Job.crc32c(memory, LENGTH)));
                if (i % 60 == 30) {
                    bench.labs.getFirst().device.reset();
                }
            }
            for (CompletableFuture<JobResult> job : jobs) {
                assertEquals(expected, job.join().value());
            }
            assertTrue(pool.statistics().reopened() > 0);
            pool.close();
            assertEquals(256, bench.free());
        }
    }

    @Test
    void anIsolatedDeviceIsSkippedAndUsedAgainWhenItIsBack() {
        try (Bench bench = new Bench(2)) {
            UacceDevice sick = bench.labs.getFirst().device;
            long memory = bench.process.memory(Bench.bytes(LENGTH, 2));
            isolate(sick);
            try (ContextPool pool = bench.pool()) {
                assertEquals(2, pool.contexts(), "those of the other device");
                bench.labs.getFirst().endpoint.accesses.set(0);
                for (int i = 0; i < 20; i++) {
                    assertTrue(pool.run(Job.crc32c(memory, LENGTH)).succeeded());
                }
                assertEquals(0, bench.labs.getFirst().endpoint.accesses.get());
            }
        }
    }

    @Test
    void aDeviceThatIsIsolatedUnderThePoolIsLeftAlone() {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            long memory = bench.process.memory(Bench.bytes(LENGTH, 3));
            for (int i = 0; i < 60; i++) {
                if (i == 20) {
                    isolate(bench.labs.getFirst().device);
                    bench.labs.getFirst().endpoint.accesses.set(0);
                }
                assertTrue(pool.run(Job.crc32c(memory, LENGTH)).succeeded());
            }
            assertEquals(0, bench.labs.getFirst().endpoint.accesses.get());
        }
    }

    private static void isolate(UacceDevice device) {
        device.sysfs().orElseThrow().write("isolate_strategy", "1");
        for (int i = 0; i < 3; i++) {
            device.errorInjection().orElseThrow().hardwareError();
        }
        assertEquals("1", device.sysfs().orElseThrow().read("isolate").strip());
    }

    @Test
    void aStreamIsLostWithAResetAndSaysSo() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool();
                JobStream stream = pool.stream(Operation.CRC32C)) {
            long memory = bench.process.memory(Bench.bytes(LENGTH, 4));
            assertTrue(stream.run(Job.crc32c(memory, LENGTH)).succeeded());
            bench.labs.getFirst().device.reset();
            refused(Reason.DEVICE_FAILED, () -> stream.run(Job.crc32c(memory, LENGTH)));
            refused(Reason.DEVICE_FAILED, () -> stream.run(Job.crc32c(memory, LENGTH)));
            try (JobStream next = pool.stream(Operation.CRC32C)) {
                assertTrue(next.run(Job.crc32c(memory, LENGTH)).succeeded());
            }
        }
    }
}
