package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_10;
import static org.opensva.conformance.rules.RuleId.EXIT_11;
import static org.opensva.conformance.rules.RuleId.EXIT_17;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.RecycleOracle;

import java.util.HashSet;
import java.util.Set;

/** When a PASID may be given to another address space, and what that one finds. */
@RuleTests
class PasidReuseTests {

    private static final int ADDRESS_SPACES = 300;

    @Test
    @Covers(EXIT_10)
    @Needs(Capability.FORK)
    void aPasidStaysReservedWhileAChildHoldsAHandle(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 1, "memory");
        BoundDevice device = bench.device(parent);
        memory.writeBy(device, "by the device");
        int pasid = device.pasid();
        SvaProcess child = bench.fork(parent);
        SvaProcess grandchild = bench.fork(child);
        bench.step("the opener and its child are gone, a grandchild holds the handle");
        parent.close();
        child.close();
        new RecycleOracle(bench).mustStayReserved(pasid, "a handle is open in a grandchild");
        bench.step("the last holder exits");
        grandchild.close();
    }

    @Test
    @Covers(EXIT_10)
    @Needs(Capability.PASS_HANDLE)
    void aPasidStaysReservedWhileAnyProcessHoldsAHandle(TestBench bench) {
        SvaProcess opener = bench.process("opener");
        SvaProcess holder = bench.process("holder");
        QueueHandle handle = bench.open(opener, 0);
        int pasid = handle.pasid().value();
        QueueHandle passed = bench.adopt(handle.passTo(holder));
        bench.step("the opener is gone, another process holds the handle");
        opener.close();
        new RecycleOracle(bench).mustStayReserved(pasid, "a handle is open in another process");
        if (bench.accelerator(0).availableInstances() > 0) {
            bench.step("the holder binds itself");
            int own = bench.open(holder, 0).pasid().value();
            bench.check(own != pasid, "a PASID of its own", "PASID " + own + " of the dead opener");
        }
        passed.close();
    }

    @Test
    @Covers(EXIT_10)
    void aPasidStaysReservedWhileItsAddressSpaceLivesUnbound(TestBench bench) {
        SvaProcess process = bench.process("owner");
        QueueHandle handle = bench.open(process, 0);
        int pasid = handle.pasid().value();
        handle.close();
        new RecycleOracle(bench).mustStayReserved(pasid, "its address space is alive");
    }

    @Test
    @Covers(EXIT_11)
    void theNextOwnerOfAPasidFindsNothingOfTheLast(TestBench bench) {
        SvaProcess guide = bench.process("guide");
        long place = bench.map(guide, 8);
        int recycled = 0;
        for (int device = 0; device < bench.backend().accelerators().size(); device++) {
            recycled += recycle(bench, device, place);
        }
        if (recycled == 0) {
            throw new NotObservable(
                    "no PASID was given out twice to " + ADDRESS_SPACES + " address spaces");
        }
    }

    private static int recycle(TestBench bench, int accelerator, long place) {
        Set<Integer> seen = new HashSet<>();
        int recycled = 0;
        for (int i = 0; i < ADDRESS_SPACES && recycled < 8; i++) {
            SvaProcess process = bench.process("owner" + i);
            BoundDevice device = bench.device(process, accelerator);
            bench.step("address space %d has PASID %d", i, device.pasid());
            if (!seen.add(device.pasid())) {
                recycled++;
                for (int page = 0; page < 8; page++) {
                    device.mustNotReach(
                            place + bench.pages(page),
                            "an address that only former owners of the PASID had mapped");
                }
            }
            Memory memory = Mapping.at(bench, process, place, 8, "memory of owner " + i);
            for (int page = 0; page < 8; page++) {
                device.mustRead(memory.page(page), memory.token(page), "the owner's own memory");
            }
            memory.writeBy(device, "by the device of owner " + i);
            memory.mustHold("the owner's own memory");
            process.close();
        }
        return recycled;
    }

    @Test
    @Covers(EXIT_17)
    void aBindBesideExitFailsOrIsUndone(TestBench bench) {
        for (int round = 0; round < 25; round++) {
            SvaProcess process = bench.process("mortal");
            Memory memory = bench.memory(process, 2, "memory");
            bench.step("round %d: a bind beside exit", round);
            Concurrent<Boolean> binds =
                    bench.beside(() -> {
                        try {
                            BoundDevice device = bench.device(process);
                            device.write(memory.page(0), 1);
                        } catch (ErrnoException refused) {
                            return false;
                        }
                        return true;
                    });
            process.exit(0);
            bench.join("the bind", binds);
            bench.step("round %d: both are over", round);
            bench.mustRefuse(
                    "a bind of the dead process",
                    () -> bench.open(process, 0),
                    Errno.EINVAL,
                    Errno.ESRCH);
            process.close();
        }
        bench.step("a new process binds");
        SvaProcess next = bench.process("next");
        Memory memory = bench.memory(next, 2, "memory");
        BoundDevice device = bench.device(next);
        bench.check(
                device.write(memory.page(0), 2).status() == JobStatus.SUCCESS,
                "its device to work",
                "its job failed");
        bench.mustBe(2, next.loadLong(memory.page(0)), "its memory");
    }
}
