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
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Control calls that take their time. */
@RuleTests
class ControlTests {

    /** A stop is slow once it takes this many times as long as what another queue does. */
    private static final long SLOW = 50;

    /** How often a slow stop may be unlucky with the scheduler of the host. */
    private static final int ATTEMPTS = 3;

    private static final int PAGES = 512;
    private static final int MOST_JOBS = 16;
    private static final int LARGEST = 16;

    /** What another queue did while a queue was being stopped. */
    private record Beside(long stopNanos, long turnNanos, int turns) {}

    /**
     * What is not to wait for another queue's control call.
     *
     * @param bench where the test works
     * @param device a queue that has been started
     * @param idle a queue that has not, of the same process
     */
    private record Other(TestBench bench, BoundDevice device, QueueHandle idle) {
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
        long memory = bench.map(busy, PAGES);
        BoundDevice stopped = bench.device(busy);
        Other goesOn = new Other(bench, bench.device(other), bench.open(other, 0));
        goesOn.turn();
        int tried = 0;
        for (int size = 1; size <= LARGEST && tried < ATTEMPTS; size *= 2) {
            Beside seen = stopBeside(bench, stopped, memory, size, goesOn);
            stopped.handle().start();
            if (seen.turns() > 0) {
                return;
            }
            tried += seen.stopNanos() > SLOW * seen.turnNanos() ? 1 : 0;
        }
        if (tried == 0) {
            throw new NotObservable("no stop of a queue was ever slow");
        }
        throw bench.violation(
                "another queue to be used while one was being stopped",
                "it was used only before and after, each of %d times".formatted(tried));
    }

    private static Beside stopBeside(
            TestBench bench, BoundDevice stopped, long memory, int size, Other other) {
        QueueHandle handle = stopped.handle();
        int jobs = Math.clamp(handle.accelerator().info().queueDepth() / 2, 1, MOST_JOBS);
        long[] tickets = new long[jobs];
        long calm = System.nanoTime();
        other.turn();
        calm = System.nanoTime() - calm;
        for (int i = 0; i < jobs; i++) {
            tickets[i] =
                    stopped.submit(Job.fill(memory, bench.pages(Math.min(PAGES, 32L * size)), i));
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
        return new Beside(stopNanos, calm, within(turns, ended - stopNanos / 4 * 3, ended));
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
