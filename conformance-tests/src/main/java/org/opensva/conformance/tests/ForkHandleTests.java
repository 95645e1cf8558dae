package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_11;
import static org.opensva.conformance.rules.RuleId.FORK_12;
import static org.opensva.conformance.rules.RuleId.FORK_13;
import static org.opensva.conformance.rules.RuleId.FORK_14;
import static org.opensva.conformance.rules.RuleId.FORK_15;
import static org.opensva.conformance.rules.RuleId.FORK_16;
import static org.opensva.conformance.rules.RuleId.FORK_18;
import static org.opensva.conformance.rules.RuleId.FORK_25;
import static org.opensva.conformance.rules.RuleId.UACCE_20;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
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

/** What becomes of a handle that several processes hold. */
@RuleTests
class ForkHandleTests {

    private static boolean refuses(TestBench bench) {
        return bench.descriptor().foreignHandles() == ForeignHandlePolicy.REFUSE;
    }

    @Test
    @Covers(FORK_11)
    @Needs(Capability.FORK)
    void anInheritedHandleFollowsThePolicy(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "before fork");
        BoundDevice device = bench.device(parent);
        memory.writeBy(device, "by the device before fork");
        SvaProcess child = bench.fork(parent);
        Memory childs = memory.in(child);
        childs.store("stored by the child");
        follow(bench, device, device.handle().inheritedBy(child), memory, childs);
    }

    @Test
    @Covers({FORK_11, UACCE_20})
    @Needs(Capability.PASS_HANDLE)
    void aPassedHandleFollowsThePolicy(TestBench bench) {
        SvaProcess opener = bench.process("opener");
        Memory memory = bench.memory(opener, 2, "the opener's");
        BoundDevice device = bench.device(opener);
        memory.writeBy(device, "by the opener's device");
        SvaProcess receiver = bench.process("receiver");
        Memory theirs = Mapping.at(bench, receiver, memory.address(), 2, "the receiver's");
        QueueHandle passed = bench.adopt(device.handle().passTo(receiver));
        follow(bench, device, passed, memory, theirs);
        bench.step("the opener closes its handle, and gets the receiver's back");
        device.close();
        BoundDevice back = bench.use(bench.adopt(passed.passTo(opener)), opener);
        passed.close();
        memory.store("stored after the handle had come back");
        back.mustRead(memory.page(0), memory.token(0), "the opener's memory");
    }

    private static void follow(
            TestBench bench, BoundDevice own, QueueHandle foreign, Memory openers, Memory holders) {
        long token = bench.token("written through the foreign handle");
        if (refuses(bench)) {
            bench.mustRefuse(
                    "a job through a foreign handle",
                    () -> foreign.submit(Job.fill(openers.page(0), Long.BYTES, token)),
                    Errno.EPERM);
            bench.mustRefuse("start through a foreign handle", foreign::start, Errno.EPERM);
            bench.mustRefuse("put through a foreign handle", foreign::putQueue, Errno.EPERM);
            bench.mustRefuse(
                    "a control call through a foreign handle",
                    () -> foreign.control(0x7fff),
                    Errno.EPERM);
            if (bench.claims(Capability.REGIONS)) {
                bench.mustRefuse(
                        "mapping a region through a foreign handle",
                        () -> foreign.mapRegion(QueueRegion.MMIO),
                        Errno.EPERM);
            }
        } else {
            // The device may need fault recovery for a page that fork has made copy-on-write.
            if (!bench.claims(Capability.DEMAND_PAGING)) {
                openers.store("touched by the opener");
            }
            BoundDevice through = bench.use(foreign, openers.process());
            through.mustWrite(openers.page(0), token, "the opener's memory");
            openers.expect(0, token);
        }
        bench.step("whose memory was written");
        openers.mustHold("the opener's memory");
        holders.mustHold("the holder's memory");
        bench.step("the opener's own handle afterwards");
        own.mustRead(openers.page(1), openers.token(1), "the opener's memory");
    }

    @Test
    @Covers(FORK_12)
    void queueRegionsAreNotMappedInTheChild(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        QueueHandle handle = bench.open(parent, 0);
        for (QueueRegion region : handle.accelerator().info().regionSizes().keySet()) {
            long address = handle.mapRegion(region);
            SvaProcess child = bench.fork(parent);
            bench.step("the child touches region %s", region);
            bench.mustFault("a load from the region", () -> child.loadLong(address));
            bench.mustFault("a store to the region", () -> child.storeLong(address, 0));
            child.close();
        }
    }

    @Test
    @Covers(FORK_13)
    void aChildMapsARegionOnlyAsThePolicyAndTheSlotAllow(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        QueueHandle handle = bench.open(parent, 0);
        QueueRegion region = QueueRegion.MMIO;
        Long size = handle.accelerator().info().regionSizes().get(region);
        if (size == null) {
            throw new NotObservable("the device has no doorbell region to map");
        }
        long address = handle.mapRegion(region);
        SvaProcess child = bench.fork(parent);
        QueueHandle theirs = handle.inheritedBy(child);
        bench.step("the child maps the region while the parent has it mapped");
        bench.mustRefuse(
                "the mapping",
                () -> theirs.mapRegion(region),
                refuses(bench) ? Errno.EPERM : Errno.EEXIST);
        bench.step("the parent unmaps the region");
        parent.munmap(address, size);
        if (refuses(bench)) {
            bench.mustRefuse("the mapping", () -> theirs.mapRegion(region), Errno.EPERM);
        } else {
            long mapped = theirs.mapRegion(region);
            bench.mustRefuse(
                    "a mapping by the parent", () -> handle.mapRegion(region), Errno.EEXIST);
            child.munmap(mapped, size);
        }
        bench.step("the parent maps it again");
        handle.mapRegion(region);
    }

    @Test
    @Covers(FORK_14)
    void aQueueLivesUntilTheLastCopyIsClosed(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 1, "memory");
        int before = bench.accelerator(0).availableInstances();
        BoundDevice device = bench.device(parent);
        SvaProcess child = bench.fork(parent);
        QueueHandle theirs = device.handle().inheritedBy(child);
        bench.step("the opener closes its copy");
        device.close();
        boolean seen = false;
        if (bench.claims(Capability.INSTANCES)) {
            bench.check(
                    bench.accelerator(0).availableInstances() == before - 1,
                    "the queue to stay taken: " + (before - 1) + " free",
                    bench.accelerator(0).availableInstances() + " free");
            seen = true;
        }
        if (!refuses(bench)) {
            memory.store("stored after the close");
            bench.use(theirs, parent)
                    .mustRead(memory.page(0), memory.token(0), "the opener's memory");
            seen = true;
        } else if (bench.claims(Capability.PASS_HANDLE)) {
            bench.step("the opener gets the child's copy back");
            QueueHandle back = bench.adopt(theirs.passTo(parent));
            memory.store("stored after the close");
            bench.use(back, parent)
                    .mustRead(memory.page(0), memory.token(0), "the opener's memory");
            back.close();
            seen = true;
        }
        if (!seen) {
            throw new NotObservable(
                    "free queues are not counted, and a foreign handle can neither be used nor"
                            + " passed back");
        }
        bench.step("the child closes the last copy");
        theirs.close();
        if (bench.claims(Capability.INSTANCES)) {
            bench.check(
                    bench.accelerator(0).availableInstances() == before,
                    "the queue to be free again: " + before + " free",
                    bench.accelerator(0).availableInstances() + " free");
        }
    }

    @Test
    @Covers(FORK_15)
    void aChildsCloseNeverStopsTheParentsQueue(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 3, "memory");
        BoundDevice device = bench.device(parent);
        bench.step("a child closes its copy");
        SvaProcess closes = bench.fork(parent);
        QueueHandle theirs = device.handle().inheritedBy(closes);
        theirs.close();
        works(bench, device, memory, 0);
        bench.step(
                "it opens a queue of its own under the same descriptor, and closes the old twice");
        Memory own = memory.in(closes);
        BoundDevice childs = bench.device(closes);
        theirs.close();
        own.store("stored by the child");
        childs.mustRead(own.page(0), own.token(0), "the child's memory, by its own queue");
        bench.step("children exit with copies open");
        for (int i = 0; i < 3; i++) {
            bench.fork(parent).exit(0);
            works(bench, device, memory, i);
        }
        bench.step("the child with a queue of its own exits");
        closes.exit(0);
        works(bench, device, memory, 1);
    }

    private static void works(TestBench bench, BoundDevice device, Memory memory, int page) {
        memory.store(page, "stored by the parent");
        device.mustRead(memory.page(page), memory.token(page), "the parent's memory");
        memory.writeBy(device, page, "by the parent's device");
        memory.mustHold(page, "the parent's memory");
        bench.check(
                device.handle().state() == org.opensva.api.accelerator.QueueState.STARTED
                        || !bench.claims(Capability.QUEUE_STATES),
                "the parent's queue to be started",
                device.handle().state().toString());
    }

    @Test
    @Covers(FORK_16)
    void whenTheOpenerDiesFirstItsHandleIsSilentAndItsPasidReserved(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "before fork");
        BoundDevice device = bench.device(parent);
        memory.writeBy(device, "by the device before fork");
        int pasid = bench.claims(Capability.PASID_VISIBLE) ? device.pasid() : -1;
        SvaProcess child = bench.fork(parent);
        Memory childs = memory.in(child);
        QueueHandle theirs = device.handle().inheritedBy(child);
        bench.step("the opener exits while the child holds the handle");
        parent.exit(0);
        bench.step("the child uses the handle of the dead address space");
        try {
            long ticket = theirs.submit(Job.fill(memory.page(0), Long.BYTES, 1));
            JobResult result = theirs.await(ticket, bench.limits().job());
            bench.check(
                    !result.succeeded(), "no job of a dead address space to succeed", "one did");
        } catch (ErrnoException refused) {
            bench.check(
                    refused.errno() == (refuses(bench) ? Errno.EPERM : Errno.ENXIO)
                            || refused.errno() == Errno.ENXIO,
                    "EPERM or ENXIO",
                    String.valueOf(refused.getMessage()));
        }
        childs.mustHold("the child's memory");
        if (pasid >= 0) {
            bench.step("newcomers take PASIDs while the child holds the handle");
            new RecycleOracle(bench)
                    .mustStayReserved(pasid, "a handle of its address space is open");
        }
        bench.step("the child closes the handle and opens one of its own");
        theirs.close();
        BoundDevice own = bench.device(child);
        childs.store("stored by the child");
        own.mustRead(childs.page(1), childs.token(1), "the child's memory");
    }

    @Test
    @Covers(FORK_18)
    void oneThreadsCloseDoesNotUnbindTheOthers(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 3, "memory");
        BoundDevice stays = bench.device(process);
        memory.writeBy(stays, 0, "before");
        for (int round = 0; round < 4; round++) {
            bench.step("round %d: another thread opens, works and closes", round);
            Concurrent<Boolean> thread =
                    bench.beside(() -> {
                        BoundDevice own = bench.device(process);
                        memory.writeBy(own, 1, "by the other thread");
                        own.close();
                        return true;
                    });
            bench.join("the other thread", thread);
            memory.writeBy(stays, 0, "by this thread, cached");
            memory.writeBy(stays, 2, "by this thread");
            memory.mustHold("the process's memory");
        }
    }

    @Test
    @Covers(FORK_25)
    void aChildOpensAndUsesQueuesOfItsOwn(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "before fork");
        BoundDevice device = bench.device(parent);
        memory.writeBy(device, "by the parent's device");
        SvaProcess child = bench.fork(parent);
        Memory childs = memory.in(child);
        bench.step("the child opens a queue while it holds an inherited one");
        BoundDevice own = bench.device(child);
        childs.store("stored by the child");
        own.mustRead(childs.page(0), childs.token(0), "the child's memory");
        childs.writeBy(own, "by the child's device");
        childs.mustHold("the child's memory");
        memory.mustHold("the parent's memory");
        bench.step("the parent is gone, the child opens another queue");
        parent.close();
        own.close();
        childs.writeBy(bench.device(child), "by the child's second queue");
        childs.mustHold("the child's memory");
    }
}
