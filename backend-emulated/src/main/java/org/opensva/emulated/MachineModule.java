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
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.emulated.machine.BuddyFrameAllocator;
import org.opensva.emulated.machine.ChunkedMemory;
import org.opensva.emulated.machine.EventLog;
import org.opensva.emulated.machine.InterruptDispatcher;
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

/** The hardware of a machine and the driver of its IOMMU. */
final class MachineModule extends AbstractModule {

    /** Where RAM begins, as on Arm's own platforms; address 0 is never memory. */
    static final long MEMORY_BASE = 0x8000_0000L;

    private static final int EVENTS = 1 << 18;

    private final long memoryBytes;
    private final PagingMode paging;

    MachineModule(long memoryBytes, PagingMode paging) {
        this.paging = paging;
        this.memoryBytes = memoryBytes;
    }

    @Override
    protected void configure() {
        bind(PhysicalMemory.class).to(ChunkedMemory.class);
        bind(FrameAllocator.class).to(BuddyFrameAllocator.class);
        bind(InterruptController.class).to(InterruptDispatcher.class);
        bind(HardwareEventSink.class).to(EventLog.class);
        bind(SmmuInterrupts.class).to(WiredInterrupts.class);
        bind(TranslationAgent.class).to(SmmuV3.class);
        bind(MmioRegion.class).annotatedWith(IommuRegisters.class).to(SmmuV3.class);
        bind(IommuDriver.class).to(SmmuV3Driver.class);
    }

    @Provides
    @MachineScoped
    ChunkedMemory memory() {
        return new ChunkedMemory(MEMORY_BASE, memoryBytes);
    }

    @Provides
    @MachineScoped
    BuddyFrameAllocator frames(PhysicalMemory memory) {
        return new BuddyFrameAllocator(memory, MEMORY_BASE, memoryBytes, paging.entries().poison());
    }

    @Provides
    @MachineScoped
    InterruptDispatcher interrupts(Lifecycle lifecycle) {
        return lifecycle.add(Stage.INTERRUPTS, new InterruptDispatcher());
    }

    @Provides
    @MachineScoped
    EventLog events() {
        return new EventLog(EVENTS);
    }

    @Provides
    @MachineScoped
    WiredInterrupts wires(InterruptController controller) {
        return new WiredInterrupts(controller);
    }

    @Provides
    @MachineScoped
    SmmuProfile profile() {
        return SmmuProfile.sva();
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

    @Provides
    @MachineScoped
    SmmuV3Driver driver(
            @IommuRegisters MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry,
            WiredInterrupts wires,
            Lifecycle lifecycle) {
        SmmuV3Driver driver =
                lifecycle.add(
                        Stage.DRIVER,
                        new SmmuV3Driver(registers, memory, frames, events, telemetry));
        wires.install(driver);
        return driver;
    }
}
