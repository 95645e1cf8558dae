package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_04;
import static org.opensva.conformance.rules.RuleId.UNMAP_16;
import static org.opensva.conformance.rules.RuleId.UNMAP_17;
import static org.opensva.conformance.rules.RuleId.UNMAP_18;
import static org.opensva.conformance.rules.RuleId.UNMAP_19;
import static org.opensva.conformance.rules.RuleId.UNMAP_20;
import static org.opensva.conformance.rules.RuleId.UNMAP_24;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Capability;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.List;

/** Mappings that change otherwise than by munmap. */
@RuleTests
class MappingChangeTests {

    @Test
    @Covers(UNMAP_16)
    void aMovedMappingTakesTheDevicesViewAlong(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 6, "memory to be moved");
        memory.writeBy(device, "by the device before the move");
        bench.step("the mapping grows and moves");
        // Something behind it, so that it cannot grow where it is.
        bench.map(process, 1);
        long moved = process.mremap(memory.address(), memory.length(), bench.pages(40), true);
        for (int i = 0; i < 6; i++) {
            long place = moved + bench.pages(i);
            bench.mustBe(memory.token(i), process.loadLong(place), "what the device had written");
            device.mustRead(place, memory.token(i), "the moved page");
            long token = bench.token("by the device after the move");
            device.mustWrite(place, token, "the moved page");
            bench.mustBe(token, process.loadLong(place), "the moved page");
            if (moved != memory.address()) {
                device.mustNotReach(memory.page(i), "the old place of page " + i);
            }
        }
        bench.step("the mapping shrinks");
        long last = process.loadLong(moved + bench.pages(2));
        device.mustWrite(moved + bench.pages(4), 1, "a page of the tail");
        process.mremap(moved, bench.pages(40), bench.pages(3), false);
        for (int i = 3; i < 6; i++) {
            device.mustNotReach(moved + bench.pages(i), "page " + i + " of the tail");
        }
        device.mustRead(moved + bench.pages(2), last, "the last page that is left");
    }

    @Test
    @Covers(UNMAP_16)
    @Needs(Capability.SHARED_MEMORY)
    void whatAMovedSharedMappingLeavesBehindIsDeadForTheDevice(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        int fd = process.createSharedMemory(bench.pages(4));
        long old = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(4)));
        Memory memory = bench.fill(process, old, 4, "shared memory to be moved");
        memory.writeBy(device, "by the device before the move");
        bench.step("the mapping grows and moves");
        bench.map(process, 1);
        long moved = process.mremap(old, bench.pages(4), bench.pages(40), true);
        if (moved != old) {
            for (int i = 0; i < memory.count(); i++) {
                device.mustNotReach(memory.page(i), "the old place of page " + i);
            }
        }
        for (int i = 0; i < memory.count(); i++) {
            long place = moved + bench.pages(i);
            bench.mustBe(memory.token(i), process.loadLong(place), "what the device had written");
            device.mustRead(place, memory.token(i), "the moved page");
        }
    }

    @Test
    @Covers(UNMAP_17)
    void aNarrowedMappingIsNarrowForTheDeviceWhenMprotectReturns(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int pages : new int[] {1, 5, 70}) {
            Memory memory = bench.memory(process, pages, "memory");
            memory.writeBy(device, "by the device while it was writable");
            bench.step("%d pages become read-only", pages);
            process.mprotect(memory.address(), memory.length(), Protection.READ);
            for (int i = 0; i < pages; i++) {
                device.mustNotWrite(memory.page(i), "the read-only page " + i);
                device.mustRead(memory.page(i), memory.token(i), "the read-only page " + i);
            }
            memory.mustHold("the read-only memory");
            bench.step("%d pages become inaccessible", pages);
            process.mprotect(memory.address(), memory.length(), Protection.NONE);
            for (int i = 0; i < pages; i++) {
                device.mustNotReach(memory.page(i), "the inaccessible page " + i);
            }
            bench.step("%d pages become accessible again", pages);
            process.mprotect(memory.address(), memory.length(), Protection.READ_WRITE);
            memory.mustHold("the memory");
        }
        bench.step("one page in the middle becomes read-only");
        Memory memory = bench.memory(process, 5, "memory");
        memory.writeBy(device, "by the device");
        process.mprotect(memory.page(2), bench.pages(1), Protection.READ);
        device.mustNotWrite(memory.page(2), "the read-only page");
        memory.writeBy(device, 1, "by the device to a neighbour");
        memory.writeBy(device, 3, "by the device to a neighbour");
        memory.mustHold("the memory");
    }

    @Test
    @Covers(UNMAP_18)
    void aWidenedMappingIsUsableInBoundedTime(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 4, "memory");
        for (int round = 0; round < 4; round++) {
            process.mprotect(memory.address(), memory.length(), Protection.READ);
            bench.step("round %d: the device caches read-only translations", round);
            for (int i = 0; i < 4; i++) {
                device.mustRead(memory.page(i), memory.token(i), "a read-only page");
            }
            process.mprotect(memory.address(), memory.length(), Protection.READ_WRITE);
            bench.step("round %d: the device writes after the mapping was widened", round);
            memory.writeBy(device, "by the device after the widening");
            memory.mustHold("the memory");
        }
        bench.step("from inaccessible to writable");
        process.mprotect(memory.address(), memory.length(), Protection.NONE);
        // What it answers is the subject of another rule; here it leaves the device with a refusal.
        device.read(memory.page(0));
        process.mprotect(memory.address(), memory.length(), Protection.READ_WRITE);
        memory.writeBy(device, "by the device after the widening");
        memory.mustHold("the memory");
    }

    @Test
    @Covers(UNMAP_19)
    void discardedMemoryReadsAsZerosAndTakesNewWrites(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int pages : new int[] {1, 6, 80}) {
            Memory memory = bench.memory(process, pages, "memory to be discarded");
            memory.writeBy(device, "by the device before the discard");
            process.madvise(memory.address(), memory.length(), Advice.DONTNEED);
            bench.step("%d pages were discarded", pages);
            for (int i = 0; i < pages; i++) {
                if (i % 2 == 0) {
                    device.mustRead(memory.page(i), 0, "the discarded page " + i);
                    memory.expect(i, 0);
                }
            }
            for (int i = 1; i < pages; i += 2) {
                memory.writeBy(device, i, "by the device after the discard");
            }
            memory.mustHold("the discarded memory");
            memory.writeBy(device, "by the device at last");
            memory.mustHold("the discarded memory");
        }
    }

    @Test
    @Covers(UNMAP_20)
    void reclaimedPagesComeBackWithWhatTheDeviceWrote(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = new Mapping(bench, process).untouched(40);
        memory.writeBy(device, "by the device alone");
        for (int round = 0; round < 3; round++) {
            process.madvise(memory.address(), memory.length(), Advice.PAGEOUT);
            bench.step("round %d: pages were reclaimed", round);
            for (int i = 0; i < memory.count(); i++) {
                if (i % 3 == 0) {
                    memory.writeBy(device, i, "by the device after reclaim");
                } else {
                    device.mustRead(memory.page(i), memory.token(i), "a reclaimed page");
                }
            }
            memory.mustHold("the memory");
        }
    }

    @Test
    @Covers(UNMAP_20)
    void reclaimUnderLoadLosesNoDeviceWrite(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Memory memory = bench.memory(process, 8, "memory");
        DeviceLoad load =
                DeviceLoad.start(
                        bench,
                        List.of(device),
                        n -> Job.fill(memory.page((int) (n % 8)), bench.pages(1), n));
        load.awaitSuccesses(8);
        for (int round = 0; round < 40; round++) {
            bench.step("round %d: reclaim while the device writes", round);
            process.madvise(memory.address(), memory.length(), Advice.PAGEOUT);
            load.awaitSuccesses(1);
        }
        load.stop();
        bench.check(load.failed() == 0, "no job to fail under reclaim", load.failed() + " failed");
        long last = load.submitted();
        for (long n = last - 7; n <= last; n++) {
            int page = (int) (n % 8);
            bench.mustBe(n, process.loadLong(memory.page(page)), "page " + page);
            bench.mustBe(
                    n,
                    process.loadLong(memory.page(page) + bench.pageSize() - Long.BYTES),
                    "the end of page " + page);
        }
    }

    @Test
    @Covers(UNMAP_24)
    @Needs(Capability.SHARED_MEMORY)
    void beyondTheNewEndOfAFileTheDeviceReachesNothing(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int left : new int[] {7, 3, 0}) {
            Alias alias = bench.alias(process, 8);
            Memory memory = alias.first();
            memory.store("file data");
            memory.writeBy(device, "by the device through one view");
            for (int i = 0; i < 8; i++) {
                // The process looks first: not every device can have a page brought in.
                bench.mustBe(
                        memory.token(i),
                        process.loadLong(alias.second().page(i)),
                        "page " + i + " in the other view");
                device.mustRead(alias.second().page(i), memory.token(i), "the other view");
            }
            bench.step("the file is truncated to %d pages", left);
            process.truncate(alias.fd(), bench.pages(left));
            for (int i = 0; i < 8; i++) {
                if (i < left) {
                    device.mustRead(memory.page(i), memory.token(i), "what is left");
                } else {
                    device.mustNotReach(memory.page(i), "page " + i + " beyond the new end");
                    device.mustNotReach(alias.second().page(i), "page " + i + ", other view");
                }
            }
            bench.step("the file grows again");
            process.truncate(alias.fd(), bench.pages(8));
            for (int i = left; i < 8; i++) {
                bench.mustBe(0, process.loadLong(memory.page(i)), "page " + i + " that is new");
                device.mustRead(memory.page(i), 0, "page " + i + " that is new");
            }
        }
    }

    @Test
    @Covers(ATS_04)
    void aTranslationForReadingIsNotUsedForWriting(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        bench.step("a page that stays read-only");
        Memory fixed = bench.memory(process, 1, "read-only memory");
        if (bench.claims(Capability.MPROTECT)) {
            process.mprotect(fixed.address(), fixed.length(), Protection.READ);
            device.mustRead(fixed.page(0), fixed.token(0), "the read-only page");
            device.mustNotWrite(fixed.page(0), "the read-only page");
            fixed.mustHold("the read-only page");
        }
        if (bench.claims(Capability.DEMAND_PAGING)) {
            bench.step("never-written memory that the device reads first and writes then");
            Memory first = new Mapping(bench, process).untouched(1);
            Memory second = new Mapping(bench, bench.process("other")).untouched(1);
            device.mustRead(first.page(0), 0, "never-written memory");
            first.writeBy(device, "by the device");
            first.mustHold("the written page");
            second.mustHold("never-written memory of another process");
        }
    }
}
