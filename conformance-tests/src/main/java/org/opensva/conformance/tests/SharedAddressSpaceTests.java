package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_18;
import static org.opensva.conformance.rules.RuleId.FORK_19;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
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

/** Processes that share one address space, as a child of vfork does. */
@RuleTests
class SharedAddressSpaceTests {

    private static SvaProcess vfork(TestBench bench, SvaProcess parent) {
        try {
            return bench.adopt(parent.vfork());
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOSYS) {
                throw new NotObservable("processes cannot share an address space here");
            }
            throw e;
        }
    }

    @Test
    @Covers(FORK_19)
    @Needs({Capability.THREADS, Capability.EXEC})
    void aChildThatSharesTheMemoryDrivesItsQueuesUntilExecAndLeavesItBound(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "shared by both");
        BoundDevice device = bench.device(parent);
        SvaProcess child = vfork(bench, parent);
        bench.step("the child uses the inherited handle");
        QueueHandle theirs = device.handle().inheritedBy(child);
        bench.check(
                theirs.run(Job.fill(memory.page(0), Long.BYTES, 7), bench.limits().job())
                        .succeeded(),
                "a job of the child in the shared memory to succeed",
                "it failed");
        bench.mustBe(7, parent.loadLong(memory.page(0)), "what it filled");
        long mapped = bench.map(child, 1);
        child.storeLong(mapped, 8);
        device.mustRead(mapped, 8, "memory that the child has mapped");
        bench.step("the child execs");
        child.exec();
        memory.writeBy(device, "by the device after the child's exec");
        memory.mustHold("the parent's memory");
        device.mustRead(mapped, 8, "memory that the child has left behind");
        bench.step("the program that the child became binds for itself");
        BoundDevice fresh = bench.device(child);
        fresh.mustNotReach(memory.page(0), "memory that it has left");
    }

    @Test
    @Covers(FORK_18)
    @Needs({Capability.THREADS, Capability.PASID_VISIBLE})
    void whoSharesTheMemorySharesThePasidAndTheBondOutlivesEachOfThem(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "shared by both");
        BoundDevice device = bench.device(parent);
        SvaProcess child = vfork(bench, parent);
        bench.step("the child opens a queue of its own");
        BoundDevice own = bench.device(child);
        bench.mustBe(device.pasid(), own.pasid(), "the PASID of the child's queue");
        bench.step("the parent ends");
        parent.exit(0);
        Memory left = memory.in(child);
        left.writeBy(own, "by the child's device after the parent's end");
        left.mustHold("memory of the child alone");
    }
}
