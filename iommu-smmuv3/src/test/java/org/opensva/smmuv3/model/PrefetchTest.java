package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Register;

/** CMD_PREFETCH_CONFIG and CMD_PREFETCH_ADDR fill caches and do nothing else (section 4.2). */
class PrefetchTest {

    private static final int PASID = 3;
    private static final long VA = 0x40_0000L;

    private final TestMachine machine = new TestMachine();
    private final long[] command = new long[2];
    private long table;
    private long contexts;

    @BeforeEach
    void bind() {
        contexts = machine.allocate(64L << 4, 64L << 4);
        table = machine.newTable(Granule.K4);
        for (int i = 0; i < 8; i++) {
            long page = machine.allocate(4096, 4096);
            machine.map(table, VA + 4096L * i, page, TestMachine.PAGE_RW);
        }
        context(machine.context(table, Granule.K4, 48, 1));
        machine.stage1(contexts, 4);
        machine.enable();
    }

    @AfterEach
    void close() {
        assertTrue(machine.allConsumed());
        assertEquals(0, machine.commandError());
        assertTrue(machine.events().isEmpty(), "a prefetch records nothing");
        machine.close();
    }

    private void context(long[] words) {
        machine.writeWords(contexts + 64 * PASID, words);
    }

    private long misses() {
        return machine.smmu.count(HardwareCounter.IOTLB_MISSES);
    }

    private void addresses(int pasid, long address, int sizeLog2, int stride) {
        long w0 =
                0x02
                        | Command.SSV.mask()
                        | Command.SUBSTREAMID.place(pasid)
                        | Command.STREAMID.place(TestMachine.STREAM);
        machine.command(
                w0, address | Command.STRIDE.place(stride) | Command.PREFETCH_SIZE.place(sizeLog2));
        machine.sync();
    }

    @Test
    void whatIsPrefetchedIsAHit() {
        addresses(PASID, VA, 2, 0);
        assertEquals(4, misses());
        for (int i = 0; i < 4; i++) {
            machine.port.read(PASID, Access.READ, VA + 4096L * i, new byte[8], 0, 8);
        }
        assertEquals(4, misses());
        machine.port.read(PASID, Access.READ, VA + 4096L * 4, new byte[8], 0, 8);
        assertEquals(5, misses());
    }

    @Test
    void theStrideSaysHowFarApart() {
        addresses(PASID, VA, 1, 2);
        machine.port.read(PASID, Access.READ, VA + 4096L * 4, new byte[8], 0, 8);
        assertEquals(2, misses());
        machine.port.read(PASID, Access.READ, VA + 4096L, new byte[8], 0, 8);
        assertEquals(3, misses());
    }

    @Test
    void aPrefetchedConfigurationStaysUntilItIsInvalidated() {
        CommandEncoder.prefetchConfig(command, 0, TestMachine.STREAM, true, PASID);
        machine.command(command);
        machine.sync();
        assertEquals(0, misses(), "nothing is translated");
        context(new long[8]);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), new long[8]);
        machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8);
        assertEquals(
                1, machine.smmu.count(HardwareCounter.DMA_BYTES_READ) / 8, "cached STE and CD");
    }

    @Test
    void whatCannotBeFetchedIsLeftOutInSilence() {
        addresses(PASID, 0x7000_0000L, 3, 0);
        addresses(PASID, -4096L, 31, 31);
        addresses(200, VA, 0, 0);
        context(new long[8]);
        machine.invalidateConfiguration();
        addresses(PASID, VA, 0, 0);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), new long[8]);
        machine.invalidateConfiguration();
        addresses(PASID, VA, 0, 0);
        machine.command(0x01 | 0x77L << 32, 0);
        machine.command(0x01 | 0xffff_ffffL << 32, 0);
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.CMDQEN | TestMachine.EVENTQEN);
        addresses(PASID, VA, 0, 0);
    }

    @Test
    void aPrefetchSetsTheAccessFlagAndLeavesPagesClean() {
        long[] words = machine.context(table, Granule.K4, 48, 1);
        ContextDescriptor.HA.put(words, 0, 1);
        ContextDescriptor.HD.put(words, 0, 1);
        context(words);
        long at = machine.descriptorAddress(table, Granule.K4, 48, VA, 3, false);
        long clean = machine.memory.readLong(at) & ~(1L << 10) | 1L << 51 | 1L << 7;
        machine.memory.writeLong(at, clean);
        addresses(PASID, VA, 0, 0);
        assertEquals(clean | 1L << 10, machine.memory.readLong(at));
    }
}
