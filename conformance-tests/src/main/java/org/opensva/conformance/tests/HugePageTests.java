package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_22;
import static org.opensva.conformance.rules.RuleId.UNMAP_23;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Advice;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

/** Huge pages keep the promises that small ones keep. */
@RuleTests
class HugePageTests {

    /** The size of a huge page that goes with a page size: what one full table maps. */
    private static long hugeBytes(SvaProcess process) {
        long page = process.pageSize();
        return page * (page / Long.BYTES);
    }

    /** A range that holds at least one aligned huge page, wished for and touched at its ends. */
    private static long huge(SvaProcess process) {
        long bytes = hugeBytes(process);
        long at = process.mmap(MapRequest.anonymous(2 * bytes));
        long huge = at + bytes - 1 & -bytes;
        try {
            process.madvise(huge, bytes, Advice.HUGEPAGE);
        } catch (ErrnoException e) {
            throw new NotObservable("huge pages cannot be asked for: " + e.getMessage());
        }
        process.storeLong(huge, 1);
        process.storeLong(huge + bytes - Long.BYTES, 2);
        return huge;
    }

    /** Lets the device, too, hold a translation of each place, for writing if it can. */
    private static void touch(BoundDevice device, long huge, long bytes) {
        device.write(huge + Long.BYTES, 3);
        device.write(huge + bytes / 2, 4);
        device.write(huge + bytes - 2 * Long.BYTES, 5);
    }

    @Test
    @Covers(UNMAP_23)
    @Needs(Capability.HUGE_PAGES)
    void aSplitPageIsGoneWhereItWasUnmappedAndTheSameElsewhere(TestBench bench) {
        SvaProcess process = bench.process("owner of huge pages");
        long bytes = hugeBytes(process);
        long huge = huge(process);
        BoundDevice device = bench.device(process);
        touch(device, huge, bytes);
        bench.step("one small page in the middle is unmapped");
        process.munmap(huge + bytes / 2, process.pageSize());
        device.mustNotReach(huge + bytes / 2, "the page that was unmapped");
        device.mustRead(huge, 1, "the first page");
        device.mustRead(huge + bytes - Long.BYTES, 2, "the last page");
        process.storeLong(huge, 6);
        device.mustRead(huge, 6, "what the processor wrote after the split");
    }

    @Test
    @Covers(UNMAP_23)
    @Needs(Capability.HUGE_PAGES)
    void aDeviceFollowsPagesThatAreCollapsedAndSplitAgain(TestBench bench) {
        SvaProcess process = bench.process("owner of huge pages");
        long bytes = hugeBytes(process);
        long huge = huge(process);
        BoundDevice device = bench.device(process);
        for (int round = 0; round < 4; round++) {
            long discarded = huge + (round + 1L) * process.pageSize();
            touch(device, huge, bytes);
            bench.step("round %d: a page is discarded, which splits", round);
            process.madvise(discarded, process.pageSize(), Advice.DONTNEED);
            process.storeLong(discarded, 0x100 + round);
            device.mustRead(discarded, 0x100 + round, "the page that was discarded");
            process.storeLong(huge, 10 + round);
            device.mustRead(huge, 10 + round, "a page beside it");
            bench.step("round %d: collapse", round);
            try {
                process.madvise(huge, bytes, Advice.COLLAPSE);
            } catch (ErrnoException e) {
                throw new NotObservable("pages cannot be collapsed now: " + e.getMessage());
            }
            device.mustRead(discarded, 0x100 + round, "the page that was discarded");
            device.mustRead(huge, 10 + round, "a page beside it");
            process.storeLong(huge, 20 + round);
            device.mustRead(huge, 20 + round, "what the processor wrote after the collapse");
            device.mustWrite(huge + bytes - Long.BYTES, 30 + round, "the last page");
            bench.mustBe(
                    30 + round,
                    process.loadLong(huge + bytes - Long.BYTES),
                    "what the device wrote after the collapse");
        }
    }

    @Test
    @Covers(FORK_22)
    @Needs({Capability.FORK, Capability.HUGE_PAGES})
    void afterForkADeviceOfTheParentNeverWritesToTheChildsHugePage(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        long bytes = hugeBytes(parent);
        long huge = huge(parent);
        BoundDevice device = bench.device(parent);
        touch(device, huge, bytes);
        long middle = parent.loadLong(huge + bytes / 2);
        SvaProcess child = bench.fork(parent);
        bench.step("the parent writes by processor and by device");
        parent.storeLong(huge, 100);
        device.write(huge + bytes - Long.BYTES, 200);
        bench.mustBe(1, child.loadLong(huge), "the child's first page");
        bench.mustBe(2, child.loadLong(huge + bytes - Long.BYTES), "the child's last page");
        device.mustRead(huge, 100, "what the parent wrote");
        bench.step("the child writes");
        child.storeLong(huge + bytes / 2, 300);
        device.mustRead(huge + bytes / 2, middle, "the parent's page that only the child wrote to");
    }
}
