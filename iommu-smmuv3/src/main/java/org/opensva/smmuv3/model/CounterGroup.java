package org.opensva.smmuv3.model;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.CounterGroupRegisters;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Evtyper;

import java.util.function.LongSupplier;

/**
 * A performance monitor counter group (chapter 10): its registers, and when a counter overflows.
 *
 * <p>Nothing is counted here. A counter is the difference between sums of what devices count anyway
 * (see {@link MonitorEvents}), taken when somebody looks; so a transaction pays for counters only
 * while one of them is to tell of its overflow.
 *
 * <p>Page 1 is {@link #PAGE_1} bytes behind page 0.
 */
final class CounterGroup implements MmioRegion {

    /** Distance of page 1 from page 0: software can be given it alone. */
    static final int PAGE_1 = 0x10000;

    private static final long LOW_HALF = 0xffff_ffffL;

    private final long configuration;
    private final long architecture;
    private final int counters;
    private final long valueMask;
    private final long all;
    private final long streamMask;
    private final boolean relocated;
    private final boolean captures;
    private final boolean oneFilter;
    private final int stride;
    private final MonitorEvents events;
    private final LongSupplier nanoTime;
    private final CounterInterrupt interrupt;

    private final long[] values;
    private final long[] seen;
    private final long[] captured;
    private final long[] types;
    private final long[] streams;
    private long enabled;
    private long interrupting;
    private long overflowed;
    private long control;
    private volatile boolean armed;

    CounterGroup(
            SmmuProfile profile,
            MonitorEvents events,
            PhysicalMemory memory,
            SmmuInterrupts interrupts,
            LongSupplier nanoTime) {
        configuration = profile.counterGroup();
        architecture = profile.aidr();
        counters = (int) Cfgr.NCTR.get(configuration) + 1;
        int size = (int) Cfgr.SIZE.get(configuration) + 1;
        valueMask = -1L >>> 64 - size;
        all = -1L >>> 64 - counters;
        streamMask = profile.streamMask();
        relocated = Cfgr.RELOC_CTRS.isSet(configuration);
        captures = Cfgr.CAPTURE.isSet(configuration);
        oneFilter = Cfgr.SID_FILTER_TYPE.isSet(configuration);
        stride = size <= 32 ? 4 : 8;
        interrupt =
                new CounterInterrupt(
                        Cfgr.MSI.isSet(configuration),
                        (1L << profile.addressBits()) - 1,
                        memory,
                        interrupts);
        this.events = events;
        this.nanoTime = nanoTime;
        values = new long[counters];
        seen = new long[counters];
        captured = new long[counters];
        types = new long[counters];
        streams = new long[counters];
    }

    @Override
    public long size() {
        return relocated
                ? PAGE_1 + CounterGroupRegisters.PAGE_BYTES
                : CounterGroupRegisters.PAGE_BYTES;
    }

    /** Whether a transaction has to look whether it made a counter overflow. */
    boolean armed() {
        return armed;
    }

    /** Looks for overflows and sends the interrupt; the caller holds no lock and no lane. */
    void notice() {
        synchronized (this) {
            settle();
        }
        interrupt.deliver();
    }

    /** A device is about to leave, and its counts with it. */
    synchronized void leave(StreamPort port) {
        settle();
        events.remove(port);
        look();
    }

    // ---- counting ----

    private boolean counts(int counter) {
        return (control & 1) != 0 && (enabled >>> counter & 1) != 0;
    }

    private long total(int counter) {
        int event = (int) Evtyper.EVENT.get(types[counter]);
        if (event == CounterGroupRegisters.EVENT_CYCLES) {
            return nanoTime.getAsLong();
        }
        int filter = oneFilter ? 0 : counter;
        boolean span = Evtyper.FILTER_SID_SPAN.isSet(types[filter]);
        return events.total(event, streams[filter], span ? ignoredBits(streams[filter]) : 0);
    }

    /** How many low bits of a StreamID do not count: up to and with the lowest 0 (section 10.4). */
    private int ignoredBits(long stream) {
        return stream == streamMask ? Long.SIZE : Long.numberOfTrailingZeros(~stream) + 1;
    }

    /** Takes the counts of now as those from which counting goes on. */
    private void look() {
        for (int i = 0; i < counters; i++) {
            seen[i] = total(i);
        }
    }

    /** Brings every counter up to date. */
    private void settle() {
        boolean capture = false;
        boolean tell = false;
        for (int i = 0; i < counters; i++) {
            if (!counts(i)) {
                continue;
            }
            long now = total(i);
            long increment = now - seen[i];
            seen[i] = now;
            long before = values[i];
            values[i] = before + increment & valueMask;
            // Carries out of the counter, be it of 64 bits or fewer.
            boolean wrapped =
                    Long.compareUnsigned(increment, valueMask - before) > 0 && increment > 0;
            if (wrapped) {
                overflowed |= 1L << i;
                capture |= captures && Evtyper.OVFCAP.isSet(types[i]);
                tell |= (interrupting >>> i & 1) != 0;
            }
        }
        if (capture) {
            capture();
        }
        if (tell) {
            interrupt.trigger();
        }
    }

    private void capture() {
        System.arraycopy(values, 0, captured, 0, counters);
    }

    // ---- registers ----

    @Override
    public long read(long offset, int width) {
        long value;
        interrupt.received();
        synchronized (this) {
            settle();
            if (width == 4 && (offset & 3) == 0) {
                value = read32(offset);
            } else if (width == 8 && (offset & 7) == 0) {
                value = read32(offset) | read32(offset + 4) << 32;
            } else {
                value = 0;
            }
        }
        interrupt.deliver();
        return value;
    }

    @Override
    public void write(long offset, int width, long value) {
        interrupt.received();
        synchronized (this) {
            settle();
            if (width == 4 && (offset & 3) == 0) {
                write32(offset, value & LOW_HALF);
            } else if (width == 8 && (offset & 7) == 0) {
                write32(offset, value & LOW_HALF);
                write32(offset + 4, value >>> 32);
            }
            look();
            arm();
        }
        interrupt.deliver();
    }

    private void arm() {
        boolean tells = false;
        for (int i = 0; i < counters; i++) {
            boolean interrupts = (interrupting >>> i & 1) != 0 && interrupt.enabled();
            boolean capture = captures && Evtyper.OVFCAP.isSet(types[i]);
            tells |= counts(i) && (interrupts || capture);
        }
        armed = tells;
    }

    /** The offset within page 0 or page 1, or -1 if the register is on the other page. */
    private int locate(long offset) {
        boolean second = offset >= PAGE_1;
        long within = second ? offset - PAGE_1 : offset;
        if (offset < 0 || within >= CounterGroupRegisters.PAGE_BYTES || second && !relocated) {
            return -1;
        }
        int at = (int) within;
        boolean moves =
                at < CounterGroupRegisters.EVCNTR + 0x200
                        || at >= CounterGroupRegisters.SVR && at < CounterGroupRegisters.SVR + 0x200
                        || at >= CounterGroupRegisters.OVSCLR0 && at < CounterGroupRegisters.CFGR;
        return relocated && moves != second ? -1 : at;
    }

    private static long half(long value, int at) {
        return ((at & 4) == 0 ? value : value >>> 32) & LOW_HALF;
    }

    private static long widened(long value, int at) {
        return (at & 4) == 0 ? value : value << 32;
    }

    /** The counter whose register of a given width an offset is in, or -1. */
    private int indexOf(int at, int first, int width) {
        int index = at - first;
        return index >= 0 && index < counters * width ? index / width : -1;
    }

    private long wide(long[] array, int at, int first) {
        int index = indexOf(at, first, stride);
        return index < 0 ? 0 : stride == 4 ? array[index] : half(array[index], at);
    }

    private long read32(long offset) {
        int at = locate(offset);
        if (at < 0) {
            return 0;
        }
        if (at < CounterGroupRegisters.EVTYPER) {
            return wide(values, at, CounterGroupRegisters.EVCNTR);
        }
        int type = indexOf(at, CounterGroupRegisters.EVTYPER, 4);
        int filter = indexOf(at, CounterGroupRegisters.SMR, 4);
        if (type >= 0) {
            return types[type];
        }
        if (filter >= 0) {
            return streams[filter];
        }
        if (at >= CounterGroupRegisters.SVR && at < CounterGroupRegisters.SMR) {
            return captures ? wide(captured, at, CounterGroupRegisters.SVR) : 0;
        }
        return switch (at & ~4) {
            case CounterGroupRegisters.CNTENSET0, CounterGroupRegisters.CNTENCLR0 ->
                    half(enabled, at);
            case CounterGroupRegisters.INTENSET0, CounterGroupRegisters.INTENCLR0 ->
                    half(interrupting, at);
            case CounterGroupRegisters.OVSSET0, CounterGroupRegisters.OVSCLR0 ->
                    half(overflowed, at);
            case CounterGroupRegisters.CEID0 -> half(events.supported(), at);
            default ->
                    switch (at) {
                        case CounterGroupRegisters.CFGR -> configuration;
                        case CounterGroupRegisters.CR -> control;
                        case CounterGroupRegisters.AIDR -> architecture;
                        default -> interrupt.read(at);
                    };
        };
    }

    private void write32(long offset, long value) {
        int at = locate(offset);
        if (at < 0) {
            return;
        }
        int counter = indexOf(at, CounterGroupRegisters.EVCNTR, stride);
        int type = indexOf(at, CounterGroupRegisters.EVTYPER, 4);
        int filter = indexOf(at, CounterGroupRegisters.SMR, 4);
        if (counter >= 0) {
            long kept = stride == 4 ? 0 : values[counter] & ~widened(LOW_HALF, at);
            values[counter] = (kept | widened(value, stride == 4 ? 0 : at)) & valueMask;
        } else if (type >= 0) {
            types[type] = value & typeMask(type);
        } else if (filter >= 0) {
            streams[filter] = oneFilter && filter > 0 ? 0 : value & streamMask;
        } else {
            writeControl(at, value);
        }
    }

    private long typeMask(int counter) {
        return Evtyper.EVENT.mask()
                | (oneFilter && counter > 0 ? 0 : Evtyper.FILTER_SID_SPAN.mask())
                | (captures ? Evtyper.OVFCAP.mask() : 0);
    }

    private void writeControl(int at, long value) {
        long bits = widened(value, at) & all;
        switch (at & ~4) {
            case CounterGroupRegisters.CNTENSET0 -> enabled |= bits;
            case CounterGroupRegisters.CNTENCLR0 -> enabled &= ~bits;
            case CounterGroupRegisters.INTENSET0 -> interrupting |= bits;
            case CounterGroupRegisters.INTENCLR0 -> interrupting &= ~bits;
            case CounterGroupRegisters.OVSSET0 -> overflowed |= bits;
            case CounterGroupRegisters.OVSCLR0 -> overflowed &= ~bits;
            default -> writeSingle(at, value);
        }
    }

    private void writeSingle(int at, long value) {
        switch (at) {
            case CounterGroupRegisters.CAPR -> {
                if (captures && (value & 1) != 0) {
                    capture();
                }
            }
            case CounterGroupRegisters.CR -> control = value & 1;
            default -> interrupt.write(at, value);
        }
    }
}
