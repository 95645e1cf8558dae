package org.opensva.vtd.model;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.Register;

import java.util.function.LongSupplier;

/**
 * A remapping hardware unit of VT-d: a register window for software, a port for each device, memory
 * for its tables and queues (revision 4.1 of the specification).
 *
 * <p>It is being built: so far its registers can be read, and a write has no effect.
 *
 * <p><b>Threading.</b> Everything may be called from any thread.
 */
public final class VtdIommu implements MmioRegion, AutoCloseable {

    private static final long LOW_HALF = 0xffff_ffffL;

    private final Registers registers;
    private final long size;

    /**
     * Makes a unit in its reset state, with translation disabled and empty caches.
     *
     * @param profile what it claims and how large it is
     * @param memory where its tables and queues are, and what devices reach
     * @param interrupts where its interrupts go
     * @param nanoTime a clock in nanoseconds, for device-TLB invalidation timeouts
     */
    public VtdIommu(
            VtdProfile profile,
            PhysicalMemory memory,
            VtdInterrupts interrupts,
            LongSupplier nanoTime) {
        registers = new Registers(profile);
        size = profile.windowBytes();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long read(long offset, int width) {
        if (width == 8 && (offset & 7) == 0) {
            return read32(offset) | read32(offset + 4) << 32;
        }
        return width == 4 ? read32(offset) : 0;
    }

    private long read32(long offset) {
        Register register = Register.at(offset);
        if (register == null || !registers.isPresent(register)) {
            return 0;
        }
        long value = registers.get(register);
        return (offset - register.offset() == 4 ? value >>> 32 : value) & LOW_HALF;
    }

    @Override
    public void write(long offset, int width, long value) {}

    @Override
    public void close() {}
}
