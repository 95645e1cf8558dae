package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_20;
import static org.opensva.conformance.rules.RuleId.FORK_21;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.RecycleOracle;

import java.util.List;

/** What exec does to a process that a device is bound to. */
@RuleTests
class ExecTests {

    @Test
    @Covers(FORK_20)
    void afterExecTheOldHandleAcceptsOnlyCloseAndANewBindSeesOnlyTheNewMemory(TestBench bench) {
        SvaProcess process = bench.process("program");
        Memory old = bench.memory(process, 3, "memory of the old program");
        BoundDevice device = bench.device(process);
        old.writeBy(device, "by the old program's device");
        long ticket = device.submit(Job.fill(old.page(0), old.length(), 1));
        process.exec();
        bench.step("the job that was in flight at exec");
        try {
            device.handle().await(ticket, bench.limits().job());
        } catch (ErrnoException gone) {
            bench.check(
                    gone.errno() != Errno.ETIMEDOUT,
                    "the job that was in flight at exec to end",
                    "it never ended");
        }
        bench.mustRefuse(
                "a job through the old handle",
                () -> device.handle().submit(Job.nop()),
                Errno.ENXIO,
                Errno.EBADF,
                Errno.EPERM);
        bench.step("the new program binds");
        BoundDevice fresh = bench.device(process);
        for (int i = 0; i < old.count(); i++) {
            fresh.mustNotReach(old.page(i), "memory of the old program");
        }
        Memory memory = Mapping.at(bench, process, old.address(), 3, "memory of the new program");
        for (int i = 0; i < memory.count(); i++) {
            fresh.mustRead(memory.page(i), memory.token(i), "memory of the new program");
        }
        memory.writeBy(fresh, "by the new program's device");
        bench.step("the old handle is closed");
        device.close();
        memory.writeBy(fresh, "after the old handle was closed");
        memory.mustHold("memory of the new program");
    }

    @Test
    @Covers(FORK_20)
    @Needs({Capability.FORK, Capability.SHARED_MEMORY})
    void whenExecReturnsTheDeviceHasLeftTheOldMemory(TestBench bench) {
        for (int round = 0; round < 6; round++) {
            SvaProcess process = bench.process("program");
            Alias alias = bench.alias(process, 256);
            alias.first().store("before exec");
            SvaProcess witness = bench.fork(process);
            Memory seen = alias.second().in(witness);
            BoundDevice device = bench.device(process);
            bench.step("round %d: exec while the device writes to shared memory", round);
            DeviceLoad load =
                    DeviceLoad.start(
                            bench,
                            List.of(device),
                            n -> Job.fill(alias.first().address(), alias.first().length(), n));
            load.awaitSuccesses(2);
            process.exec();
            MemorySnapshot after = MemorySnapshot.ofTail(bench, seen, 2);
            load.stop();
            after.mustBeUnchanged("shared memory of the old program");
            process.close();
            witness.close();
        }
    }

    @Test
    @Covers(FORK_20)
    @Needs(Capability.FORK)
    void aQueueThatAChildKeepsOpenNeverReachesTheNewProgram(TestBench bench) {
        SvaProcess process = bench.process("program");
        Memory old = bench.memory(process, 64, "memory of the old program");
        BoundDevice device = bench.device(process);
        old.writeBy(device, "by the old program's device");
        SvaProcess heir = bench.fork(process);
        for (int i = 0; i < 8; i++) {
            device.submit(Job.fill(old.page(0), old.length(), 7));
        }
        bench.step("exec with jobs in flight; a child keeps the queue open");
        process.exec();
        Memory memory = Mapping.at(bench, process, old.address(), 64, "memory of the new program");
        BoundDevice fresh = bench.device(process);
        QueueHandle theirs = device.handle().inheritedBy(heir);
        if (bench.claims(Capability.PASID_VISIBLE)) {
            bench.check(
                    fresh.pasid() != theirs.pasid().value(),
                    "another PASID than the old address space still has",
                    "the same");
        }
        try {
            theirs.run(Job.fill(memory.page(0), memory.length(), 9), bench.limits().job());
        } catch (ErrnoException refused) {
            bench.step("the child's use of the queue is refused");
        }
        memory.mustHold("memory of the new program");
        theirs.close();
    }

    @Test
    @Covers(FORK_21)
    @Needs({Capability.FORK, Capability.INSTANCES})
    void bothOrdersOfReleaseEndInTheSameState(TestBench bench) {
        int free = bench.accelerator(0).availableInstances();
        for (boolean copied : new boolean[] {false, true}) {
            SvaProcess process = bench.process("program");
            Memory memory = bench.memory(process, 2, "before exec");
            BoundDevice device = bench.device(process);
            memory.writeBy(device, "by the device");
            SvaProcess child = copied ? bench.fork(process) : bench.process("unrelated");
            bench.step("exec %s", copied ? "while a child holds the handle" : "closes the handle");
            process.exec();
            if (copied) {
                QueueHandle theirs = device.handle().inheritedBy(child);
                if (bench.claims(Capability.PASID_VISIBLE)) {
                    new RecycleOracle(bench)
                            .mustStayReserved(
                                    theirs.pasid().value(), "a handle of it is still open");
                }
                bench.step("the child uses the handle of the address space that exec released");
                try {
                    JobResult result =
                            theirs.run(
                                    Job.fill(memory.page(0), Long.BYTES, 1), bench.limits().job());
                    bench.check(!result.succeeded(), "no such job to succeed", "one did");
                } catch (ErrnoException refused) {
                    bench.check(
                            refused.errno() == Errno.EPERM || refused.errno() == Errno.ENXIO,
                            "EPERM or ENXIO",
                            String.valueOf(refused.getMessage()));
                }
                memory.in(child).mustHold("the child's memory");
                theirs.close();
            }
            bench.until(
                    "every queue to be free again",
                    bench.limits().settle(),
                    () -> bench.accelerator(0).availableInstances() == free);
            child.close();
            process.close();
        }
    }
}
