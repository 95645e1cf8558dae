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

/**
 * One IOMMU of the machine, its driver and the wires between them, whatever the architecture: under
 * which keys they are found, what they share with the machine, and when each is shut down.
 *
 * @param <W> the wires
 * @param <H> the hardware
 * @param <D> the driver
 */
@SuppressWarnings(
        "try") // Of a type that is only known to be closed: neither unit is interruptible.
abstract class UnitModule<
                W, H extends MmioRegion & TranslationAgent & AutoCloseable, D extends IommuDriver>
        extends AbstractModule {

    private final int instance;
    private final Class<W> wires;
    private final Class<H> hardware;
    private final Class<D> driver;

    UnitModule(int instance, Class<W> wires, Class<H> hardware, Class<D> driver) {
        this.instance = instance;
        this.wires = wires;
        this.hardware = hardware;
        this.driver = driver;
    }

    /** The unit's wires; its hardware and driver do not exist yet. */
    abstract W wires(int number, InterruptController controller);

    abstract H hardware(PhysicalMemory memory, W interrupts);

    /** The driver, which has the unit at work when this returns. */
    abstract D driver(
            MmioRegion registers,
            PhysicalMemory memory,
            FrameAllocator frames,
            HardwareEventSink events,
            OpenTelemetry telemetry);

    /** From now on interrupts reach the driver. */
    abstract void install(W interrupts, D installed);

    private <T> Key<T> own(Class<T> part) {
        return IommuParts.key(instance, part);
    }

    @Override
    protected final void configure() {
        bind(own(TranslationAgent.class)).to(own(hardware));
        bind(own(MmioRegion.class)).to(own(hardware));
        bind(own(IommuDriver.class)).to(own(driver));
        bindWires();
        bindHardware();
        bindDriver();
    }

    private void bindWires() {
        Provider<InterruptController> controller = getProvider(InterruptController.class);
        bind(own(wires))
                .toProvider(() -> wires(instance, controller.get()))
                .in(MachineScoped.class);
    }

    private void bindHardware() {
        Provider<PhysicalMemory> memory = getProvider(PhysicalMemory.class);
        Provider<W> interrupts = getProvider(own(wires));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(hardware))
                .toProvider(() ->
                        lifecycle.get().add(Stage.IOMMU, hardware(memory.get(), interrupts.get())))
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
        Provider<W> interrupts = getProvider(own(wires));
        Provider<Lifecycle> lifecycle = getProvider(Lifecycle.class);
        bind(own(driver))
                .toProvider(() -> {
                    D started =
                            driver(
                                    registers.get(),
                                    memory.get(),
                                    frames.get(),
                                    events.get(),
                                    telemetry.get());
                    lifecycle.get().add(Stage.DRIVER, started);
                    install(interrupts.get(), started);
                    return started;
                })
                .in(MachineScoped.class);
    }
}
