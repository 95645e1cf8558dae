package org.opensva.emulated;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.iommu.InterruptController;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.function.LongSupplier;

/** An SMMUv3 and its driver. */
final class SmmuModule extends UnitModule<SmmuWires, SmmuV3, SmmuV3Driver> {

    private final SmmuProfile profile;
    private final LongSupplier nanoTime;

    SmmuModule(int instance, SmmuProfile profile, LongSupplier nanoTime) {
        super(instance, SmmuWires.class, SmmuV3.class, SmmuV3Driver.class);
        this.profile = profile;
        this.nanoTime = nanoTime;
    }

    @Override
    SmmuWires wires(int number, InterruptController controller) {
        return new SmmuWires(number, controller);
    }

    @Override
    SmmuV3 hardware(PhysicalMemory memory, SmmuWires interrupts) {
        return new SmmuV3(profile, memory, interrupts, nanoTime);
    }

    @Override
    SmmuV3Driver driver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry) {
        return new SmmuV3Driver(registers, memory, frames, events, telemetry, nanoTime);
    }

    @Override
    void install(SmmuWires interrupts, SmmuV3Driver installed) {
        interrupts.install(installed);
    }
}
