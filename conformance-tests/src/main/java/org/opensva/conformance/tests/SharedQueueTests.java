package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UACCE_21;
import static org.opensva.conformance.rules.RuleId.UACCE_22;
import static org.opensva.conformance.rules.RuleId.UACCE_23;
import static org.opensva.conformance.rules.RuleId.UACCE_24;
import static org.opensva.conformance.rules.RuleId.UACCE_25;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One queue for several processes, and several jobs in one submission. */
@RuleTests
class SharedQueueTests {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** More than any queue takes that is to be filled. */
    private static final int MOST_JOBS = 1 << 16;

    private static BoundDevice part(TestBench bench, SvaProcess process) {
        QueueHandle handle = bench.adopt(bench.accelerator(0).open(process, QueueRequest.SHARED));
        if (bench.claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        return bench.use(handle, process);
    }

    @Test
    @Covers(UACCE_21)
    void everyoneAtASharedQueueReachesOwnMemoryOnly(TestBench bench) {
        List<Memory> memories = new ArrayList<>();
        List<BoundDevice> parts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SvaProcess process = bench.process("p" + i);
            String name = "of process " + i;
            memories.add(
                    i == 0
                            ? bench.memory(process, 4, name)
                            : Mapping.at(bench, process, memories.getFirst().address(), 4, name));
            parts.add(part(bench, process));
        }
        for (int round = 0; round < 4; round++) {
            bench.step("round %d: each writes its page, at the same address", round);
            for (int i = 0; i < parts.size(); i++) {
                memories.get(i).writeBy(parts.get(i), round, "by process " + i);
            }
            for (Memory memory : memories) {
                memory.mustHold("the process's memory");
            }
        }
        bench.step("one leaves");
        parts.getFirst().close();
        for (int i = 1; i < parts.size(); i++) {
            memories.get(i).writeBy(parts.get(i), "after it left");
            memories.get(i).mustHold("the process's memory");
        }
    }

    @Test
    @Covers(UACCE_21)
    void anErrorAtASharedQueueIsTheJobsAlone(TestBench bench) {
        SvaProcess good = bench.process("good");
        SvaProcess bad = bench.process("bad");
        Memory memory = bench.memory(good, 2, "memory");
        BoundDevice works = part(bench, good);
        BoundDevice fails = part(bench, bad);
        long nowhere = bench.map(bad, 1);
        bad.munmap(nowhere, bench.pageSize());
        for (int round = 0; round < 5; round++) {
            fails.mustNotWrite(nowhere, "an unmapped page");
            memory.writeBy(works, "beside a job that failed");
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(UACCE_22)
    @Needs(Capability.FORK)
    void aPartInASharedQueueIsOfNoUseToAChild(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "before fork");
        BoundDevice device = part(bench, parent);
        memory.writeBy(device, "by the parent's part");
        SvaProcess child = bench.fork(parent);
        Memory childs = memory.in(child);
        childs.store("stored by the child");
        QueueHandle inherited = bench.adopt(device.handle().inheritedBy(child));
        bench.mustRefuse(
                "a job of the child through the parent's part",
                () -> inherited.submit(Job.fill(memory.page(0), Long.BYTES, 1)),
                Errno.EPERM);
        memory.mustHold("the parent's memory");
        childs.mustHold("the child's memory");
        BoundDevice own = part(bench, child);
        if (bench.claims(Capability.PASID_VISIBLE)) {
            bench.check(
                    own.pasid() != device.pasid(),
                    "a PASID of the child's own",
                    "PASID " + own.pasid() + " for both");
        }
        childs.writeBy(own, "by the child's part");
        if (!bench.claims(Capability.DEMAND_PAGING)) {
            // The fork took the right to write away, and no device gets it back by itself.
            memory.store("stored by the parent after fork");
        }
        memory.writeBy(device, "by the parent's part, after");
        memory.mustHold("the parent's memory");
        childs.mustHold("the child's memory");
    }

    @Test
    @Covers(UACCE_23)
    void aFullSharedQueueSaysTryAgainAndLosesNothing(TestBench bench) {
        SvaProcess process = bench.process("greedy");
        int places = bench.accelerator(0).info().queueDepth();
        if (places > MOST_JOBS) {
            throw new NotObservable("the queue holds " + places + " jobs, too many to fill it");
        }
        Memory memory = bench.memory(process, 1, "memory");
        QueueHandle queue = part(bench, process).handle();
        List<Long> tickets = new ArrayList<>();
        bench.step("jobs until one is refused, and as many again");
        boolean refused = false;
        for (int i = 0; i < 2 * places + 2; i++) {
            try {
                // A result keeps its place until it is collected.
                tickets.add(queue.submit(Job.fill(memory.page(0), Long.BYTES, memory.token(0))));
            } catch (ErrnoException e) {
                bench.check(
                        e.errno() == Errno.EAGAIN, "EAGAIN from a full queue", e.errno().name());
                refused = true;
                if (!tickets.isEmpty()) {
                    succeeded(bench, queue, tickets.removeFirst());
                }
            }
        }
        bench.check(
                refused,
                "a queue that holds " + places + " jobs to refuse one more",
                2 * places + 2 + " were taken");
        for (long ticket : tickets) {
            succeeded(bench, queue, ticket);
        }
        memory.mustHold("the process's memory");
    }

    private static void succeeded(TestBench bench, QueueHandle queue, long ticket) {
        JobResult result = queue.await(ticket, LIMIT);
        bench.check(
                result.status() == JobStatus.SUCCESS,
                "every job that was taken to be done",
                "status " + result.status());
    }

    @Test
    @Covers(UACCE_24)
    void aSubmitterThatDiesTakesNobodyAlong(TestBench bench) {
        SvaProcess survivor = bench.process("survivor");
        Memory memory = bench.memory(survivor, 8, "memory");
        BoundDevice stays = part(bench, survivor);
        for (int round = 0; round < 8; round++) {
            SvaProcess victim = bench.process("victim");
            Memory doomed = bench.memory(victim, 2, "doomed");
            QueueHandle handle = part(bench, victim).handle();
            List<Long> tickets = new ArrayList<>();
            List<Long> others = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                tickets.add(handle.submit(Job.fill(doomed.page(1), bench.pageSize(), i)));
                others.add(
                        stays.handle()
                                .submit(
                                        Job.fill(
                                                memory.page(round),
                                                Long.BYTES,
                                                memory.token(round))));
            }
            bench.step("round %d: it ends with jobs in the queue", round);
            victim.close();
            for (long ticket : tickets) {
                JobStatus status = handle.await(ticket, LIMIT).status();
                bench.check(
                        status == JobStatus.SUCCESS || status == JobStatus.ABORTED,
                        "a job of the dead done or aborted",
                        "status " + status);
            }
            others.forEach(ticket -> succeeded(bench, stays.handle(), ticket));
            memory.mustHold("the survivor's memory");
        }
    }

    @Test
    @Covers(UACCE_25)
    void severalJobsAreTakenTogetherOrNotAtAll(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int places = bench.accelerator(0).info().queueDepth();
        if (places > MOST_JOBS) {
            throw new NotObservable("the queue holds " + places + " jobs, too many to fill it");
        }
        Memory memory = bench.memory(process, 2, "memory");
        QueueHandle queue = bench.device(process).handle();
        Job first = Job.fill(memory.page(0), Long.BYTES, memory.token(0));
        List<Long> waiting = new ArrayList<>();
        bench.step("all places but one are taken");
        for (long ticket : queue.submitAll(java.util.Collections.nCopies(places - 1, first))) {
            waiting.add(ticket);
        }
        Job never = Job.fill(memory.page(1), Long.BYTES, 1);
        bench.mustRefuse(
                "two jobs where there is room for one",
                () -> queue.submitAll(List.of(never, never)),
                Errno.EAGAIN);
        waiting.add(queue.submit(first));
        waiting.forEach(ticket -> succeeded(bench, queue, ticket));
        memory.mustHold("the process's memory");
        bench.step("in their order");
        long[] ordered =
                queue.submitAll(
                        List.of(
                                never,
                                Job.fill(memory.page(1), Long.BYTES, memory.token(1)),
                                first));
        for (long ticket : ordered) {
            succeeded(bench, queue, ticket);
        }
        memory.mustHold("the process's memory");
    }
}
