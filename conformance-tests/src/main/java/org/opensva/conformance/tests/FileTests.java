package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.UNMAP_36;
import static org.opensva.conformance.rules.RuleId.UNMAP_37;
import static org.opensva.conformance.rules.RuleId.UNMAP_38;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * Memory objects and files that lose pages, or have them written back, while a device uses them.
 */
@RuleTests
class FileTests {

    private static final int PAGES = 6;
    private static final int ROUNDS = 4;

    @Test
    @Covers(UNMAP_36)
    void inAHoleTheDeviceFindsZeroesAndNotThePagesThatWereThere(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        Alias alias = bench.alias(process, PAGES);
        for (boolean byAdvice : new boolean[] {false, true}) {
            Memory memory = alias.first();
            memory.store("file data");
            memory.writeBy(device, "by the device");
            for (int i = 0; i < PAGES; i++) {
                bench.mustBe(
                        memory.token(i),
                        process.loadLong(alias.second().page(i)),
                        "page " + i + " in the other view");
                device.mustRead(alias.second().page(i), memory.token(i), "the other view");
            }
            bench.step("pages 2 and 3 are taken out %s", byAdvice ? "by madvise" : "by fallocate");
            if (byAdvice) {
                process.madvise(memory.page(2), bench.pages(2), Advice.REMOVE);
            } else {
                process.punchHole(alias.fd(), bench.pages(2), bench.pages(2));
            }
            SvaProcess other = bench.process("who gets the pages next");
            Memory next = bench.memory(other, 2 * PAGES, "memory of another process");
            for (int i = 0; i < PAGES; i++) {
                boolean gone = i == 2 || i == 3;
                long expected = gone ? 0 : memory.token(i);
                // The process looks first: not every device can have a page brought in.
                bench.mustBe(expected, process.loadLong(memory.page(i)), "page " + i);
                device.mustRead(memory.page(i), expected, "page " + i);
                bench.mustBe(expected, process.loadLong(alias.second().page(i)), "the other view");
                device.mustRead(alias.second().page(i), expected, "page " + i + ", other view");
            }
            memory.writeBy(device, 2, "by the device after the hole was made");
            bench.mustBe(
                    memory.token(2),
                    process.loadLong(alias.second().page(2)),
                    "what the device wrote to a new page, in the other view");
            next.mustHold("memory of another process");
        }
    }

    @Test
    @Covers(UNMAP_37)
    void whatADeviceWritesAfterAFileWasWrittenBackIsWrittenBackToo(TestBench bench) {
        SvaProcess process = bench.process("owner of a file");
        BoundDevice device = bench.device(process);
        int fd = process.createFile(bench.pages(PAGES));
        long first = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(PAGES)));
        long second = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(PAGES)));
        Memory memory = bench.view(process, first, PAGES);
        for (int round = 0; round < ROUNDS; round++) {
            memory.writeBy(device, "by the device, round " + round);
            bench.step("the file is written back, and the device writes on");
            process.msync(first, memory.length());
            memory.writeBy(device, "after the file was written back, round " + round);
            bench.step("memory drops the pages, and reads them from the disk");
            process.madvise(second, memory.length(), Advice.PAGEOUT);
            process.madvise(first, memory.length(), Advice.PAGEOUT);
            memory.mustHold("the file, read again");
            for (int i = 0; i < PAGES; i++) {
                device.mustRead(second + bench.pages(i), memory.token(i), "the other view");
            }
        }
    }

    @Test
    @Covers(UNMAP_38)
    void lockedMemoryIsThereAndStays(TestBench bench) {
        SvaProcess process = bench.process("owner of locked memory");
        BoundDevice device = bench.device(process);
        Memory memory = new Mapping(bench, process).untouched(PAGES);
        bench.step("memory that nobody has touched is locked");
        process.mlock(memory.address(), memory.length(), false);
        for (int round = 0; round < ROUNDS; round++) {
            memory.writeBy(device, "by the device, round " + round);
            memory.mustHold("locked memory");
            bench.step("it is not for reclaim");
            try {
                process.madvise(memory.address(), memory.length(), Advice.PAGEOUT);
                throw bench.violation("EINVAL for locked memory", "the advice was taken");
            } catch (ErrnoException e) {
                bench.check(e.errno() == Errno.EINVAL, "EINVAL", e.errno().name());
            }
            MemoryPressure pressure = bench.backend().memoryPressure().orElse(null);
            if (pressure != null && pressure.kinds().contains(Kind.RECLAIM)) {
                long end = memory.address() + memory.length();
                pressure.apply(
                        Kind.RECLAIM,
                        process.addressSpace(),
                        new AddressRange(memory.address(), end));
            }
            for (int i = 0; i < PAGES; i++) {
                device.mustRead(memory.page(i), memory.token(i), "locked memory");
            }
        }
        process.munlock(memory.address(), memory.length());
        memory.mustHold("memory that is locked no more");
    }
}
