package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_10;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Control calls that take their time. */
@RuleTests
class ControlTests {

    /** A stop is slow once it takes this many times as long as what another queue does. */
    private static final long SLOW = 20;

    /** What is shorter may be the host's doing. */
    private static final long SLOW_NANOS = 2_000_000;

    private static final int ROUNDS = 8;

    /** Enough of them to tell a rule from an accident of the host's scheduler. */
    private static final int SLOW_ROUNDS = 4;

    private static final int JOBS = 16;
    private static final int JOB_BYTES = 1 << 20;

    /** What another queue did while a queue was being stopped. */
    private record Beside(long stopNanos, int turns) {}

    /**
     * What is not to wait for another queue's control call.
     *
     * @param bench where the test works
     * @param device a queue that has been started
     * @param idle a queue that has not, of the same process
     */
    private record Other(TestBench bench, BoundDevice device, QueueHandle idle) {
        long quickestTurn() {
            long quickest = Long.MAX_VALUE;
            for (int i = 0; i < 20; i++) {
                long began = System.nanoTime();
                turn();
                quickest = Math.min(quickest, System.nanoTime() - began);
            }
            return quickest;
        }

        void turn() {
            bench.check(device.run(Job.nop()).succeeded(), "a job to be done", "it failed");
            device.handle().poll(Duration.ZERO);
            Long size = idle.accelerator().info().regionSizes().get(QueueRegion.MMIO);
            if (bench.claims(Capability.REGIONS) && size != null) {
                device.process().munmap(idle.mapRegion(QueueRegion.MMIO), size);
            }
        }
    }

    @Test
    @Covers(UACCE_10)
    @Needs(Capability.QUEUE_STATES)
    void otherQueuesGoOnWhileOneIsStopped(TestBench bench) {
        SvaProcess busy = bench.process("busy");
        SvaProcess other = bench.process("other");
        long memory = bench.map(busy, JOB_BYTES / bench.pageSize());
        BoundDevice stopped = bench.device(busy);
        Other goesOn = new Other(bench, bench.device(other), bench.open(other, 0));
        long calm = goesOn.quickestTurn();
        int slow = 0;
        int used = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Beside seen = stopBeside(bench, stopped, memory, goesOn);
            stopped.handle().start();
            if (seen.stopNanos() > Math.max(SLOW_NANOS, SLOW * calm)) {
                slow++;
                used += seen.turns() > 0 ? 1 : 0;
            }
        }
        bench.check(
                slow < SLOW_ROUNDS || used > 0,
                "another queue to be used while one is being stopped",
                "it was used only before and after, %d times".formatted(slow));
    }

    private static Beside stopBeside(
            TestBench bench, BoundDevice stopped, long memory, Other other) {
        QueueHandle handle = stopped.handle();
        int jobs = Math.clamp(handle.accelerator().info().queueDepth() / 2, 1, JOBS);
        long[] tickets = new long[jobs];
        for (int i = 0; i < jobs; i++) {
            tickets[i] = stopped.submit(Job.fill(memory, JOB_BYTES, i));
        }
        bench.step("a queue with %d jobs is stopped", jobs);
        AtomicLong began = new AtomicLong();
        Concurrent<Long> stop =
                bench.beside(() -> {
                    began.set(System.nanoTime());
                    handle.putQueue();
                    return System.nanoTime();
                });
        List<Long> turns = new ArrayList<>();
        while (!stop.isDone()) {
            turns.add(System.nanoTime());
            other.turn();
        }
        turns.add(System.nanoTime());
        long ended = bench.join("put", stop);
        long stopNanos = ended - began.get();
        for (long ticket : tickets) {
            stopped.await(ticket, "job of the stopped queue");
        }
        // The call had not begun for sure, or was over already, at the edges of what was measured.
        long edge = stopNanos / 4;
        return new Beside(stopNanos, within(turns, began.get() + edge, ended - edge));
    }

    /** How many turns began and ended in a time; each ends where the next one begins. */
    private static int within(List<Long> turns, long from, long to) {
        int count = 0;
        for (int i = 0; i + 1 < turns.size(); i++) {
            count += turns.get(i) - from >= 0 && turns.get(i + 1) - to <= 0 ? 1 : 0;
        }
        return count;
    }
}
