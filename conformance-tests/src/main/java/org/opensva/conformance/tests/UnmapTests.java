package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_07;
import static org.opensva.conformance.rules.RuleId.ATS_12;
import static org.opensva.conformance.rules.RuleId.UNMAP_01;
import static org.opensva.conformance.rules.RuleId.UNMAP_02;
import static org.opensva.conformance.rules.RuleId.UNMAP_05;
import static org.opensva.conformance.rules.RuleId.UNMAP_06;
import static org.opensva.conformance.rules.RuleId.UNMAP_12;
import static org.opensva.conformance.rules.RuleId.UNMAP_15;
import static org.opensva.conformance.rules.RuleId.UNMAP_27;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.AliasOracle;
import org.opensva.conformance.suite.oracle.ReuseOracle;
import org.opensva.conformance.suite.oracle.SwapInOracle;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** After an unmapping the old page is out of every device's reach. */
@RuleTests
class UnmapTests {

    @Test
    @Covers(UNMAP_01)
    void anUnmappedPageIsGoneBeforeMunmapReturns(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int pages : new int[] {1, 3}) {
            Memory memory = bench.memory(process, pages, "memory to be unmapped");
            bench.step("the device caches translations of %d pages for reading and writing", pages);
            for (int i = 0; i < pages; i++) {
                device.mustRead(memory.page(i), memory.token(i), "a mapped page");
            }
            memory.writeBy(device, "by the device before munmap");
            process.munmap(memory.address(), memory.length());
            bench.step("munmap of %d pages has returned", pages);
            for (int i = 0; i < pages; i++) {
                device.mustNotReach(memory.page(i), "unmapped page " + i);
            }
        }
        bench.step("translations that were cached for reading only");
        Memory memory = bench.memory(process, 2, "memory that the device only reads");
        device.mustRead(memory.page(0), memory.token(0), "a mapped page");
        device.mustRead(memory.page(1), memory.token(1), "a mapped page");
        process.munmap(memory.address(), memory.length());
        device.mustNotRead(memory.page(0), "an unmapped page");
        device.mustNotReach(memory.page(1), "an unmapped page");
    }

    @Test
    @Covers(UNMAP_01)
    void underLoadAnAccessThatBeganAfterMunmapReturnedFails(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice probe = bench.device(process);
        List<BoundDevice> busy =
                List.of(
                        bench.device(process),
                        bench.device(process, bench.claims(Capability.TWO_DEVICES) ? 1 : 0));
        for (int round = 0; round < 6; round++) {
            int pages = 12;
            Memory memory = bench.memory(process, pages, "memory under load");
            DeviceLoad load =
                    DeviceLoad.start(
                            bench,
                            busy,
                            n -> Job.fill(memory.page((int) (n * 7 % pages)), bench.pages(1), n));
            load.awaitSuccesses(pages);
            for (int i = 0; i < pages; i++) {
                bench.step("round %d: page %d is unmapped while devices use it", round, i);
                process.munmap(memory.page(i), bench.pages(1));
                probe.mustNotReach(memory.page(i), "page " + i + " after its unmapping");
            }
            load.stop();
        }
    }

    @Test
    @Covers(UNMAP_02)
    void theNextOwnerOfAPageIsNeverDamaged(TestBench bench) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices = List.of(bench.device(process), bench.device(process));
        AtomicLong target = new AtomicLong();
        long length = bench.pages(8);
        Memory first = bench.memory(process, 8, "memory to be freed");
        target.set(first.address());
        DeviceLoad load = DeviceLoad.start(bench, devices, n -> Job.fill(target.get(), length, n));
        ReuseOracle oracle = new ReuseOracle(bench);
        for (int round = 0; round < 25; round++) {
            Memory memory = bench.memory(process, 8, "memory to be freed");
            target.set(memory.address());
            load.awaitSuccesses(2);
            bench.step("round %d: memory is unmapped under load and taken by another", round);
            process.munmap(memory.address(), memory.length());
            oracle.take(8);
            load.awaitMore(2);
            oracle.mustBeUndamaged("a device whose mapping is gone");
            target.set(first.address());
        }
        load.stop();
    }

    @Test
    @Covers(UNMAP_02)
    void noProcessorReachesAPageThatWasUnmapped(TestBench bench) {
        SvaProcess process = bench.process("owner");
        ReuseOracle oracle = new ReuseOracle(bench);
        try (ProcessorThreads threads = new ProcessorThreads(bench)) {
            for (int round = 0; round < 3; round++) {
                Memory memory = bench.memory(process, ProcessorThreads.COUNT, "memory to be freed");
                threads.each("a store", i -> process.storeLong(memory.page(i), i));
                bench.step("round %d: memory that every processor has used is unmapped", round);
                process.munmap(memory.address(), memory.length());
                oracle.take(ProcessorThreads.COUNT);
                threads.each(
                        "a store to unmapped memory",
                        i -> {
                            try {
                                process.storeLong(memory.page(i), -1);
                            } catch (CpuFaultException gone) {
                                return;
                            }
                            throw bench.violation(
                                    "a processor to get a segmentation fault at page " + i,
                                    "it stored there after the unmapping");
                        });
                oracle.mustBeUndamaged("a processor that has not forgotten its translation");
            }
        }
    }

    @Test
    @Covers({UNMAP_05, ATS_07})
    void aSharedPageStopsChangingTheMomentMunmapReturns(TestBench bench) {
        // Large, so that munmap comes in the middle of a job that has not reached the end.
        stopsChangingAtOnce(bench, 256, "a view is unmapped while devices write through it");
    }

    @Test
    @Covers(UNMAP_06)
    void everyDeviceOfTheAddressSpaceIsInvalidated(TestBench bench) {
        SvaProcess process = bench.process("owner");
        for (boolean swapped : new boolean[] {false, true}) {
            bench.step("the devices are bound, %s first", swapped ? "the second" : "the first");
            BoundDevice one = bench.device(process, swapped ? 1 : 0);
            BoundDevice two = bench.device(process, swapped ? 0 : 1);
            Memory memory = bench.memory(process, 4, "memory to be unmapped");
            memory.writeBy(one, "by one device");
            memory.writeBy(two, "by the other device");
            process.munmap(memory.address(), memory.length());
            for (int i = 0; i < memory.count(); i++) {
                one.mustNotReach(memory.page(i), "an unmapped page, by " + name(one));
                two.mustNotReach(memory.page(i), "an unmapped page, by " + name(two));
            }
            one.close();
            two.close();
        }
    }

    private static String name(BoundDevice device) {
        return device.handle().accelerator().name();
    }

    @Test
    @Covers(UNMAP_12)
    void tablesThatWereFreedAreWalkedNoMore(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        // Two whole tables of leaf entries, so that tables are freed with the pages.
        int span = bench.pageSize() / Long.BYTES;
        for (int round = 0; round < 3; round++) {
            long room = bench.map(process, 3L * span);
            long step = bench.pages(span);
            long start = (room + step - 1) / step * step;
            int[] touched = {0, 1, span - 1, span, span + 7, 2 * span - 1};
            bench.step("round %d: the device walks through two tables", round);
            for (int page : touched) {
                long address = start + bench.pages(page);
                process.storeLong(address, bench.token("memory to be unmapped"));
                device.mustWrite(address, bench.token("by the device"), "page " + page);
            }
            process.munmap(room, bench.pages(3L * span));
            bench.step("round %d: the tables are taken by another process", round);
            ReuseOracle oracle = new ReuseOracle(bench);
            oracle.take(32);
            for (int page : touched) {
                device.mustNotReach(start + bench.pages(page), "unmapped page " + page);
                // Beside a page that was cached: only the walk can lead there.
                device.mustNotReach(start + bench.pages(page ^ 2), "unmapped page " + (page ^ 2));
            }
            oracle.mustBeUndamaged("a device whose tables are gone");
        }
    }

    @Test
    @Covers(UNMAP_15)
    void afterMappingOtherMemoryAtTheSameAddressTheDeviceSeesOnlyTheNew(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        SwapInOracle oracle = new SwapInOracle(bench, device);
        for (boolean atOnce : new boolean[] {false, true}) {
            for (boolean readsFirst : new boolean[] {true, false}) {
                Memory old = bench.memory(process, 4, "the old memory");
                oracle.hold(old);
                bench.step(
                        "new memory at the old address, %s",
                        atOnce ? "mapped over it" : "after munmap");
                if (!atOnce) {
                    process.munmap(old.address(), old.length());
                }
                oracle.mustBeUsed(oracle.replace(old), readsFirst);
            }
        }
        if (bench.claims(Capability.SHARED_MEMORY)) {
            bench.step("a memory object is replaced by another one at the same address");
            Alias first = bench.alias(process, 2);
            Alias second = bench.alias(process, 2);
            first.first().store("the first object");
            second.second().store("the second object");
            first.first().writeBy(device, "by the device to the first object");
            Memory kept = bench.view(process, first.second().address(), 2);
            process.mmap(
                    MapRequest.sharedFile(second.fd(), 0, bench.pages(2))
                            .at(first.first().address()));
            for (int i = 0; i < 2; i++) {
                kept.expect(i, first.first().token(i));
                bench.mustBe(
                        second.second().token(i),
                        process.loadLong(first.first().page(i)),
                        "what the process sees");
                device.mustRead(
                        first.first().page(i), second.second().token(i), "the second object");
                device.mustWrite(first.first().page(i), 77 + i, "the second object");
                bench.mustBe(77 + i, process.loadLong(second.second().page(i)), "the object");
            }
            kept.mustHold("the first object, which is mapped elsewhere");
        }
        if (bench.claims(Capability.DEMAND_PAGING)) {
            bench.step("new memory that only the device touches");
            Memory old = bench.memory(process, 2, "the old memory");
            old.writeBy(device, "by the device to the old memory");
            process.mmap(MapRequest.anonymous(old.length()).at(old.address()));
            device.mustRead(old.page(0), 0, "new memory, never written");
            Memory fresh = bench.view(process, old.address(), 2);
            fresh.writeBy(device, 1, "by the device to the new memory");
            fresh.mustHold("the new memory");
        }
    }

    @Test
    @Covers({UNMAP_27, ATS_12})
    void oneAddressSpacesUnmappingLeavesTheOthersRight(TestBench bench) {
        SvaProcess one = bench.process("one");
        SvaProcess two = bench.process("two");
        BoundDevice first = bench.device(one);
        BoundDevice second = bench.device(two);
        Memory ones = bench.memory(one, 8, "memory of one");
        Memory twos = Mapping.at(bench, two, ones.address(), 8, "memory of two");
        bench.step("one device works in two address spaces at the same addresses");
        for (int i = 0; i < 8; i++) {
            first.mustRead(ones.page(i), ones.token(i), "memory of one");
            second.mustRead(twos.page(i), twos.token(i), "memory of two");
        }
        ones.writeBy(first, "by the device for one");
        twos.writeBy(second, "by the device for two");
        ones.mustHold("memory of one");
        twos.mustHold("memory of two");
        bench.step("one unmaps, two keeps");
        one.munmap(ones.address(), bench.pages(4));
        for (int i = 0; i < 8; i++) {
            second.mustRead(twos.page(i), twos.token(i), "memory of two");
            if (i < 4) {
                first.mustNotReach(ones.page(i), "what one has unmapped");
            } else {
                first.mustRead(ones.page(i), ones.token(i), "what one has kept");
            }
        }
        twos.writeBy(second, "by the device for two afterwards");
        twos.mustHold("memory of two");
        bench.step("two is gone, one keeps");
        two.close();
        for (int i = 4; i < 8; i++) {
            first.mustRead(ones.page(i), ones.token(i), "what one has kept");
        }
    }

    @Test
    @Covers(UNMAP_12)
    void newTablesAreWalkedAfterTheOldOnesWereFreed(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        int span = bench.pageSize() / Long.BYTES;
        int[] touched = {0, span - 1, span, 2 * span - 1};
        for (int round = 0; round < 2; round++) {
            long room = bench.map(process, 3L * span);
            long step = bench.pages(span);
            long start = (room + step - 1) / step * step;
            bench.step("round %d: the device walks through two tables", round);
            for (int page : touched) {
                long address = start + bench.pages(page);
                process.storeLong(address, bench.token("memory to be unmapped"));
                device.mustWrite(address, bench.token("by the device"), "page " + page);
            }
            process.munmap(room, bench.pages(3L * span));
            bench.step("round %d: new memory, with new tables, at the same place", round);
            process.mmap(MapRequest.anonymous(bench.pages(2L * span)).at(start));
            for (int page : touched) {
                long address = start + bench.pages(page);
                long token = bench.token("the new memory");
                process.storeLong(address, token);
                device.mustRead(address, token, "new memory, page " + page);
            }
        }
    }

    @Test
    @Covers({UNMAP_05, ATS_07})
    void aShortMappingStopsChangingTheMomentMunmapReturns(TestBench bench) {
        // So short that some access is always under way in the pages that are looked at.
        stopsChangingAtOnce(bench, 2, "a short view is unmapped while devices write to it");
    }

    private static void stopsChangingAtOnce(TestBench bench, int pages, String what) {
        SvaProcess process = bench.process("owner");
        List<BoundDevice> devices =
                List.of(
                        bench.device(process),
                        bench.device(process, bench.claims(Capability.TWO_DEVICES) ? 1 : 0));
        for (int round = 0; round < 20; round++) {
            try (AliasOracle oracle = new AliasOracle(bench, process, pages)) {
                bench.step("round %d: devices write through a view", round);
                DeviceLoad load = oracle.writeBy(devices);
                oracle.mustStopChanging("round %d: %s".formatted(round, what), load, oracle::unmap);
            }
        }
    }

    @Test
    @Covers(UNMAP_01)
    void aBusyDeviceFindsNothingStaleToCacheAgain(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice busy = bench.device(process);
        BoundDevice probe = bench.device(process);
        for (int round = 0; round < 20; round++) {
            Memory memory = bench.memory(process, 1, "memory under load");
            bench.step("round %d: the only page that a device writes to is unmapped", round);
            DeviceLoad load =
                    DeviceLoad.start(
                            bench, List.of(busy), n -> Job.fill(memory.page(0), Long.BYTES, n));
            load.awaitSuccesses(3);
            process.munmap(memory.address(), memory.length());
            probe.mustNotReach(memory.page(0), "the unmapped page");
            load.stop();
        }
    }
}
