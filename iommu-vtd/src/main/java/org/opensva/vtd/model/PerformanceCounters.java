package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.PerformanceRegisters.CounterConfig;
import org.opensva.vtd.layout.PerformanceRegisters.Eccap3;
import org.opensva.vtd.layout.PerformanceRegisters.Ecmd;
import org.opensva.vtd.layout.PerformanceRegisters.Ecrsp;
import org.opensva.vtd.layout.PerformanceRegisters.Filter;
import org.opensva.vtd.layout.PerformanceRegisters.PerfCap;
import org.opensva.vtd.layout.PerformanceRegisters.PerfEventCap;
import org.opensva.vtd.layout.PerformanceRegisters.PerfIntrSts;
import org.opensva.vtd.layout.Register;

/**
 * Performance monitoring: counters, their configuration, and the enhanced commands that enable them
 * (chapter 11.4; layout of the registers as in Linux {@code perfmon.h}).
 *
 * <p>What a counter counts is counted anyway, lane by lane; a counter only remembers from where on
 * it looks, so that counting costs the data path nothing. Overflow is noticed when registers are
 * read and at {@link #poll}. Counters can be written, which the public sources leave open.
 */
final class PerformanceCounters {

    private static final long COUNTER_MASK = -1L >>> (64 - PerformanceLayout.COUNTER_BITS);
    private static final int EVENT_CAPABILITIES = 0x380;
    private static final int NO_REQUESTER = -1;

    // The texts of the status codes are not public; 0 is success, and this is none.
    private static final int REFUSED = 1;

    private final Registers registers;
    private final EventCounts counts;
    private final EventSource event;
    private final boolean monitoring;
    private final Counter[] counters = new Counter[PerformanceLayout.COUNTERS];
    private boolean frozen;
    private volatile boolean interrupting;

    /** Where events are counted. */
    interface EventCounts {
        /**
         * How often an event happened.
         *
         * @param requester only because of this device, or -1 for all
         */
        long sum(PerformanceEvent what, int requester);
    }

    private static final class Counter {
        long configuration;
        long requesterFilter;
        long value;
        long seen;
        boolean enabled;
        boolean overflowed;
    }

    PerformanceCounters(
            VtdProfile profile, Registers registers, EventCounts counts, EventSource event) {
        this.registers = registers;
        this.counts = counts;
        this.event = event;
        monitoring = profile.ecap(Ecap.PMS);
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new Counter();
        }
        if (monitoring) {
            registers.set(
                    Register.PERFCAP,
                    PerfCap.NUM_CNTR.place(PerformanceLayout.COUNTERS)
                            | PerfCap.CNTR_WIDTH.place(PerformanceLayout.COUNTER_BITS)
                            | PerfCap.NUM_EVENT_GROUP.place(PerformanceEvent.GROUPS)
                            | PerfCap.FILTERS.place(1 << Filter.REQUESTER_ID)
                            | PerfCap.INTERRUPT.mask()
                            | PerfCap.CNTR_STRIDE.place(0));
            registers.set(Register.PERFCFGOFF, PerformanceLayout.CONFIGURATION);
            registers.set(Register.PERFFRZOFF, PerformanceLayout.FREEZE);
            registers.set(Register.PERFOVFOFF, PerformanceLayout.OVERFLOW);
            registers.set(Register.PERFCNTROFF, PerformanceLayout.COUNTER);
            registers.set(Register.PERFEVNTCAP0, PerfEventCap.ES.place(PerformanceEvent.events(0)));
            registers.set(
                    Register.ECCAP3,
                    Eccap3.ECNTS.mask()
                            | Eccap3.DCNTS.mask()
                            | Eccap3.FCNTS.mask()
                            | Eccap3.UFCNTS.mask());
        }
    }

    /**
     * A counter that shall interrupt may have overflowed.
     *
     * @return whether one shall, so that there may be a message
     */
    boolean poll() {
        boolean wanted = interrupting;
        if (wanted) {
            synchronized (this) {
                update();
            }
        }
        return wanted;
    }

    /** Reads the 64 bits at a multiple of 8. */
    synchronized long read(long offset) {
        if (!monitoring) {
            return 0;
        }
        update();
        if (offset >= EVENT_CAPABILITIES && offset < EVENT_CAPABILITIES + 8 * 16) {
            return PerfEventCap.ES.place(
                    PerformanceEvent.events((int) (offset - EVENT_CAPABILITIES) / 8));
        }
        if (offset == PerformanceLayout.FREEZE) {
            return frozen ? 1 : 0;
        }
        if (offset == PerformanceLayout.OVERFLOW) {
            return overflows();
        }
        int index = counter(offset);
        if (index >= 0) {
            return counters[index].value;
        }
        index = configuration(offset);
        return index < 0 ? 0 : configured(counters[index], offset);
    }

    private static long configured(Counter counter, long offset) {
        return switch ((int) (offset - PerformanceLayout.CONFIGURATION) % CounterConfig.STRIDE) {
            case 0 -> counter.configuration;
            case CounterConfig.FILTER_OFFSET -> counter.requesterFilter;
            default -> 0; // every counter has the common capability
        };
    }

    /** Writes some of the 64 bits at a multiple of 8. */
    synchronized void write(long offset, long value, long touched) {
        if (!monitoring) {
            return;
        }
        update();
        if (offset == PerformanceLayout.OVERFLOW) {
            clearOverflows(value & touched);
            return;
        }
        int index = counter(offset);
        if (index >= 0) {
            Counter counter = counters[index];
            counter.value = (counter.value & ~touched | value & touched) & COUNTER_MASK;
            return;
        }
        index = configuration(offset);
        if (index < 0) {
            return;
        }
        Counter counter = counters[index];
        switch ((int) (offset - PerformanceLayout.CONFIGURATION) % CounterConfig.STRIDE) {
            case 0 -> {
                long mask = CounterConfig.STRUCTURE.definedBits(0) & touched;
                counter.configuration = counter.configuration & ~mask | value & mask;
            }
            case CounterConfig.FILTER_OFFSET -> {
                // Requester ids have 16 bits; the registers of other filters are reserved.
                long mask = (0xffffL | Filter.EN.mask()) & touched;
                counter.requesterFilter = counter.requesterFilter & ~mask | value & mask;
            }
            default -> {
                return;
            }
        }
        restart(counter);
    }

    private static int counter(long offset) {
        long distance = offset - PerformanceLayout.COUNTER;
        boolean exact =
                distance >= 0
                        && distance < PerformanceLayout.END - PerformanceLayout.COUNTER
                        && distance % PerformanceLayout.COUNTER_STRIDE == 0;
        return exact ? (int) distance / PerformanceLayout.COUNTER_STRIDE : -1;
    }

    private static int configuration(long offset) {
        long distance = offset - PerformanceLayout.CONFIGURATION;
        boolean inside =
                distance >= 0 && distance < PerformanceLayout.COUNTERS * CounterConfig.STRIDE;
        return inside ? (int) distance / CounterConfig.STRIDE : -1;
    }

    /** A write of PERFINTRSTS or ECMD. */
    synchronized void change(Register register, long value, long touched) {
        if (register == Register.PERFINTRSTS) {
            registers.store(register, value, touched);
            if (registers.get(register) == 0) {
                event.serviced();
            }
            return;
        }
        registers.store(register, value, touched);
        // The command is in the low half, and writing that half gives it.
        if ((touched & Ecmd.CMD.mask()) != 0) {
            boolean done = monitoring && command(registers.get(register));
            registers.set(Register.ECRSP, Ecrsp.SC.place(done ? 0 : REFUSED));
        }
    }

    private boolean command(long ecmd) {
        update();
        long operand = Ecmd.OA.get(ecmd);
        switch ((int) Ecmd.CMD.get(ecmd)) {
            case Ecmd.ENABLE_COUNTER -> {
                return enable(operand, true);
            }
            case Ecmd.DISABLE_COUNTER -> {
                return enable(operand, false);
            }
            case Ecmd.FREEZE -> frozen = true;
            case Ecmd.UNFREEZE -> {
                frozen = false;
                for (Counter counter : counters) {
                    restart(counter);
                }
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean enable(long index, boolean enable) {
        if (index >= counters.length) {
            return false;
        }
        Counter counter = counters[(int) index];
        counter.enabled = enable;
        restart(counter);
        return true;
    }

    /** Looks at events from now on. */
    private void restart(Counter counter) {
        counter.seen = total(counter);
        boolean any = false;
        for (Counter each : counters) {
            any |= each.enabled && CounterConfig.INT.isSet(each.configuration);
        }
        interrupting = any && !frozen;
    }

    private void update() {
        if (!monitoring || frozen) {
            return;
        }
        for (Counter counter : counters) {
            if (!counter.enabled) {
                continue;
            }
            long total = total(counter);
            // A device that is unplugged takes its own count with it.
            long value = counter.value + Math.max(0, total - counter.seen);
            counter.seen = total;
            counter.value = value & COUNTER_MASK;
            if (counter.value != value) {
                overflow(counter);
            }
        }
    }

    private void overflow(Counter counter) {
        counter.overflowed = true;
        if (CounterConfig.INT.isSet(counter.configuration)
                && !registers.has(Register.PERFINTRSTS, PerfIntrSts.PIS)) {
            registers.set(Register.PERFINTRSTS, PerfIntrSts.PIS.mask());
            event.raise();
        }
    }

    private long overflows() {
        long bits = 0;
        for (int i = 0; i < counters.length; i++) {
            bits |= counters[i].overflowed ? 1L << i : 0;
        }
        return bits;
    }

    private void clearOverflows(long bits) {
        for (int i = 0; i < counters.length; i++) {
            if ((bits >>> i & 1) != 0) {
                counters[i].overflowed = false;
            }
        }
    }

    private long total(Counter counter) {
        int group = (int) CounterConfig.EGI.get(counter.configuration);
        int requester =
                Filter.EN.isSet(counter.requesterFilter)
                        ? (int) (counter.requesterFilter & 0xffff)
                        : NO_REQUESTER;
        long sum = 0;
        for (long rest = CounterConfig.ES.get(counter.configuration); rest != 0; rest &= rest - 1) {
            PerformanceEvent what = PerformanceEvent.of(group, Long.lowestOneBit(rest));
            sum += what == null ? 0 : counts.sum(what, requester);
        }
        return sum;
    }
}
