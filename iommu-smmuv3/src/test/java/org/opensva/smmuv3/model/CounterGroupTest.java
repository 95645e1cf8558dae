package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.MmioRegion;
import org.opensva.smmuv3.layout.AtosRegisters.GatosAddr;
import org.opensva.smmuv3.layout.CounterGroupRegisters;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Evtyper;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Register;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** Performance monitor counters (chapter 10). */
@Timeout(60)
class CounterGroupTest {

    private static final int PASID = 2;
    private static final long VA = 0x40_0000L;
    private static final int PAGE_1 = 0x10000;

    private final TestMachine machine = new TestMachine();
    private final MmioRegion group = machine.smmu.counterGroup().orElseThrow();
    private long table;

    private void bind() {
        long contexts = machine.allocate(64L << 4, 64L << 4);
        table = machine.newTable(Granule.K4);
        machine.map(table, VA, machine.allocate(4096, 4096), TestMachine.PAGE_RW);
        machine.writeWords(contexts + 64 * PASID, machine.context(table, Granule.K4, 48, 1));
        machine.stage1(contexts, 4);
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private static int moved(int register) {
        return register + PAGE_1;
    }

    private void write(int offset, long value) {
        group.write(offset, 8, value);
    }

    /** Has counter n count an event of a stream, or of any with -1. */
    private void count(int counter, int event, long stream) {
        boolean span = stream < 0;
        long type = event | (span ? Evtyper.FILTER_SID_SPAN.mask() : 0);
        group.write(CounterGroupRegisters.EVTYPER + 4L * counter, 4, type);
        group.write(CounterGroupRegisters.SMR + 4L * counter, 4, stream);
        write(CounterGroupRegisters.CNTENSET0, 1L << counter);
        group.write(CounterGroupRegisters.CR, 4, 1);
    }

    private long value(int counter) {
        return group.read(moved(CounterGroupRegisters.EVCNTR) + 8L * counter, 8);
    }

    private void read() {
        machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8);
    }

    @Test
    void eachEventIsCountedByItsCause() {
        bind();
        for (int event = 0; event < 8; event++) {
            count(event, event, -1);
        }
        machine.time.set(1000);
        read();
        assertEquals(1000, value(0), "cycles");
        assertEquals(1, value(1), "transactions");
        assertEquals(1, value(2), "TLB misses");
        assertEquals(1, value(3), "configuration misses, one for STE and CD");
        assertEquals(4, value(4), "walk accesses");
        assertEquals(2, value(5), "STE and CD");
        assertEquals(0, value(6));
        read();
        assertEquals(2, value(1));
        assertEquals(1, value(2), "a hit");
        assertEquals(1, value(3));
        long[] entries = new long[3];
        machine.port.translate(PASID, Access.READ, VA, entries);
        assertEquals(1, value(6), "one request, however many pages");
        assertEquals(3, value(1));
        machine.port.readTranslated(TestMachine.RAM, new byte[8], 0, 8);
        assertEquals(1, value(7));
        assertEquals(4, value(1));
        machine.smmu.write(
                Register.GATOS_SID.offset(), 8, TestMachine.STREAM | (long) PASID << 32 | 1L << 52);
        machine.smmu.write(Register.GATOS_ADDR.offset(), 8, VA | GatosAddr.TYPE.place(1) | 1 << 8);
        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
        assertEquals(5, value(1), "an address translation operation");
        assertEquals(0xff, group.read(CounterGroupRegisters.CEID0, 8));
        assertEquals(0, group.read(CounterGroupRegisters.CEID1, 8));
    }

    @Test
    void aHardwareUpdateIsAWalkAccess() {
        bind();
        long at = machine.descriptorAddress(table, Granule.K4, 48, VA, 3, false);
        long[] words = machine.context(table, Granule.K4, 48, 1);
        words[0] |= 1L << 43; // HA
        machine.memory.writeLong(at, machine.memory.readLong(at) & ~(1L << 10));
        long contexts = machine.memory.readLong(machine.entryAddress(TestMachine.STREAM)) & ~0x3fL;
        machine.writeWords((contexts & (1L << 48) - 1) + 64 * PASID, words);
        count(0, CounterGroupRegisters.EVENT_WALK_ACCESSES, -1);
        read();
        assertEquals(5, value(0));
    }

    @Test
    void aFilterCountsTheStreamsThatItMatches() {
        TestDevice other = new TestDevice();
        machine.enable();
        other.connected(machine.smmu.connect(new RequesterId(0x1b), other));
        int stream = TestMachine.STREAM; // 0x18
        long[] filters = {stream, 0x1b, 0x19, -1, 0x19, 0x13, 0x7fff};
        long[] spans = {-1, -1, -1, 1, 1, 1, 1};
        long[] expected = {1, 2, 0, 3, 3, 0, 3};
        for (int i = 0; i < filters.length; i++) {
            count(i, CounterGroupRegisters.EVENT_TRANSACTIONS, filters[i]);
            long type =
                    CounterGroupRegisters.EVENT_TRANSACTIONS
                            | (spans[i] > 0 ? Evtyper.FILTER_SID_SPAN.mask() : 0);
            group.write(CounterGroupRegisters.EVTYPER + 4L * i, 4, type);
        }
        machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        other.port().read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        other.port().read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        for (int i = 0; i < filters.length; i++) {
            assertEquals(expected[i], value(i), "filter " + Long.toHexString(filters[i]));
        }
        machine.smmu.disconnect(new RequesterId(0x1b));
        assertEquals(3, value(3), "what a device that is gone did still counts");
        machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        assertEquals(4, value(3));
    }

    @Test
    void nothingCountsWhileACounterOrTheGroupIsDisabled() {
        bind();
        count(0, CounterGroupRegisters.EVENT_TRANSACTIONS, -1);
        read();
        group.write(CounterGroupRegisters.CR, 4, 0);
        read();
        assertEquals(1, value(0));
        group.write(CounterGroupRegisters.CR, 4, 1);
        write(CounterGroupRegisters.CNTENCLR0, 1);
        read();
        assertEquals(1, value(0));
        write(CounterGroupRegisters.CNTENSET0, 1);
        read();
        assertEquals(2, value(0));
        group.write(moved(CounterGroupRegisters.EVCNTR), 8, 100);
        read();
        assertEquals(101, value(0));
        group.write(CounterGroupRegisters.EVTYPER, 4, 8 | Evtyper.FILTER_SID_SPAN.mask());
        read();
        assertEquals(101, value(0), "no such event");
    }

    @Test
    void anOverflowSetsItsBitCapturesAndInterruptsOnce() {
        bind();
        AtomicInteger wired = new AtomicInteger();
        machine.onCounters(wired::incrementAndGet);
        long doorbell = 0x800_0040L;
        write(CounterGroupRegisters.IRQ_CFG0, doorbell);
        group.write(CounterGroupRegisters.IRQ_CFG1, 4, 77);
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
        assertEquals(1, group.read(CounterGroupRegisters.IRQ_CTRLACK, 4));
        count(0, CounterGroupRegisters.EVENT_TRANSACTIONS, -1);
        count(1, CounterGroupRegisters.EVENT_TRANSACTIONS, -1);
        group.write(
                CounterGroupRegisters.EVTYPER,
                4,
                1 | Evtyper.FILTER_SID_SPAN.mask() | Evtyper.OVFCAP.mask());
        group.write(moved(CounterGroupRegisters.EVCNTR), 8, -2L);
        write(CounterGroupRegisters.INTENSET0, 1);
        read();
        assertEquals(0, wired.get());
        assertEquals(0, group.read(moved(CounterGroupRegisters.OVSSET0), 8));
        read();
        assertEquals(1, wired.get(), "by the time the transaction is over");
        assertEquals(doorbell << 32 | 77, machine.messages.get(0));
        assertEquals(1, group.read(moved(CounterGroupRegisters.OVSSET0), 8));
        read();
        assertEquals(1, wired.get());
        assertEquals(0, group.read(moved(CounterGroupRegisters.SVR), 8), "after the overflow");
        assertEquals(2, group.read(moved(CounterGroupRegisters.SVR) + 8, 8));
        assertEquals(3, value(1));
        group.write(moved(CounterGroupRegisters.CAPR), 4, 1);
        assertEquals(3, group.read(moved(CounterGroupRegisters.SVR) + 8, 8));
        group.write(moved(CounterGroupRegisters.OVSCLR0), 8, -1);
        assertEquals(0, group.read(moved(CounterGroupRegisters.OVSCLR0), 8));
        // A further overflow interrupts again, unless the interrupt is off.
        group.write(moved(CounterGroupRegisters.EVCNTR), 8, -1L);
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 0);
        read();
        assertEquals(1, wired.get());
        assertEquals(1, group.read(moved(CounterGroupRegisters.OVSCLR0), 8));
    }

    @Test
    void aMessageThatNobodyTakesIsInTheStatusUntilInterruptsAreEnabledAgain() {
        TestMemory memory = new TestMemory().with(TestMachine.RAM, 4096);
        SmmuInterrupts nobody =
                new SmmuInterrupts() {
                    @Override
                    public void wired(Wire wire) {}

                    @Override
                    public void message(long address, int data) {
                        throw BusErrorException.instance();
                    }
                };
        try (SmmuV3 smmu = new SmmuV3(SmmuProfile.sva(), memory, nobody, machine.time::get)) {
            MmioRegion pmcg = smmu.counterGroup().orElseThrow();
            pmcg.write(CounterGroupRegisters.IRQ_CFG0, 8, 0x800_0000L);
            pmcg.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
            pmcg.write(CounterGroupRegisters.IRQ_CFG0, 8, 0);
            assertEquals(0x800_0000L, pmcg.read(CounterGroupRegisters.IRQ_CFG0, 8), "guarded");
            pmcg.write(CounterGroupRegisters.INTENSET0, 8, 1);
            pmcg.write(CounterGroupRegisters.CNTENSET0, 8, 1);
            pmcg.write(CounterGroupRegisters.CR, 4, 1);
            pmcg.write(moved(CounterGroupRegisters.EVCNTR), 8, -1L);
            machine.time.addAndGet(5);
            assertEquals(4, pmcg.read(moved(CounterGroupRegisters.EVCNTR), 8));
            assertEquals(1, pmcg.read(CounterGroupRegisters.IRQ_STATUS, 4));
            pmcg.write(CounterGroupRegisters.IRQ_CTRL, 4, 0);
            assertEquals(1, pmcg.read(CounterGroupRegisters.IRQ_STATUS, 4));
            pmcg.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
            assertEquals(0, pmcg.read(CounterGroupRegisters.IRQ_STATUS, 4));
            // A message to memory is written there.
            pmcg.write(CounterGroupRegisters.IRQ_CTRL, 4, 0);
            pmcg.write(CounterGroupRegisters.IRQ_CFG0, 8, TestMachine.RAM + 8);
            pmcg.write(CounterGroupRegisters.IRQ_CFG1, 4, 55);
            pmcg.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
            pmcg.write(moved(CounterGroupRegisters.EVCNTR), 8, -1L);
            machine.time.addAndGet(1);
            pmcg.read(CounterGroupRegisters.CR, 4);
            assertEquals(55, memory.readInt(TestMachine.RAM + 8));
        }
    }

    @Test
    void countersOfEverySizeWrapWhereTheyEnd() {
        for (int size : new int[] {32, 36, 40, 44, 48, 64}) {
            long cfgr = Cfgr.SIZE.place(size - 1) | Cfgr.NCTR.place(2);
            SmmuProfile profile = SmmuProfile.sva().withCounterGroup(cfgr);
            try (TestMachine other = new TestMachine(profile)) {
                MmioRegion pmcg = other.smmu.counterGroup().orElseThrow();
                assertEquals(0x1000, pmcg.size(), "no page 1");
                int stride = size == 32 ? 4 : 8;
                long last = 2L * stride;
                pmcg.write(last, stride, -1L);
                assertEquals(-1L >>> 64 - size, pmcg.read(last, stride), "size " + size);
                pmcg.write(CounterGroupRegisters.CNTENSET0, 8, -1L);
                assertEquals(7, pmcg.read(CounterGroupRegisters.CNTENSET0, 8));
                pmcg.write(CounterGroupRegisters.CR, 4, 1);
                other.time.addAndGet(3);
                assertEquals(2, pmcg.read(last, stride), "size " + size);
                assertEquals(4, pmcg.read(CounterGroupRegisters.OVSSET0, 8));
                assertEquals(0, pmcg.read(3L * stride, stride), "no such counter");
                // Without capture there is nothing to capture into.
                pmcg.write(CounterGroupRegisters.CAPR, 4, 1);
                assertEquals(0, pmcg.read(CounterGroupRegisters.SVR + last, stride));
                // Without MSI there is nothing to configure.
                pmcg.write(CounterGroupRegisters.IRQ_CFG0, 8, -1L);
                assertEquals(0, pmcg.read(CounterGroupRegisters.IRQ_CFG0, 8));
            }
        }
    }

    @Test
    void oneFilterForAllCountersIsThatOfTheFirst() {
        long cfgr = Cfgr.SIZE.place(63) | Cfgr.NCTR.place(1) | Cfgr.SID_FILTER_TYPE.mask();
        try (TestMachine other = new TestMachine(SmmuProfile.sva().withCounterGroup(cfgr))) {
            MmioRegion pmcg = other.smmu.counterGroup().orElseThrow();
            pmcg.write(CounterGroupRegisters.SMR + 4, 4, -1L);
            assertEquals(0, pmcg.read(CounterGroupRegisters.SMR + 4, 4));
            pmcg.write(CounterGroupRegisters.EVTYPER + 4, 4, -1L);
            assertEquals(0xffff, pmcg.read(CounterGroupRegisters.EVTYPER + 4, 4));
            pmcg.write(CounterGroupRegisters.EVTYPER + 4, 4, 1);
            pmcg.write(CounterGroupRegisters.SMR, 4, TestMachine.STREAM);
            pmcg.write(CounterGroupRegisters.CNTENSET0, 8, 3);
            pmcg.write(CounterGroupRegisters.CR, 4, 1);
            other.enable();
            other.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
            assertEquals(1, pmcg.read(8, 8));
            pmcg.write(CounterGroupRegisters.SMR, 4, 0x19);
            other.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
            assertEquals(1, pmcg.read(8, 8));
        }
    }

    @Test
    void countersThatMoveToPage1AreNotOnPage0() {
        group.write(CounterGroupRegisters.EVCNTR, 8, 5);
        assertEquals(0, group.read(CounterGroupRegisters.EVCNTR, 8));
        assertEquals(0, value(0));
        group.write(moved(CounterGroupRegisters.CR), 4, 1);
        assertEquals(0, group.read(CounterGroupRegisters.CR, 4));
        group.write(moved(CounterGroupRegisters.EVCNTR) + 4, 4, 0x1234);
        assertEquals(0x1234L << 32, value(0), "half a counter");
        assertEquals(0x1234, group.read(moved(CounterGroupRegisters.EVCNTR) + 4, 4));
    }

    @Test
    void anySequenceOfAccessesLeavesRegistersWithinTheirMasks() {
        Random random = new Random(7);
        bind();
        for (int i = 0; i < 20_000; i++) {
            long offset =
                    random.nextInt(8) == 0
                            ? random.nextLong()
                            : (random.nextInt(2) << 16) + random.nextInt(0x1010) - 8;
            int width = 1 << random.nextInt(4);
            group.write(offset, width, random.nextLong());
            group.read(offset, width);
            machine.time.addAndGet(random.nextInt(1000));
            if (random.nextInt(16) == 0) {
                read();
            }
        }
        assertEquals(0, group.read(CounterGroupRegisters.CNTENSET0, 8) & ~0xffL);
        assertEquals(0, group.read(CounterGroupRegisters.CR, 4) & ~1L);
        assertEquals(SmmuProfile.sva().counterGroup(), group.read(CounterGroupRegisters.CFGR, 4));
        assertEquals(SmmuProfile.sva().aidr(), group.read(CounterGroupRegisters.AIDR, 4));
    }

    @Test
    void anSmmuWithoutCountersHasNoGroup() {
        try (TestMachine other = new TestMachine(SmmuProfile.sva().withCounterGroup(0))) {
            assertFalse(other.smmu.counterGroup().isPresent());
            other.enable();
            other.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
            other.smmu.disconnect(new RequesterId(TestMachine.STREAM));
        }
        assertTrue(machine.smmu.counterGroup().isPresent());
    }
}
