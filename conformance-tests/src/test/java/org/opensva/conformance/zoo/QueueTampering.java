package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provider;
import com.google.inject.Singleton;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.emulated.IommuRegisters;

/**
 * Somebody between a driver and its IOMMU, who gets at the IOMMU's queue after commands were
 * written and before a register tells of them.
 */
abstract class QueueTampering implements Defect {

    private final Class<? extends MmioRegion> unit;
    private final long doorbell;

    /**
     * Names the IOMMU.
     *
     * @param unit the hardware
     * @param doorbell the offset of the register that tells how far the queue is filled
     */
    QueueTampering(Class<? extends MmioRegion> unit, long doorbell) {
        this.unit = unit;
        this.doorbell = doorbell;
    }

    /**
     * The driver tells of commands; it has its queue locked.
     *
     * @param registers of the IOMMU, which does not know of them yet, and has to be told here
     * @param memory where the queue is
     * @param index what the driver stores to the doorbell
     */
    abstract void rung(MmioRegion registers, PhysicalMemory memory, long index);

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Override
            protected void configure() {
                Provider<? extends MmioRegion> registers = getProvider(unit);
                Provider<PhysicalMemory> memory = getProvider(PhysicalMemory.class);
                bind(MmioRegion.class)
                        .annotatedWith(IommuRegisters.class)
                        .toProvider(() -> new Tampered(registers.get(), memory.get()))
                        .in(Singleton.class);
            }
        };
    }

    private final class Tampered implements MmioRegion {
        private final MmioRegion registers;
        private final PhysicalMemory memory;

        Tampered(MmioRegion registers, PhysicalMemory memory) {
            this.registers = registers;
            this.memory = memory;
        }

        @Override
        public long size() {
            return registers.size();
        }

        @Override
        public long read(long offset, int width) {
            return registers.read(offset, width);
        }

        @Override
        public void write(long offset, int width, long value) {
            if (offset == doorbell) {
                rung(registers, memory, value);
            } else {
                registers.write(offset, width, value);
            }
        }
    }
}
