package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_10;
import static org.opensva.conformance.rules.RuleId.FORK_17;
import static org.opensva.conformance.rules.RuleId.FORK_23;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.DeviceRead;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Fork while devices work. */
@RuleTests
class ForkRaceTests {

    @Test
    @Covers(FORK_10)
    void theDeviceNeverSeesTwoCopiedPagesChangeInTheWrongOrder(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        BoundDevice device = bench.device(parent);
        for (int round = 0; round < 20; round++) {
            Memory memory = bench.memory(parent, 2, "before fork");
            SvaProcess child = bench.fork(parent);
            long oldFirst = memory.token(0);
            long newSecond = bench.token("stored second");
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger pairs = new AtomicInteger();
            bench.step("round %d: the device reads B, then A; the parent stores A, then B", round);
            Concurrent<Boolean> reader =
                    bench.beside(() -> {
                        boolean reversed = false;
                        while (!stop.get() && !reversed) {
                            DeviceRead second = device.read(memory.page(1));
                            DeviceRead first = device.read(memory.page(0));
                            reversed =
                                    second.succeeded()
                                            && second.value() == newSecond
                                            && first.succeeded()
                                            && first.value() == oldFirst;
                            pairs.incrementAndGet();
                        }
                        return reversed;
                    });
            awaitPairs(bench, reader, pairs, 2);
            memory.store(0, "stored first");
            parent.storeLong(memory.page(1), newSecond);
            awaitPairs(bench, reader, pairs, pairs.get() + 2);
            stop.set(true);
            bench.check(
                    !bench.join("the device's reads", reader),
                    "a device that has seen the second store to see the first one too",
                    "it read the new B and then the old A");
            child.close();
        }
    }

    private static void awaitPairs(
            TestBench bench, Concurrent<Boolean> reader, AtomicInteger pairs, int wanted) {
        bench.until(
                "the device to have read the two pages",
                bench.limits().job(),
                () -> pairs.get() >= wanted || reader.isDone());
    }

    @Test
    @Covers(FORK_17)
    @Needs(Capability.DEMAND_PAGING)
    void theEndOfAChildDisturbsNoJobOfTheParent(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 16, "before");
        BoundDevice device = bench.device(parent);
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        List.of(device),
                        n -> Job.fill(memory.address(), memory.length(), n));
        for (int round = 0; round < 12; round++) {
            bench.step("round %d: a child ends while the parent's device works", round);
            SvaProcess child = bench.fork(parent);
            load.awaitSuccesses(1);
            if (round % 2 == 0 && bench.claims(Capability.KILL)) {
                child.kill(Signal.SIGKILL);
                bench.check(
                        child.awaitTermination(bench.limits().bounded()),
                        "the killed child to end",
                        "it lives");
            } else {
                child.exit(0);
            }
            load.awaitSuccesses(1);
            child.close();
        }
        load.stop();
        bench.check(load.failed() == 0, "no job of the parent to fail", load.failed() + " failed");
        bench.mustBe(load.submitted(), parent.loadLong(memory.page(7)), "the parent's memory");
    }

    @Test
    @Covers(FORK_23)
    @Needs(Capability.DEMAND_PAGING)
    void repeatedForkUnderDeviceWritesLeaksNoByte(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        Memory memory = bench.memory(parent, 24, "before");
        List<BoundDevice> devices =
                bench.claims(Capability.TWO_DEVICES)
                        ? List.of(bench.device(parent, 0), bench.device(parent, 1))
                        : List.of(bench.device(parent, 0), bench.device(parent, 0));
        DeviceLoad load =
                DeviceLoad.start(
                        bench, devices, n -> Job.fill(memory.address(), memory.length(), n));
        load.awaitSuccesses(2);
        for (int round = 0; round < 25; round++) {
            bench.step("round %d: fork while the devices write", round);
            SvaProcess child = bench.fork(parent);
            long newest = load.submitted();
            MemorySnapshot born =
                    MemorySnapshot.of(bench, child, memory.address(), memory.length());
            for (int word = 0; word < memory.length() / Long.BYTES; word += 64) {
                long seen = born.word(word);
                bench.check(
                        seen <= newest,
                        "the child to hold nothing that was written after its birth, job " + newest,
                        "it holds what job " + seen + " wrote");
            }
            load.awaitMore(3);
            born.mustBeUnchanged("the child's private memory, while the parent's devices write,");
            child.close();
        }
        load.stop();
        bench.check(load.failed() == 0, "no job of the parent to fail", load.failed() + " failed");
    }
}
