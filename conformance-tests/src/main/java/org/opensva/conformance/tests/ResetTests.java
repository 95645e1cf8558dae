package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_20;
import static org.opensva.conformance.rules.RuleId.UACCE_17;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A device is reset while processes use it. */
@RuleTests
class ResetTests {

    private static final int ROUNDS = 5;

    @Test
    @Covers(UACCE_17)
    @Needs(Capability.RESET)
    void aResetInUseFailsTheJobsInFlightAndTheQueueIsOpenedAgain(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 64, "memory");
        for (int round = 0; round < ROUNDS; round++) {
            BoundDevice device = bench.device(process);
            QueueHandle handle = device.handle();
            QueueHandle idle = bench.open(process, 0);
            int jobs = Math.clamp(handle.accelerator().info().queueDepth() / 2, 1, 16);
            List<Long> tickets = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                tickets.add(device.submit(Job.fill(memory.address(), memory.length(), i + 1L)));
            }
            bench.step("round %d: the device is reset with %d jobs accepted", round, jobs);
            bench.bounded("reset", bench.accelerator(0)::reset);
            MemorySnapshot after = MemorySnapshot.of(bench, memory);
            int aborted = 0;
            for (long ticket : tickets) {
                JobResult result = device.await(ticket, "job that was accepted before the reset");
                aborted += result.status() == JobStatus.ABORTED ? 1 : 0;
                bench.check(
                        result.succeeded() || result.status() == JobStatus.ABORTED,
                        "a job to be done or aborted",
                        result.status().toString());
            }
            bench.step("round %d: %d of %d jobs were aborted", round, aborted, jobs);
            for (QueueHandle dead : List.of(handle, idle)) {
                bench.check(
                        dead.state() == QueueState.ZOMBIE,
                        "a queue that tells that it is dead",
                        "state " + dead.state());
                bench.mustRefuse(
                        "a job for a queue that was reset",
                        () -> dead.submit(Job.fill(memory.page(0), Long.BYTES, 1)),
                        Errno.ENXIO,
                        Errno.EIO);
                bench.check(!dead.poll(Duration.ZERO), "poll to report nothing", "readable");
            }
            after.mustBeUnchanged("memory of the jobs of a queue that was reset");
            device.close();
            idle.close();
            BoundDevice again = bench.device(process);
            memory.writeBy(again, "by a queue opened after the reset");
            memory.mustHold(0, "the process's memory");
            again.close();
        }
    }

    @Test
    @Covers(UACCE_17)
    @Needs({Capability.RESET, Capability.POLL})
    void whoeverWaitsIsWokenByAReset(TestBench bench) {
        SvaProcess process = bench.process("owner");
        for (int round = 0; round < ROUNDS; round++) {
            BoundDevice device = bench.device(process);
            QueueHandle handle = device.handle();
            bench.step("round %d: a waiter, and nothing to wait for", round);
            Concurrent<Boolean> waiter =
                    bench.beside(() -> handle.poll(bench.limits().bounded().multipliedBy(20)));
            if (round % 2 == 0) {
                device.run(Job.nop());
            }
            bench.bounded("reset", bench.accelerator(0)::reset);
            bench.join("a waiter of a queue that was reset", waiter);
            device.close();
        }
    }

    @Test
    @Covers({EXIT_20, UACCE_17})
    @Needs(Capability.RESET)
    void whatTheDeviceHadCachedIsGoneAndUnmappingOrExitBesideAResetIsNotRefused(TestBench bench) {
        for (int round = 0; round < ROUNDS; round++) {
            SvaProcess process = bench.process("owner");
            Memory memory = bench.memory(process, 8, "memory");
            BoundDevice device = bench.device(process);
            for (int i = 0; i < 4; i++) {
                device.mustRead(memory.page(i), memory.token(i), "memory before the reset");
            }
            bench.step("round %d: memory is unmapped beside a reset", round);
            Concurrent<Boolean> reset =
                    bench.beside(() -> {
                        bench.accelerator(0).reset();
                        return true;
                    });
            bench.bounded("munmap", () -> process.munmap(memory.address(), bench.pages(4)));
            bench.join("the reset", reset);
            BoundDevice again = bench.device(process);
            for (int i = 0; i < 4; i++) {
                again.mustNotReach(memory.page(i), "a page unmapped beside the reset");
            }
            memory.writeBy(again, 5, "after the reset");
            memory.mustHold(5, "the process's memory");
            bench.step("round %d: the process ends beside another reset", round);
            Concurrent<Boolean> second =
                    bench.beside(() -> {
                        bench.accelerator(0).reset();
                        return true;
                    });
            bench.bounded("exit", () -> process.exit(0));
            bench.join("the second reset", second);
            device.close();
            again.close();
        }
    }
}
