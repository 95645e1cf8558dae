package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Key;
import com.google.inject.Provider;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.InterruptController;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.vtd.driver.VtdDriver;
import org.opensva.vtd.model.VtdInterrupts;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

/** A VT-d remapping unit and its driver. */
final class VtdModule extends AbstractModule {

    private final int instance;
    private final VtdProfile profile;

    VtdModule(int instance, VtdProfile profile) {
        this.instance = instance;
        this.profile = profile;
    }

    private <T> Key<T> own(Class<T> part) {
        return IommuParts.key(instance, part);
    }

    @Override
    protected void configure() {
        bind(own(VtdInterrupts.class)).to(own(VtdWires.class));
        bind(own(TranslationAgent.class)).to(own(VtdIommu.class));
        bind(own(MmioRegion.class)).to(own(VtdIommu.class));
        bind(own(IommuDriver.class)).to(own(VtdDriver.class));
        bindWires();
        bindHardware();
        bindDriver();
    }

    private void bindWires() {
        Provider<InterruptController> controller = getProvider(InterruptController.class);
        bind(own(VtdWires.class))
                .toProvider(() -> new VtdWires(instance, controller.get()))
                .in(MachineScoped.class);
    }

    private void bindHardware() {
        Provider<PhysicalMemory> memory = getProvider(PhysicalMemory.class);
        Provider<VtdInterrupts> interrupts = getProvider(own(VtdInterrupts.class));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(VtdIommu.class))
                .toProvider(() ->
                        lifecycle
                                .get()
                                .add(
                                        Stage.IOMMU,
                                        new VtdIommu(
                                                profile,
                                                memory.get(),
                                                interrupts.get(),
                                                System::nanoTime)))
                .in(MachineScoped.class);
    }

    private void bindDriver() {
        Provider<MmioRegion> registers = getProvider(own(MmioRegion.class));
        // Whoever watches what drivers store watches the first one.
        Provider<? extends PhysicalMemory> memory =
                instance == 0
                        ? getProvider(Key.get(PhysicalMemory.class, DriverMemory.class))
                        : getProvider(PhysicalMemory.class);
        Provider<FrameAllocator> frames = getProvider(FrameAllocator.class);
        Provider<HardwareEventSink> events = getProvider(HardwareEventSink.class);
        Provider<OpenTelemetry> telemetry = getProvider(OpenTelemetry.class);
        Provider<VtdWires> wires = getProvider(own(VtdWires.class));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(VtdDriver.class))
                .toProvider(() -> {
                    VtdDriver driver =
                            lifecycle
                                    .get()
                                    .add(
                                            Stage.DRIVER,
                                            new VtdDriver(
                                                    registers.get(),
                                                    memory.get(),
                                                    frames.get(),
                                                    events.get(),
                                                    telemetry.get()));
                    wires.get().install(driver);
                    return driver;
                })
                .in(MachineScoped.class);
    }
}
