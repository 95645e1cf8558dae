package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_01;
import static org.opensva.conformance.rules.RuleId.FORK_03;
import static org.opensva.conformance.rules.RuleId.FORK_04;
import static org.opensva.conformance.rules.RuleId.FORK_05;
import static org.opensva.conformance.rules.RuleId.FORK_06;
import static org.opensva.conformance.rules.RuleId.FORK_07;
import static org.opensva.conformance.rules.RuleId.FORK_08;
import static org.opensva.conformance.rules.RuleId.FORK_09;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.RecycleOracle;
import org.opensva.conformance.suite.oracle.TwinOracle;

import java.util.ArrayList;
import java.util.List;

/** What fork does to memory that a device uses. */
@RuleTests
class ForkMemoryTests {

    @Test
    @Covers(FORK_01)
    void theParentsDeviceSeesNothingOfTheChild(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "the parent's memory");
        Memory hole = bench.memory(parent, 2, "memory that is gone before fork");
        BoundDevice device = bench.device(parent);
        memory.writeBy(device, "before fork");
        parent.munmap(hole.address(), hole.length());
        SvaProcess child = bench.fork(parent);
        bench.step("the child maps memory where the parent has none");
        Memory childs = Mapping.at(bench, child, hole.address(), 2, "memory of the child alone");
        for (int i = 0; i < 2; i++) {
            device.mustNotReach(childs.page(i), "memory that only the child has mapped");
        }
        childs.mustHold("the child's own memory");
        bench.step("the child unmaps memory that the parent keeps");
        child.munmap(memory.address(), memory.length());
        device.mustRead(memory.page(0), memory.token(0), "memory that the child has unmapped");
        memory.store(1, "stored by the parent");
        device.mustRead(memory.page(1), memory.token(1), "memory that the child has unmapped");
        memory.mustHold("the parent's memory");
    }

    @Test
    @Covers(FORK_01)
    @Needs(Capability.PASID_VISIBLE)
    void theEndOfAChildThatNeverBoundFreesNoPasid(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 1, "the parent's memory");
        BoundDevice device = bench.device(parent);
        for (int i = 0; i < 3; i++) {
            bench.fork(parent).close();
        }
        bench.step("children have come and gone");
        new RecycleOracle(bench).mustStayReserved(device.pasid(), "its owner is alive and bound");
        device.mustRead(memory.page(0), memory.token(0), "the parent's memory");
    }

    @Test
    @Covers(FORK_03)
    void aBindInTheChildGivesItAPasidOfItsOwn(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 2, "before fork");
        BoundDevice parents = bench.device(parent);
        SvaProcess child = bench.fork(parent);
        SvaProcess sibling = bench.fork(parent);
        SvaProcess grandchild = bench.fork(child);
        List<SvaProcess> family = List.of(parent, child, sibling, grandchild);
        List<BoundDevice> devices = new ArrayList<>(List.of(parents));
        for (SvaProcess process : family.subList(1, family.size())) {
            BoundDevice device = bench.device(process);
            for (BoundDevice other : devices) {
                bench.check(
                        other.pasid() != device.pasid(),
                        "a PASID that no relative has",
                        "PASID " + device.pasid() + " twice");
            }
            devices.add(device);
        }
        bench.step("each device works on its own process's memory at one address");
        List<Memory> views = new ArrayList<>();
        for (int i = 0; i < family.size(); i++) {
            Memory view = memory.in(family.get(i));
            view.store("stored by relative " + i);
            views.add(view);
        }
        for (int i = 0; i < family.size(); i++) {
            devices.get(i).mustRead(views.get(i).page(0), views.get(i).token(0), "its own memory");
            views.get(i).writeBy(devices.get(i), 1, "by the device of relative " + i);
        }
        for (Memory view : views) {
            view.mustHold("memory of one of the relatives");
        }
    }

    @Test
    @Covers(FORK_04)
    @Needs(Capability.DEMAND_PAGING)
    void jobsInFlightSurviveForkAndLandInTheParent(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        BoundDevice device = bench.device(parent);
        int jobs = Math.clamp(device.handle().accelerator().info().queueDepth() / 2, 1, 16);
        int pages = 8;
        for (int round = 0; round < 6; round++) {
            Memory memory = bench.memory(parent, jobs * pages, "before the jobs");
            bench.step("round %d: %d jobs are submitted, then the parent forks", round, jobs);
            List<Long> tickets = new ArrayList<>();
            long[] tokens = new long[jobs];
            for (int i = 0; i < jobs; i++) {
                tokens[i] = bench.token("of job " + i);
                tickets.add(
                        device.submit(
                                Job.fill(memory.page(i * pages), bench.pages(pages), tokens[i])));
            }
            SvaProcess child = bench.fork(parent);
            for (int i = 0; i < jobs; i++) {
                JobResult result = device.await(tickets.get(i), "job that was in flight at fork");
                bench.check(
                        result.succeeded(),
                        "job " + i + ", in flight at fork, to succeed",
                        result.status() + " at 0x" + Long.toHexString(result.faultAddress()));
            }
            for (int i = 0; i < jobs * pages; i++) {
                bench.mustBe(
                        tokens[i / pages],
                        parent.loadLong(memory.page(i) + bench.pageSize() - Long.BYTES),
                        "the parent's page " + i);
            }
            child.close();
        }
    }

    @Test
    @Covers(FORK_05)
    void noDeviceWriteAfterForkReachesTheChild(TestBench bench) {
        int devices = bench.claims(Capability.TWO_DEVICES) ? 2 : 1;
        for (int pages : new int[] {1, 40, 600}) {
            for (int index = 0; index < devices; index++) {
                SvaProcess parent = bench.process("parent");
                Memory memory = bench.memory(parent, pages, "before fork");
                BoundDevice device = bench.device(parent, index);
                bench.step("device %d caches writable translations of %d pages", index, pages);
                memory.writeBy(device, "by the device before fork");
                TwinOracle twin = new TwinOracle(bench, memory);
                bench.step("device %d writes to %d pages after fork", index, pages);
                for (int i = 0; i < pages; i++) {
                    // Whether it succeeds depends on fault recovery; where it lands must not.
                    device.write(memory.page(i), bench.token("by the device after fork"));
                }
                twin.memory().mustHold("the child's private memory");
                twin.mustBeUntouched("the parent's device writes");
                twin.close();
                parent.close();
            }
        }
    }

    @Test
    @Covers(FORK_06)
    void theNextDeviceWriteGivesTheParentItsOwnPage(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        BoundDevice device = bench.device(parent);
        Memory memory = bench.memory(parent, 6, "before fork");
        memory.writeBy(device, 0, "by the device before fork");
        device.mustRead(memory.page(1), memory.token(1), "a page that the device reads before");
        for (int generation = 0; generation < 3; generation++) {
            SvaProcess child = bench.fork(parent);
            Memory childs = memory.in(child);
            bench.step("generation %d: the first device writes after fork", generation);
            device.mustRead(memory.page(2), memory.token(2), "a page that the device reads after");
            memory.writeBy(device, "by the device after fork " + generation);
            memory.mustHold("the parent's memory");
            childs.mustHold("the child's memory");
            bench.step("generation %d: the parent's device reads what it wrote", generation);
            device.mustRead(memory.page(2), memory.token(2), "the parent's own page");
        }
    }

    @Test
    @Covers(FORK_07)
    void theDeviceReadsTheNewPageAfterTheParentBrokeCopyOnWrite(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 8, "before fork");
        BoundDevice device = bench.device(parent);
        for (int i = 0; i < 8; i += 2) {
            device.mustRead(memory.page(i), memory.token(i), "a page before fork");
        }
        SvaProcess child = bench.fork(parent);
        Memory childs = memory.in(child);
        bench.step("the device caches the shared pages for reading");
        for (int i = 0; i < 8; i++) {
            device.mustRead(memory.page(i), memory.token(i), "a shared page");
        }
        bench.step("the parent's processor breaks copy-on-write");
        memory.store("stored by the parent after fork");
        for (int i = 0; i < 8; i++) {
            device.mustRead(memory.page(i), memory.token(i), "the parent's new page");
        }
        childs.mustHold("the child's memory");
    }

    @Test
    @Covers(FORK_07)
    void whicheverProcessorStoresAfterForkTheDeviceReadsItAndTheChildDoesNot(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, ProcessorThreads.COUNT, "before fork");
        BoundDevice device = bench.device(parent);
        try (ProcessorThreads threads = new ProcessorThreads(bench)) {
            bench.step("every processor caches a translation for writing");
            threads.each("a store", i -> memory.store(i, "stored by a processor before fork"));
            SvaProcess child = bench.fork(parent);
            Memory childs = memory.in(child);
            bench.step("every processor of the parent stores");
            threads.each("a store", i -> memory.store(i, "stored by a processor after fork"));
            for (int i = 0; i < memory.count(); i++) {
                device.mustRead(memory.page(i), memory.token(i), "the parent's new page");
            }
            childs.mustHold("the child's memory");
        }
    }

    @Test
    @Covers(FORK_08)
    void theDeviceSeesNothingOfTheChildsStores(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 4, "before fork");
        BoundDevice device = bench.device(parent);
        device.mustRead(memory.page(0), memory.token(0), "a page before fork");
        SvaProcess child = bench.fork(parent);
        device.mustRead(memory.page(1), memory.token(1), "a page after fork");
        bench.step("the child's processor breaks copy-on-write");
        Memory childs = memory.in(child);
        childs.store("stored by the child");
        for (int i = 0; i < 4; i++) {
            device.mustRead(memory.page(i), memory.token(i), "the parent's page");
        }
        bench.step("the child exits");
        child.close();
        for (int i = 0; i < 4; i++) {
            device.mustRead(memory.page(i), memory.token(i), "the parent's page");
        }
        memory.mustHold("the parent's memory");
    }

    @Test
    @Covers(FORK_09)
    void sharedMappingsStaySharedWithTheDevice(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Alias alias = bench.alias(parent, 3);
        long anonymous =
                parent.mmap(
                        new MapRequest(
                                0,
                                bench.pages(1),
                                org.opensva.api.memory.Protection.READ_WRITE,
                                true,
                                false,
                                MapRequest.ANONYMOUS,
                                0));
        parent.storeLong(anonymous, bench.token("shared and anonymous"));
        BoundDevice device = bench.device(parent);
        alias.first().store("before fork");
        alias.first().writeBy(device, 0, "by the device before fork");
        SvaProcess child = bench.fork(parent);
        bench.step("the device writes to shared memory after fork");
        if (!bench.claims(Capability.DEMAND_PAGING)) {
            parent.loadLong(anonymous);
            alias.first().mustHold("shared memory, touched again");
        }
        alias.first().writeBy(device, "by the device after fork");
        Memory childs = alias.first().in(child);
        childs.mustHold("the child's view");
        alias.first().mustHold("the parent's view");
        long token = bench.token("by the device to shared anonymous memory");
        device.mustWrite(anonymous, token, "shared anonymous memory");
        bench.mustBe(token, child.loadLong(anonymous), "the child's shared anonymous memory");
        bench.step("the child stores to shared memory");
        childs.store("by the child");
        for (int i = 0; i < 3; i++) {
            device.mustRead(childs.page(i), childs.token(i), "shared memory");
        }
    }
}
