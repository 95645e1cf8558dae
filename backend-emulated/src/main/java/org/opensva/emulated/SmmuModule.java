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
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

/** An SMMUv3 and its driver. */
final class SmmuModule extends AbstractModule {

    private final int instance;
    private final SmmuProfile profile;

    SmmuModule(int instance, SmmuProfile profile) {
        this.instance = instance;
        this.profile = profile;
    }

    private <T> Key<T> own(Class<T> part) {
        return IommuParts.key(instance, part);
    }

    @Override
    protected void configure() {
        bind(own(SmmuInterrupts.class)).to(own(SmmuWires.class));
        bind(own(TranslationAgent.class)).to(own(SmmuV3.class));
        bind(own(MmioRegion.class)).to(own(SmmuV3.class));
        bind(own(IommuDriver.class)).to(own(SmmuV3Driver.class));
        bindWires();
        bindHardware();
        bindDriver();
    }

    private void bindWires() {
        Provider<InterruptController> controller = getProvider(InterruptController.class);
        bind(own(SmmuWires.class))
                .toProvider(() -> new SmmuWires(instance, controller.get()))
                .in(MachineScoped.class);
    }

    private void bindHardware() {
        Provider<PhysicalMemory> memory = getProvider(PhysicalMemory.class);
        Provider<SmmuInterrupts> interrupts = getProvider(own(SmmuInterrupts.class));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(SmmuV3.class))
                .toProvider(() ->
                        lifecycle
                                .get()
                                .add(
                                        Stage.IOMMU,
                                        new SmmuV3(
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
        Provider<SmmuWires> wires = getProvider(own(SmmuWires.class));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(SmmuV3Driver.class))
                .toProvider(() -> {
                    SmmuV3Driver driver =
                            lifecycle
                                    .get()
                                    .add(
                                            Stage.DRIVER,
                                            new SmmuV3Driver(
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
