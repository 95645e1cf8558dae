package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.lang.management.ManagementFactory;
import java.util.Random;

/** A transaction makes no objects, whatever is cached and whatever is not. */
class AllocationTest {

    private static final int ROUNDS = 20_000;
    private static final int CONTEXT_BITS = 15;
    private static final int PAGES = 4;
    private static final long VA = 0x1_0000_0000L;

    /** More level 1 descriptors of CD tables than are cached, with one substream each. */
    private static final int SPACES = 300;

    private static final int SUBSTREAMS = 1 << ContextDescriptor.SPLIT_4K;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Random random = new Random(3);
    private final byte[] buffer = new byte[8];

    @Test
    void aTransactionThatFindsEverythingCachedAllocatesNothing() {
        assertEquals(0, bytesPerTransaction(SmmuProfile.sva(), false));
    }

    @Test
    void aTransactionThatFetchesContextDescriptorsAndWalksAllocatesNothing() {
        assertEquals(0, bytesPerTransaction(SmmuProfile.sva().withCaches(4, 4, 4), false));
    }

    @Test
    void aTransactionThatFetchesAnUnchangedStreamTableEntryAllocatesNothing() {
        assertEquals(0, bytesPerTransaction(SmmuProfile.sva().withCaches(4, 4, 4), true));
    }

    private long bytesPerTransaction(SmmuProfile profile, boolean invalidate) {
        try (TestMachine machine = new TestMachine(profile)) {
            bind(machine);
            transactions(machine, invalidate);
            return transactions(machine, invalidate) / ROUNDS;
        }
    }

    private static void bind(TestMachine machine) {
        long level1 = machine.allocate(8L << CONTEXT_BITS - ContextDescriptor.SPLIT_4K, 4096);
        long page = machine.allocate(4096, 4096);
        for (int space = 0; space < SPACES; space++) {
            long leaf = machine.allocate(4096, 4096);
            machine.memory.writeLong(level1 + 8L * space, leaf | 1);
            long table = machine.newTable(Granule.K4);
            machine.writeWords(leaf + 64, machine.context(table, Granule.K4, 48, space + 1));
            for (int i = 0; i < PAGES; i++) {
                machine.map(table, VA + i * 4096L, page, TestMachine.PAGE_RW);
            }
        }
        long[] entry = machine.stage1Entry(level1, CONTEXT_BITS);
        StreamTableEntry.S1FMT.put(entry, 0, StreamTableEntry.S1FMT_4K_L2);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), entry);
        machine.enable();
    }

    /** The bytes that transactions allocate, and not what is between them. */
    private long transactions(TestMachine machine, boolean invalidate) {
        long sum = 0;
        for (int round = 0; round < ROUNDS; round++) {
            if (invalidate && (round & 7) == 0) {
                machine.invalidateConfiguration();
            }
            int substream = random.nextInt(SPACES) * SUBSTREAMS + 1;
            long address = VA + random.nextInt(PAGES) * 4096L;
            long before = threads.getCurrentThreadAllocatedBytes();
            long result = machine.port.read(substream, Access.READ, address, buffer, 0, 8);
            sum += threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(DmaResult.isComplete(result));
        }
        return sum;
    }
}
