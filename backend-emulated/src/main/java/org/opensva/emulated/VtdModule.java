package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.InterruptController;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.emulated.machine.WatchedMemory;
import org.opensva.vtd.driver.VtdDriver;
import org.opensva.vtd.model.VtdInterrupts;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

/** A VT-d remapping unit and its driver. */
final class VtdModule extends AbstractModule {

    private final VtdProfile profile;

    VtdModule(VtdProfile profile) {
        this.profile = profile;
    }

    @Override
    protected void configure() {
        bind(VtdInterrupts.class).to(VtdWires.class);
        bind(TranslationAgent.class).to(VtdIommu.class);
        bind(MmioRegion.class).annotatedWith(IommuRegisters.class).to(VtdIommu.class);
        bind(IommuDriver.class).to(VtdDriver.class);
        // Processors of x86-64 interrupt each other; nothing of that reaches an IOMMU.
        bind(ProcessorTlbs.class).toInstance(ProcessorTlbs.UNSHARED);
    }

    @Provides
    @MachineScoped
    VtdWires wires(InterruptController controller) {
        return new VtdWires(controller);
    }

    @Provides
    @MachineScoped
    VtdProfile profile() {
        return profile;
    }

    @Provides
    @MachineScoped
    VtdIommu vtd(
            VtdProfile unit, PhysicalMemory memory, VtdInterrupts interrupts, Lifecycle lifecycle) {
        return lifecycle.add(Stage.IOMMU, new VtdIommu(unit, memory, interrupts, System::nanoTime));
    }

    @Provides
    @MachineScoped
    VtdDriver driver(
            @IommuRegisters MmioRegion registers,
            WatchedMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry,
            VtdWires wires,
            Lifecycle lifecycle) {
        VtdDriver driver =
                lifecycle.add(
                        Stage.DRIVER, new VtdDriver(registers, memory, frames, events, telemetry));
        wires.install(driver);
        return driver;
    }
}
