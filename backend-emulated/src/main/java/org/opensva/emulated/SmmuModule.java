package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
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
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

/** An SMMUv3, how processors tell it of their TLB maintenance, and its driver. */
final class SmmuModule extends AbstractModule {

    private final SmmuProfile profile;

    SmmuModule(SmmuProfile profile) {
        this.profile = profile;
    }

    @Override
    protected void configure() {
        bind(SmmuInterrupts.class).to(SmmuWires.class);
        bind(TranslationAgent.class).to(SmmuV3.class);
        bind(MmioRegion.class).annotatedWith(IommuRegisters.class).to(SmmuV3.class);
        bind(IommuDriver.class).to(SmmuV3Driver.class);
    }

    @Provides
    @MachineScoped
    SmmuWires wires(InterruptController controller) {
        return new SmmuWires(controller);
    }

    @Provides
    @MachineScoped
    SmmuProfile profile() {
        return profile;
    }

    @Provides
    @MachineScoped
    SmmuV3 smmu(
            SmmuProfile profile,
            PhysicalMemory memory,
            SmmuInterrupts interrupts,
            Lifecycle lifecycle) {
        return lifecycle.add(
                Stage.IOMMU, new SmmuV3(profile, memory, interrupts, System::nanoTime));
    }

    /** Processors are in one shareability domain with an SMMU that listens to them. */
    @Provides
    @MachineScoped
    ProcessorTlbs processorTlbs(Provider<SmmuV3> smmu, HardwareEventSink events) {
        return Idr0.BTM.isSet(profile.idr0())
                ? new SmmuBroadcasts(smmu.get(), profile, events)
                : ProcessorTlbs.UNSHARED;
    }

    @Provides
    @MachineScoped
    SmmuV3Driver driver(
            @IommuRegisters MmioRegion registers,
            WatchedMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry,
            SmmuWires wires,
            Lifecycle lifecycle) {
        SmmuV3Driver driver =
                lifecycle.add(
                        Stage.DRIVER,
                        new SmmuV3Driver(registers, memory, frames, events, telemetry));
        wires.install(driver);
        return driver;
    }
}
