package org.opensva.emulated;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.iommu.InterruptController;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.driver.VtdDriver;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

import java.util.function.LongSupplier;

/** A VT-d remapping unit and its driver. */
final class VtdModule extends UnitModule<VtdWires, VtdIommu, VtdDriver> {

    private final VtdProfile profile;
    private final LongSupplier nanoTime;

    VtdModule(int instance, VtdProfile profile, LongSupplier nanoTime) {
        super(instance, VtdWires.class, VtdIommu.class, VtdDriver.class);
        this.profile = profile;
        this.nanoTime = nanoTime;
    }

    @Override
    VtdWires wires(int number, InterruptController controller) {
        return new VtdWires(number, controller);
    }

    @Override
    VtdIommu hardware(PhysicalMemory memory, VtdWires interrupts) {
        return new VtdIommu(profile, memory, interrupts, nanoTime);
    }

    @Override
    VtdDriver driver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry) {
        return new VtdDriver(registers, memory, frames, events, telemetry, nanoTime);
    }

    @Override
    void install(VtdWires interrupts, VtdDriver installed) {
        interrupts.install(installed);
    }
}
