package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.ControlRegisters.Pmen;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

/**
 * Register accesses of software: which sizes reach which register, and what a write sets in motion
 * (section 11.2 and chapter 11.4).
 *
 * <p>A 64-bit register may be accessed as two halves. A 64-bit access to two 32-bit registers,
 * which software must not make, is two accesses. Everything else that does not fit reads as zero
 * and is ignored on write.
 */
final class RegisterInterface {

    private static final long LOW_HALF = 0xffff_ffffL;

    private final Registers registers;
    private final GlobalCommand commands;
    private final RegisterInvalidation invalidation;
    private final InvalidationQueue queue;
    private final Invalidations invalidations;
    private final FaultRecording faults;
    private final PageRequestQueue pageRequests;
    private final Events events;
    private final PerformanceCounters performance;
    private final int iotlbOffset;
    private final int faultOffset;
    private final int faultEnd;

    RegisterInterface(
            VtdProfile profile,
            Registers registers,
            GlobalCommand commands,
            RegisterInvalidation invalidation,
            InvalidationQueue queue,
            Invalidations invalidations,
            FaultRecording faults,
            PageRequestQueue pageRequests,
            Events events,
            PerformanceCounters performance) {
        this.registers = registers;
        this.commands = commands;
        this.invalidation = invalidation;
        this.queue = queue;
        this.invalidations = invalidations;
        this.faults = faults;
        this.pageRequests = pageRequests;
        this.events = events;
        this.performance = performance;
        long cap = profile.capability();
        long ecap = profile.extendedCapability();
        iotlbOffset = RelocatedRegister.IVA.offset(cap, ecap, 0);
        faultOffset = RelocatedRegister.FRCD_LO.offset(cap, ecap, 0);
        faultEnd = faultOffset + FaultRecord.BYTES * registers.faultRecords();
    }

    long read(long offset, int width) {
        if (width == 4 && (offset & 3) == 0) {
            return half(offset, wide(offset & ~7L));
        }
        return width == 8 && (offset & 7) == 0 ? wide(offset) : 0;
    }

    private static long half(long offset, long wide) {
        return (offset & 4) == 0 ? wide & LOW_HALF : wide >>> 32;
    }

    /** The 64 bits at a multiple of 8, which are one register or two. */
    private long wide(long offset) {
        Register register = at(offset);
        Register upper = register;
        if (register == null || register.bytes() == 4) {
            upper = at(offset + 4);
        }
        if (register != null || upper != null) {
            if (register == Register.IQH || upper == Register.FSTS || upper == Register.ICS) {
                queue.checkTime();
            }
            return register == upper
                    ? value(register)
                    : value(register) & LOW_HALF | value(upper) << 32;
        }
        if (offset == iotlbOffset + 8) {
            return invalidation.iotlb();
        }
        if (offset >= faultOffset && offset < faultEnd) {
            int index = (int) (offset - faultOffset) / FaultRecord.BYTES;
            return (offset & 8) == (faultOffset & 8) ? faults.low(index) : faults.high(index);
        }
        return performance.read(offset);
    }

    private long value(@Nullable Register register) {
        // GCMD is write-only; its state is GSTS.
        return register == null || register == Register.GCMD ? 0 : registers.get(register);
    }

    void write(long offset, int width, long value) {
        if (width == 4 && (offset & 3) == 0) {
            boolean low = (offset & 4) == 0;
            store(offset, low ? value & LOW_HALF : value << 32, low ? LOW_HALF : ~LOW_HALF);
        } else if (width == 8 && (offset & 7) == 0) {
            store(offset, value, -1L);
        }
    }

    /**
     * A write.
     *
     * @param value the written bits at their places within the aligned 64 bits
     * @param touched which of these 64 bits are written
     */
    private void store(long offset, long value, long touched) {
        long base = offset & ~7L;
        Register register = at(base);
        if (register != null && register.bytes() == 8) {
            change(register, value, touched);
        } else if (register != null || at(base + 4) != null) {
            if (register != null && (touched & LOW_HALF) != 0) {
                change(register, value & LOW_HALF, LOW_HALF);
            }
            Register upper = at(base + 4);
            if (upper != null && (touched & ~LOW_HALF) != 0) {
                change(upper, value >>> 32, LOW_HALF);
            }
        } else {
            storeRelocated(base, value, touched);
        }
    }

    private void storeRelocated(long base, long value, long touched) {
        if (base == iotlbOffset) {
            invalidation.address(value, touched);
        } else if (base == iotlbOffset + 8) {
            invalidation.iotlb(value, touched);
        } else if (base >= faultOffset && base < faultEnd) {
            boolean upper = (base & 8) != (faultOffset & 8);
            if (upper && FaultRecord.F.isSet(value & touched)) {
                faults.release((int) (base - faultOffset) / FaultRecord.BYTES);
            }
        } else {
            performance.write(base, value, touched);
        }
    }

    private void change(Register register, long value, long touched) {
        switch (register) {
            case GCMD -> commands.write(value & touched);
            case CCMD -> invalidation.contextCommand(value, touched);
            case FSTS -> {
                faults.clear(value & touched);
                queue.kick();
            }
            case FECTL -> events.fault().control(value, touched);
            case IECTL -> events.invalidation().control(value, touched);
            case PECTL -> events.pageRequest().control(value, touched);
            case PERFINTRCTL -> events.performance().control(value, touched);
            case ICS -> clearCompletion(value & touched);
            case PRS -> pageRequests.clear(value & touched);
            case PMEN -> protect(value, touched);
            case IQT -> {
                registers.store(register, value, touched);
                queue.kick();
            }
            case PERFINTRSTS, ECMD -> performance.change(register, value, touched);
            default -> registers.store(register, value, touched);
        }
        events.send();
    }

    private void clearCompletion(long value) {
        EventSource event = events.invalidation();
        synchronized (event) {
            long now = registers.merged(Register.ICS, value, -1L);
            registers.set(Register.ICS, now);
            if (now == 0) {
                event.serviced();
            }
        }
    }

    /** PMEN: the status follows once requests of before have ended. */
    private synchronized void protect(long value, long touched) {
        registers.store(Register.PMEN, value, touched);
        registers.setProtecting(registers.has(Register.PMEN, Pmen.EPM));
        invalidations.drainAll();
        long now = registers.get(Register.PMEN);
        registers.set(Register.PMEN, Pmen.PRS.set(now, Pmen.EPM.get(now)));
    }

    /** The register that covers 32 bits, unless it belongs to a feature that is not claimed. */
    private @Nullable Register at(long offset) {
        Register register = Register.at(offset);
        return register != null && registers.isPresent(register) ? register : null;
    }
}
