package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.PerformanceRegisters.CounterConfig;
import org.opensva.vtd.layout.PerformanceRegisters.Ecmd;
import org.opensva.vtd.layout.PerformanceRegisters.Ecrsp;
import org.opensva.vtd.layout.PerformanceRegisters.Filter;
import org.opensva.vtd.layout.PerformanceRegisters.PerfCap;
import org.opensva.vtd.layout.Register;

import java.util.List;

/** Performance monitoring as software uses it: everything is found through PERFCAP. */
class PerformanceCountersTest {

    private final TestUnit t = new TestUnit();
    private final TestDevice one = new TestDevice(t.unit, 0x100);
    private final TestDevice other = new TestDevice(t.unit, 0x200);

    private long configuration(int counter) {
        return t.get(Register.PERFCFGOFF) + (long) counter * CounterConfig.STRIDE;
    }

    private long address(int counter) {
        int stride = PerfCap.counterStride(t.get(Register.PERFCAP));
        return t.get(Register.PERFCNTROFF) + (long) counter * stride;
    }

    private long value(int counter) {
        return t.unit.read(address(counter), 8);
    }

    private void select(int counter, int group, int events, boolean interrupt) {
        long value =
                CounterConfig.EGI.place(group)
                        | CounterConfig.ES.place(events)
                        | (interrupt ? CounterConfig.INT.mask() : 0);
        t.unit.write(configuration(counter), 8, value);
        assertEquals(value, t.unit.read(configuration(counter), 8));
    }

    private long command(int command, long operand) {
        t.set(Register.ECMD, Ecmd.CMD.place(command) | Ecmd.OA.place(operand));
        assertEquals(0, Ecrsp.IP.get(t.get(Register.ECRSP)));
        return Ecrsp.SC.get(t.get(Register.ECRSP));
    }

    private void read(TestDevice device) {
        device.port.read(Pasid.NONE, Access.READ, 0x1000, new byte[4], 0, 4);
    }

    @Test
    void aCounterCountsWhileItIsEnabled() {
        select(0, 0, 0x002, false);
        read(one);
        assertEquals(0, value(0));
        assertEquals(0, command(Ecmd.ENABLE_COUNTER, 0));
        read(one);
        read(other);
        assertEquals(2, value(0));
        command(Ecmd.DISABLE_COUNTER, 0);
        read(one);
        assertEquals(2, value(0));
        assertEquals(0, t.unit.read(address(0) + 8, 8));
    }

    @Test
    void freezingStopsEveryCounterAtOnce() {
        for (int i = 0; i < PerfCap.NUM_CNTR.get(t.get(Register.PERFCAP)); i++) {
            select(i, 0, 0x002, false);
            command(Ecmd.ENABLE_COUNTER, i);
        }
        read(one);
        assertEquals(0, command(Ecmd.FREEZE, 0));
        assertEquals(1, t.unit.read(t.get(Register.PERFFRZOFF), 8));
        read(one);
        assertEquals(1, value(0));
        assertEquals(1, value(3));
        assertEquals(0, command(Ecmd.UNFREEZE, 0));
        read(one);
        assertEquals(2, value(0));
    }

    @Test
    void aFilterLeavesOneDevice() {
        select(1, 0, 0x002, false);
        t.unit.write(configuration(1) + CounterConfig.FILTER_OFFSET, 4, 0x200 | Filter.EN.mask());
        command(Ecmd.ENABLE_COUNTER, 1);
        read(one);
        read(other);
        read(one);
        assertEquals(1, value(1));
        // Other filters are not offered: their registers are reserved.
        t.unit.write(configuration(1) + CounterConfig.FILTER_OFFSET + 4, 4, -1L);
        assertEquals(0, t.unit.read(configuration(1) + CounterConfig.FILTER_OFFSET + 4, 4));
    }

    @Test
    void everyOfferedEventIsCountedAndNoOther() {
        assertEquals(0x02, t.get(Register.PERFEVNTCAP0));
        long[] offered = {0x02, 0x41, 0, 0x03, 0x07};
        for (int group = 0; group < 16; group++) {
            long at = Register.PERFEVNTCAP0.offset() + 8L * group;
            assertEquals(group < offered.length ? offered[group] : 0, t.unit.read(at, 8));
        }
        assertEquals(5, PerfCap.NUM_EVENT_GROUP.get(t.get(Register.PERFCAP)));
    }

    @Test
    void overflowIsNotedAndRaisesTheEvent() {
        t.set(Register.PERFINTRCTL, 0);
        t.set(Register.PERFINTRDATA, 0x99);
        select(2, 0, 0x002, true);
        t.unit.write(address(2), 8, (1L << 48) - 2);
        command(Ecmd.ENABLE_COUNTER, 2);
        read(one);
        assertEquals(List.of(), t.takeMessages());
        assertEquals((1L << 48) - 1, value(2));
        read(one);
        assertEquals(List.of("0:99"), t.takeMessages());
        assertEquals(0, value(2));
        assertEquals(1, t.get(Register.PERFINTRSTS));
        assertEquals(1 << 2, t.unit.read(t.get(Register.PERFOVFOFF), 8));
        t.unit.write(t.get(Register.PERFOVFOFF), 8, 1 << 2);
        assertEquals(0, t.unit.read(t.get(Register.PERFOVFOFF), 8));
        t.set(Register.PERFINTRSTS, 1);
        assertEquals(0, t.get(Register.PERFINTRSTS));
    }

    @Test
    void commandsThatAreNotThereAreRefused() {
        for (int command = 0; command < 256; command++) {
            boolean known =
                    command == 0xf0 || command == 0xf1 || command == 0xf4 || command == 0xf5;
            assertEquals(known ? 0 : 1, command(command, 0), "command " + command);
            long offered = t.get(Register.values()[Register.ECCAP0.ordinal() + command / 64]);
            assertEquals(known ? 1 : 0, offered >>> command % 64 & 1, "command " + command);
        }
        assertEquals(1, command(Ecmd.ENABLE_COUNTER, 4));
    }
}
