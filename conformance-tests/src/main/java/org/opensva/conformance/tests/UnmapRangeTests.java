package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_06;
import static org.opensva.conformance.rules.RuleId.UNMAP_07;
import static org.opensva.conformance.rules.RuleId.UNMAP_09;
import static org.opensva.conformance.rules.RuleId.UNMAP_11;
import static org.opensva.conformance.rules.RuleId.UNMAP_14;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.oracle.BudgetOracle;

/** Every byte of a changed range is invalidated, whatever its size and alignment. */
@RuleTests
class UnmapRangeTests {

    /** First page and number of pages, relative to an aligned block of 16. */
    private static final int[][] EDGES = {
        {0, 1}, {15, 1}, {0, 16}, {5, 1}, {0, 2}, {14, 2}, {4, 4}, {1, 14}, {0, 15}, {1, 15}
    };

    /** Ranges that no single power-of-two block of their own size contains. */
    private static final int[][] UNALIGNED = {
        {7, 4}, {1, 2}, {3, 2}, {5, 6}, {6, 4}, {15, 2}, {13, 7}, {7, 2}, {31, 2}, {30, 4}, {9, 23},
        {1, 62}
    };

    @Test
    @Covers(UNMAP_07)
    void theFirstAndTheLastPageGoLikeAllBetween(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int[] edge : EDGES) {
            unmapPart(bench, process, device, 16, edge[0], edge[1]);
        }
        for (int i = 0; i < 6; i++) {
            int first = bench.random().nextInt(16);
            unmapPart(bench, process, device, 16, first, 1 + bench.random().nextInt(16 - first));
        }
    }

    @Test
    @Covers(UNMAP_09)
    void anUnalignedRangeIsCoveredAtBothEnds(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int[] range : UNALIGNED) {
            unmapPart(bench, process, device, 64, range[0], range[1]);
        }
        for (int i = 0; i < 8; i++) {
            int first = 1 | bench.random().nextInt(60);
            unmapPart(bench, process, device, 64, first, 2 + bench.random().nextInt(62 - first));
        }
    }

    private static void unmapPart(
            TestBench bench,
            SvaProcess process,
            BoundDevice device,
            int pages,
            int first,
            int count) {
        Memory memory = new Mapping(bench, process).aligned(pages, 64, "memory");
        bench.step("the device caches %d pages, then %d to %d go", pages, first, first + count - 1);
        memory.writeBy(device, "by the device before munmap");
        process.munmap(memory.page(first), bench.pages(count));
        for (int i = first; i < first + count; i++) {
            device.mustNotReach(memory.page(i), "page " + i + " of the unmapped range");
        }
    }

    @Test
    @Covers(UNMAP_14)
    void neighboursKeepTheirDataAndStayUsable(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        for (int[] edge : EDGES) {
            Memory memory = new Mapping(bench, process).aligned(18, 64, "memory");
            int first = edge[0] + 1;
            int end = first + edge[1];
            bench.step("pages %d to %d are unmapped between neighbours", first, end - 1);
            memory.writeBy(device, "by the device before munmap");
            process.munmap(memory.page(first), bench.pages(edge[1]));
            for (int i = 0; i < memory.count(); i++) {
                if (i < first || i >= end) {
                    memory.mustHold(i, "a neighbour of the unmapped range");
                    device.mustRead(memory.page(i), memory.token(i), "neighbour " + i);
                    memory.writeBy(device, i, "by the device after munmap");
                    memory.mustHold(i, "a neighbour of the unmapped range");
                }
            }
        }
    }

    @Test
    @Covers(UNMAP_11)
    void rangesOfEverySizeGoCompletely(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        BudgetOracle budget = new BudgetOracle(bench);
        for (int pages : new int[] {1, 2, 8, 31, 32, 33, 34, 64, 65, 255, 511, 512, 513, 1025}) {
            Memory memory = bench.view(process, bench.map(process, pages), pages);
            bench.step("the device caches %d pages", pages);
            for (int i = 0; i < pages; i++) {
                process.storeLong(memory.page(i), i);
            }
            JobResult filled = device.run(Job.fill(memory.address(), memory.length(), pages));
            bench.check(
                    filled.succeeded(),
                    "the device's write to succeed",
                    filled.status().toString());
            bench.step("munmap of %d pages", pages);
            budget.mustEnd(
                    "munmap of " + pages + " pages",
                    () -> process.munmap(memory.address(), memory.length()));
            for (int i = 0; i < pages; i++) {
                device.mustNotReach(
                        memory.page(i), "page " + i + " of " + pages + " that were unmapped");
            }
        }
    }

    @Test
    @Covers(UNMAP_11)
    void theTimeOfAnUnmappingDoesNotGrowWithItsRange(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        long pages = (1L << 32) / bench.pageSize();
        long start = bench.map(process, pages);
        long[] touched = {0, 1, pages / 2, pages - 2, pages - 1};
        for (long page : touched) {
            process.storeLong(start + bench.pages(page), page);
            device.mustWrite(start + bench.pages(page), 1, "page " + page);
        }
        bench.step("munmap of %d pages of which few were ever used", pages);
        new BudgetOracle(bench)
                .mustEnd("munmap of 4 GiB", () -> process.munmap(start, bench.pages(pages)));
        for (long page : touched) {
            device.mustNotReach(start + bench.pages(page), "page " + page + " of 4 GiB");
        }
    }

    @Test
    @Covers(ATS_06)
    void aPageInsideALargerCachedRangeGoesToo(TestBench bench) {
        SvaProcess process = bench.process("owner");
        BoundDevice device = bench.device(process);
        int pages = 512;
        Memory memory = new Mapping(bench, process).aligned(pages, 512, "contiguous memory");
        int[] holes = {0, 255, 256, 300, 511};
        bench.step("the device reads and writes all of it in single jobs");
        bench.check(
                device.run(Job.fill(memory.address(), memory.length(), 5)).succeeded(),
                "the device's write to succeed",
                "it failed");
        for (int hole : holes) {
            bench.step("page %d is unmapped", hole);
            process.munmap(memory.page(hole), bench.pages(1));
            device.mustNotReach(memory.page(hole), "the unmapped page " + hole);
            bench.step("a job over the hole at page %d", hole);
            JobResult over =
                    device.run(Job.fill(memory.page(Math.max(0, hole - 1)), bench.pages(3), 6));
            bench.check(!over.succeeded(), "a job over the hole to fail", "it succeeded");
        }
        for (int i = 0; i < pages; i++) {
            int page = i;
            if (java.util.Arrays.stream(holes).noneMatch(hole -> hole == page)) {
                device.mustWrite(memory.page(i), i, "a page that is still mapped");
                bench.mustBe(i, process.loadLong(memory.page(i)), "page " + i);
            }
        }
    }
}
