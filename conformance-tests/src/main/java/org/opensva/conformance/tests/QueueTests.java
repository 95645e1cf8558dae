package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_01;
import static org.opensva.conformance.rules.RuleId.UACCE_02;
import static org.opensva.conformance.rules.RuleId.UACCE_03;
import static org.opensva.conformance.rules.RuleId.UACCE_04;
import static org.opensva.conformance.rules.RuleId.UACCE_05;
import static org.opensva.conformance.rules.RuleId.UACCE_08;
import static org.opensva.conformance.rules.RuleId.UACCE_09;
import static org.opensva.conformance.rules.RuleId.UACCE_12;
import static org.opensva.conformance.rules.RuleId.UACCE_18;

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
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The life of a queue. */
@RuleTests
class QueueTests {

    private static final int MOST_QUEUES = 300;

    private static void stateIs(TestBench bench, QueueHandle handle, QueueState expected) {
        QueueState seen = handle.state();
        bench.check(seen == expected, "the queue in state " + expected, "state " + seen);
    }

    private static int free(TestBench bench) {
        return bench.accelerator(0).availableInstances();
    }

    @Test
    @Covers(UACCE_01)
    void openTakesOneQueueThatIsNotStarted(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        QueueHandle handle = bench.open(process, 0);
        if (bench.claims(Capability.QUEUE_STATES)) {
            stateIs(bench, handle, QueueState.INIT);
            bench.mustRefuse(
                    "a job on a queue that is not started",
                    () -> handle.submit(Job.fill(memory.page(0), Long.BYTES, 1)),
                    Errno.EINVAL);
            memory.mustHold("the process's memory");
            handle.start();
            stateIs(bench, handle, QueueState.STARTED);
        }
        memory.writeBy(bench.use(handle, process), "by the started queue");
        memory.mustHold("the process's memory");
        bench.check(
                handle.holder().pid() == process.pid(),
                "the opener to hold the handle",
                "another one");
    }

    @Test
    @Covers(UACCE_01)
    void whenNoQueueIsLeftOpenIsBusy(TestBench bench) {
        int instances = bench.accelerator(0).info().instances();
        if (instances > MOST_QUEUES) {
            throw new NotObservable("the device has " + instances + " queues, too many to take");
        }
        SvaProcess process = bench.process("greedy");
        List<QueueHandle> handles = new ArrayList<>();
        for (int i = 0; i < instances; i++) {
            handles.add(bench.open(process, 0));
        }
        bench.mustRefuse("one open too many", () -> bench.tryToOpen(process), Errno.EBUSY);
        bench.step("one is closed");
        handles.getLast().close();
        bench.open(process, 0);
        bench.mustRefuse("one open too many", () -> bench.tryToOpen(process), Errno.EBUSY);
    }

    @Test
    @Covers(UACCE_02)
    void severalOpensAreSeveralQueuesOfOneAddressSpace(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int queues = Math.min(5, free(bench));
        Memory memory = bench.memory(process, queues, "memory");
        List<BoundDevice> devices = new ArrayList<>();
        for (int i = 0; i < queues; i++) {
            BoundDevice device = bench.device(process);
            if (bench.claims(Capability.PASID_VISIBLE) && i > 0) {
                bench.check(
                        device.pasid() == devices.getFirst().pasid(),
                        "PASID " + devices.getFirst().pasid() + " for every queue",
                        "PASID " + device.pasid());
            }
            devices.add(device);
        }
        bench.step("each queue ends on its own");
        for (int i = 0; i < queues; i++) {
            for (int j = i; j < queues; j++) {
                memory.writeBy(devices.get(j), j, "by queue " + j);
            }
            devices.get(i).close();
            for (int j = i + 1; j < queues && bench.claims(Capability.QUEUE_STATES); j++) {
                stateIs(bench, devices.get(j).handle(), QueueState.STARTED);
            }
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(UACCE_03)
    void aQueueIsStartedOnce(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        QueueHandle handle = bench.open(process, 0);
        handle.start();
        bench.mustRefuse("a second start", handle::start, Errno.EINVAL);
        stateIs(bench, handle, QueueState.STARTED);
        memory.writeBy(bench.use(handle, process), "after the refused start");
        memory.mustHold("the process's memory");
        handle.close();
        bench.mustRefuse("a start after close", handle::start, Errno.EBADF);
    }

    @Test
    @Covers(UACCE_04)
    void putStopsTheQueueAndKeepsIt(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        int before = free(bench);
        QueueHandle handle = bench.open(process, 0);
        bench.step("put on a queue that was never started");
        handle.putQueue();
        stateIs(bench, handle, QueueState.INIT);
        for (int round = 0; round < 3; round++) {
            bench.step("round %d: start, work, put", round);
            handle.start();
            memory.writeBy(bench.use(handle, process), "in round " + round);
            handle.putQueue();
            stateIs(bench, handle, QueueState.INIT);
            bench.mustRefuse(
                    "a job on a stopped queue",
                    () -> handle.submit(Job.fill(memory.page(0), Long.BYTES, 1)),
                    Errno.EINVAL);
            if (bench.claims(Capability.INSTANCES)) {
                bench.mustBe(before - 1, free(bench), "the number of free queues after put");
            }
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(UACCE_05)
    void aCallThatNobodyKnowsIsInvalid(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process);
        for (int command : new int[] {0x7fff, -1, 0}) {
            bench.mustRefuse(
                    "control command " + command,
                    () -> device.handle().control(command),
                    Errno.EINVAL);
        }
        memory.writeBy(device, "after the refused calls");
        memory.mustHold("the process's memory");
        bench.step("a closed handle");
        device.close();
        bench.mustRefuse("control", () -> device.handle().control(0x7fff), Errno.EBADF);
        bench.mustRefuse("put", () -> device.handle().putQueue(), Errno.EBADF);
        bench.check(!device.handle().poll(Duration.ZERO), "poll to report nothing", "readable");
    }

    @Test
    @Covers(UACCE_08)
    void pollReportsEachCompletionUntilItIsCollected(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 1, "memory");
        BoundDevice device = bench.device(process);
        QueueHandle handle = device.handle();
        bench.check(!handle.poll(Duration.ZERO), "nothing to be reported yet", "readable");
        for (int round = 0; round < 20; round++) {
            bench.step("round %d: one job", round);
            long ticket = device.submit(Job.fill(memory.page(0), Long.BYTES, round));
            bench.check(
                    handle.poll(bench.limits().job()),
                    "poll to report the completion",
                    "it timed out");
            device.await(ticket, "job that poll has reported");
            bench.check(
                    !handle.poll(Duration.ZERO), "nothing left to report", "readable once more");
        }
        bench.step("a waiter that waits before the job is submitted");
        Concurrent<Boolean> waiter = bench.beside(() -> handle.poll(bench.limits().job()));
        long ticket = device.submit(Job.fill(memory.page(0), Long.BYTES, 99));
        bench.check(bench.join("the waiter", waiter), "the waiter to be woken", "it timed out");
        device.await(ticket, "job");
        bench.mustBe(99, process.loadLong(memory.page(0)), "the process's memory");
    }

    @Test
    @Covers(UACCE_09)
    @Needs(Capability.INSTANCES)
    void closingTwiceAtOnceReturnsTheQueueOnce(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int before = free(bench);
        for (int round = 0; round < 20; round++) {
            BoundDevice device = bench.device(process);
            BoundDevice stays = bench.device(process);
            bench.step("round %d: two threads close one handle", round);
            Concurrent<Boolean> other =
                    bench.beside(() -> {
                        device.close();
                        return true;
                    });
            device.close();
            bench.join("the other close", other);
            bench.mustBe(before - 1, free(bench), "the number of free queues");
            bench.check(
                    stays.run(Job.nop()).status() == JobStatus.SUCCESS,
                    "the other queue to work",
                    "its job failed");
            stays.close();
            bench.mustBe(before, free(bench), "the number of free queues");
        }
    }

    @Test
    @Covers(UACCE_12)
    void theCountOfFreeQueuesFollowsOpenAndFinalClose(TestBench bench) {
        int before = free(bench);
        SvaProcess process = bench.process("owner");
        QueueHandle one = bench.open(process, 0);
        bench.mustBe(before - 1, free(bench), "free queues after one open");
        QueueHandle two = bench.open(process, 0);
        bench.mustBe(before - 2, free(bench), "free queues after two opens");
        if (bench.claims(Capability.QUEUE_STATES)) {
            one.start();
            one.putQueue();
            bench.mustBe(before - 2, free(bench), "free queues after put");
        }
        one.close();
        bench.mustBe(before - 1, free(bench), "free queues after one close");
        if (bench.claims(Capability.FORK)) {
            SvaProcess child = bench.fork(process);
            QueueHandle theirs = two.inheritedBy(child);
            two.close();
            bench.mustBe(before - 1, free(bench), "free queues while a child holds a copy");
            bench.step("the opener dies while the child holds a copy");
            process.exit(0);
            bench.mustBe(before - 1, free(bench), "free queues after the opener's death");
            theirs.close();
        } else {
            two.close();
        }
        bench.mustBe(before, free(bench), "free queues after the final close");
    }

    @Test
    @Covers(UACCE_18)
    void putEndsEveryAcceptedJob(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 64, "memory");
        BoundDevice device = bench.device(process);
        int jobs = Math.clamp(device.handle().accelerator().info().queueDepth() / 2, 1, 16);
        for (int round = 0; round < 8; round++) {
            int first = round * jobs;
            List<Long> tickets = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                tickets.add(
                        device.submit(Job.fill(memory.address(), memory.length(), first + i + 1)));
            }
            bench.step("round %d: put with %d jobs accepted", round, jobs);
            bench.bounded("put", device.handle()::putQueue);
            MemorySnapshot after = MemorySnapshot.of(bench, memory);
            for (long ticket : tickets) {
                JobResult result = device.await(ticket, "job that was accepted before put");
                bench.check(
                        result.succeeded() || result.status() == JobStatus.ABORTED,
                        "an accepted job to be done or aborted",
                        result.status().toString());
            }
            after.mustBeUnchanged("memory of a stopped queue's jobs");
            device.handle().start();
        }
    }
}
