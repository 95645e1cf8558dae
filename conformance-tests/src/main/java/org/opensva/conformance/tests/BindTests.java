package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.BIND_01;
import static org.opensva.conformance.rules.RuleId.BIND_02;
import static org.opensva.conformance.rules.RuleId.BIND_03;
import static org.opensva.conformance.rules.RuleId.BIND_04;
import static org.opensva.conformance.rules.RuleId.BIND_10;
import static org.opensva.conformance.rules.RuleId.BIND_12;
import static org.opensva.conformance.rules.RuleId.BIND_14;
import static org.opensva.conformance.rules.RuleId.BIND_15;
import static org.opensva.conformance.rules.RuleId.BIND_16;
import static org.opensva.conformance.rules.RuleId.BIND_17;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Errno;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.PairOracle;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/** What a bind gives, and how often. */
@RuleTests
class BindTests {

    /** How often the system may move pages beside a refused open. */
    private static final int ATTEMPTS = 8;

    private static final int MOST_QUEUES = 300;

    @Test
    @Covers(BIND_01)
    void processAndDeviceSeeEachOthersStoresAtTheSameAddress(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 8, "mapped before the bind");
        BoundDevice device = bench.device(process);
        for (int round = 0; round < 20; round++) {
            int page = bench.random().nextInt(memory.count());
            bench.step("round %d: the process stores, the device reads", round);
            memory.store(page, "stored by the process");
            device.mustRead(memory.page(page), memory.token(page), "a page of the process");
            bench.step("round %d: the device writes, the process loads", round);
            memory.writeBy(device, page, "written by the device");
            memory.mustHold(page, "what the process loads");
        }
        bench.step("all pages at the end");
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(BIND_01)
    void farApartAddressesLeadToTheirOwnPages(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        List<Memory> places = new ArrayList<>();
        // Hints only: what matters is that indices of every table level differ.
        for (long hint :
                new long[] {
                    0x1234_5000L, 0x4000_0000L, 0x7f_c020_0000L, 0x80_0000_0000L, 0x6123_4567_8000L
                }) {
            long address =
                    process.mmap(
                            new MapRequest(
                                    hint,
                                    bench.pages(2),
                                    Protection.READ_WRITE,
                                    false,
                                    false,
                                    MapRequest.ANONYMOUS,
                                    0));
            Memory memory = bench.fill(process, address, 2, "at 0x" + Long.toHexString(address));
            places.add(memory);
            bench.step("memory at 0x%x", address);
            device.mustRead(memory.page(0), memory.token(0), "its first page");
            memory.writeBy(device, 1, "by the device");
        }
        for (Memory memory : places) {
            memory.mustHold("memory at 0x" + Long.toHexString(memory.address()));
        }
    }

    @Test
    @Covers(BIND_02)
    void memoryMappedAfterTheBindIsUsableAtOnce(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        bench.step("anonymous memory that the process has never touched");
        Memory memory = new Mapping(bench, process).untouched(6);
        memory.writeBy(device, "written by the device first");
        memory.mustHold("memory mapped after the bind");
        if (bench.claims(Capability.SHARED_MEMORY)) {
            bench.step("a memory object mapped after the bind");
            Alias alias = bench.alias(process, 3);
            alias.first().writeBy(device, "written by the device through one view");
            for (int i = 0; i < 3; i++) {
                bench.mustBe(
                        alias.first().token(i),
                        process.loadLong(alias.second().page(i)),
                        "the other view");
            }
        }
        if (bench.claims(Capability.MREMAP)) {
            bench.step("a mapping that has grown");
            long grown = process.mremap(memory.address(), memory.length(), bench.pages(12), true);
            device.mustRead(grown, memory.token(0), "its first page");
            long token = bench.token("written to the grown part");
            device.mustWrite(grown + bench.pages(11), token, "its last page");
            bench.mustBe(token, process.loadLong(grown + bench.pages(11)), "the grown part");
        }
    }

    @Test
    @Covers(BIND_03)
    void translationLastsUntilTheLastUnbind(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 6, "memory");
        for (boolean firstGoesFirst : new boolean[] {true, false}) {
            bench.step("two binds of one address space to one device");
            BoundDevice one = bench.device(process);
            BoundDevice two = bench.device(process);
            if (bench.claims(Capability.PASID_VISIBLE)) {
                bench.check(
                        one.pasid() == two.pasid(),
                        "both binds to give the same PASID",
                        "PASID " + one.pasid() + " and PASID " + two.pasid());
            }
            memory.writeBy(one, 0, "by the first");
            memory.writeBy(two, 1, "by the second");
            BoundDevice goes = firstGoesFirst ? one : two;
            BoundDevice stays = firstGoesFirst ? two : one;
            bench.step("one of the two is closed");
            goes.close();
            bench.step("the other one uses a page that it had used before");
            memory.writeBy(stays, 0, "after the first unbind");
            bench.step("the other one uses a page that no device had used before");
            memory.writeBy(stays, firstGoesFirst ? 2 : 3, "after the first unbind");
            stays.mustRead(memory.page(4), memory.token(4), "a page it never used");
            memory.mustHold("the process's memory");
            stays.close();
        }
        bench.step("a bind after the last unbind");
        memory.writeBy(bench.device(process), "after all was unbound");
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(BIND_04)
    void unbindingOneDeviceLeavesTheOtherOneTranslating(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 4, "memory");
        BoundDevice one = bench.device(process, 0);
        BoundDevice two = bench.device(process, 1);
        if (bench.claims(Capability.PASID_VISIBLE)) {
            bench.check(
                    one.pasid() == two.pasid(),
                    "one address space to have the same PASID on both devices",
                    "PASID " + one.pasid() + " and PASID " + two.pasid());
        }
        memory.writeBy(one, 0, "by the first device");
        memory.writeBy(two, 1, "by the second device");
        new PairOracle(bench, one, two).mustGoOn("the first device is unbound", one::close);
        memory.writeBy(two, 1, "by the second device, cached");
        memory.writeBy(two, 2, "by the second device, not cached");
        BoundDevice again = bench.device(process, 0);
        new PairOracle(bench, two, again)
                .mustGoOn("the first device is bound again, and the second is unbound", two::close);
        memory.writeBy(again, 3, "by the first device again");
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(BIND_10)
    void bindingADeadProcessIsRefused(TestBench bench) {
        SvaProcess process = bench.process("dead");
        process.exit(0);
        bench.mustRefuse(
                "a bind of a process that has exited",
                () -> bench.open(process, 0),
                Errno.EINVAL,
                Errno.ESRCH);
        bench.step("the device is as usable as before");
        SvaProcess other = bench.process("other");
        Memory memory = bench.memory(other, 1, "memory");
        memory.writeBy(bench.device(other), "by the device");
        memory.mustHold("the other process's memory");
    }

    @Test
    @Covers(BIND_12)
    void aFailedOpenLeavesNoTraceAndCanBeRetriedAtOnce(TestBench bench) {
        int instances = bench.accelerator(0).info().instances();
        if (instances > MOST_QUEUES) {
            throw new NotObservable(
                    "the device has " + instances + " queues: too many to make an open fail");
        }
        SvaProcess greedy = bench.process("greedy");
        Memory memory = bench.memory(greedy, 1, "memory");
        BoundDevice device = bench.device(greedy);
        List<QueueHandle> taken = new ArrayList<>();
        for (int i = 1; i < instances; i++) {
            taken.add(bench.open(greedy, 0));
        }
        SvaProcess late = bench.process("late");
        SortedMap<String, Long> before = resources(bench);
        SortedMap<String, Long> after = failedOpens(bench, late);
        // What the system does to pages meanwhile is no trace of an open, which is there each time.
        for (int again = 1; again < ATTEMPTS && !before.equals(after); again++) {
            before = resources(bench);
            after = failedOpens(bench, late);
        }
        bench.check(
                before.equals(after),
                "the failed opens to leave nothing behind: " + before,
                after.toString());
        bench.step("the bond of the other process was not disturbed");
        memory.writeBy(device, "after the failed opens");
        memory.mustHold("the other process's memory");
        bench.step("a queue becomes free and the open is retried");
        if (taken.isEmpty()) {
            device.close();
        } else {
            taken.getFirst().close();
        }
        Memory own = bench.memory(late, 1, "memory");
        own.writeBy(bench.device(late), "by the late one's device");
        own.mustHold("the late process's memory");
    }

    /** What is in use after opens that were refused. */
    private static SortedMap<String, Long> failedOpens(TestBench bench, SvaProcess late) {
        bench.step("an open of a device whose queues are all taken");
        for (int i = 0; i < 3; i++) {
            bench.mustRefuse("the open", () -> bench.tryToOpen(late), Errno.EBUSY);
        }
        return resources(bench);
    }

    private static SortedMap<String, Long> resources(TestBench bench) {
        return bench.backend()
                .introspection()
                .map(Introspection::resources)
                .orElseGet(java.util.TreeMap::new);
    }

    @Test
    @Covers(BIND_14)
    void allThreadsOfAnAddressSpaceShareItsBond(TestBench bench) {
        SvaProcess process = bench.process("owner");
        Memory memory = bench.memory(process, 4, "memory");
        BoundDevice device = bench.device(process);
        List<Concurrent<Integer>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int page = i;
            threads.add(
                    bench.beside(() -> {
                        memory.writeBy(device, page, "by a thread through one handle");
                        BoundDevice own = bench.device(process);
                        memory.writeBy(own, page, "by a thread through its own handle");
                        return bench.claims(Capability.PASID_VISIBLE) ? own.pasid() : 0;
                    }));
        }
        for (Concurrent<Integer> thread : threads) {
            int pasid = bench.join("a thread that uses the device", thread);
            if (bench.claims(Capability.PASID_VISIBLE)) {
                bench.check(
                        pasid == device.pasid(),
                        "every thread to work under PASID " + device.pasid(),
                        "PASID " + pasid);
            }
        }
        memory.mustHold("the process's memory");
    }

    @Test
    @Covers(BIND_15)
    void handingAHandleOnRebindsNothing(TestBench bench) {
        SvaProcess opener = bench.process("opener");
        Memory memory = bench.memory(opener, 2, "the opener's memory");
        BoundDevice device = bench.device(opener);
        memory.writeBy(device, "by the opener's device");
        SvaProcess receiver =
                bench.claims(Capability.FORK) ? bench.fork(opener) : bench.process("receiver");
        QueueHandle theirs =
                bench.claims(Capability.FORK)
                        ? device.handle().inheritedBy(receiver)
                        : device.handle().passTo(receiver);
        Memory other =
                bench.claims(Capability.FORK)
                        ? memory.in(receiver)
                        : Mapping.at(bench, receiver, memory.address(), 2, "the receiver's memory");
        bench.step("the opener's device works after the handle went to another process");
        memory.store("stored by the opener");
        device.mustRead(memory.page(0), memory.token(0), "the opener's memory");
        if (bench.claims(Capability.DEMAND_PAGING)) {
            memory.writeBy(device, "by the opener's device afterwards");
        }
        if (bench.descriptor().foreignHandles() == ForeignHandlePolicy.OPENER) {
            bench.step("the receiver drives the device");
            memory.writeBy(bench.use(theirs, opener), "by the receiver's handle");
        }
        memory.mustHold("the opener's memory");
        other.mustHold("the receiver's memory");
    }

    @Test
    @Covers(BIND_16)
    void everyBindServesFaultsWithoutASeparateStep(TestBench bench) {
        SvaProcess process = bench.process("owner");
        for (int round = 0; round < 3; round++) {
            bench.step("bind %d, and an access to absent pages", round + 1);
            BoundDevice device = bench.device(process);
            Memory memory = new Mapping(bench, process).untouched(3);
            memory.writeBy(device, "by the device, first of all");
            memory.mustHold("absent pages that the device wrote");
            device.close();
        }
    }

    @Test
    @Covers(BIND_17)
    void withoutFaultRecoveryAnAbsentPageIsAnErrorOfTheJob(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory present = bench.memory(process, 1, "present");
        Memory absent = new Mapping(bench, process).untouched(1);
        bench.step("an access to an absent page");
        JobResult result = device.write(absent.page(0), bench.token("must not arrive"));
        bench.check(
                result.status() == JobStatus.PAGE_FAULT,
                "the job to end with PAGE_FAULT",
                result.status().toString());
        bench.step("the process and the next job are unharmed");
        present.writeBy(device, "by the next job");
        present.mustHold("the present page");
        absent.store("touched by the process");
        device.mustRead(absent.page(0), absent.token(0), "the page, present by now");
    }
}
