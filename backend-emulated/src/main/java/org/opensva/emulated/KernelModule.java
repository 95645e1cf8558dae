package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.mm.HugePagePolicy;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.emulated.kernel.pressure.ReclaimDaemon;
import org.opensva.emulated.kernel.pressure.SamePageDaemon;
import org.opensva.emulated.kernel.pressure.Tormentor;
import org.opensva.emulated.kernel.process.EmulatedKernel;
import org.opensva.emulated.kernel.sva.IommuLookup;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.emulated.machine.InterruptDispatcher;
import org.opensva.emulated.machine.MachineThreads;
import org.opensva.emulated.machine.Processors;
import org.opensva.emulated.machine.SeededSchedule;
import org.opensva.emulated.profile.MachineProfile;

import java.util.Optional;
import java.util.concurrent.ThreadFactory;

/** The operating system of a machine. */
final class KernelModule extends AbstractModule {

    private final MachineProfile profile;
    private final HugePagePolicy hugePages;

    KernelModule(MachineProfile profile, HugePagePolicy hugePages) {
        this.hugePages = hugePages;
        this.profile = profile;
    }

    @Override
    protected void configure() {
        bind(ProcessHost.class).to(EmulatedKernel.class);
        bind(MemoryPressure.class).to(Tormentor.class);
        bind(SvaBinder.class).to(SvaCore.class);
        bind(PageFaultHandler.class).to(SvaCore.class);
    }

    @Provides
    @MachineScoped
    KernelTracer tracer(OpenTelemetry telemetry) {
        return new KernelTracer(telemetry);
    }

    @Provides
    @MachineScoped
    AddressSpaces addressSpaces(
            PhysicalMemory memory,
            FrameAllocator frames,
            Processors processors,
            ProcessorTlbs tlbs,
            HardwareEventSink events,
            Lifecycle lifecycle) {
        return lifecycle.add(
                Stage.MEMORY,
                new AddressSpaces(
                        memory,
                        frames,
                        profile.memoryBase() + profile.memory(),
                        profile.paging(),
                        hugePages,
                        AddressSpaces.SWAP_PAGES,
                        processors,
                        tlbs,
                        events));
    }

    @Provides
    @MachineScoped
    EmulatedKernel kernel(
            AddressSpaces addressSpaces,
            KernelTracer tracer,
            Optional<SeededSchedule> schedule,
            Lifecycle lifecycle) {
        EmulatedKernel kernel =
                lifecycle.add(Stage.PROCESSES, new EmulatedKernel(addressSpaces, tracer));
        addressSpaces.whenOutOfMemory(kernel.outOfMemoryKiller());
        lifecycle.add(
                Stage.PRESSURE,
                new ReclaimDaemon(addressSpaces, MachineThreads.named("opensva-kswapd-")));
        ThreadFactory merging = MachineThreads.named("opensva-ksmd-");
        lifecycle.add(
                Stage.PRESSURE,
                schedule.isPresent()
                        ? new SamePageDaemon(addressSpaces, merging, schedule.get()::pace)
                        : new SamePageDaemon(addressSpaces, merging));
        return kernel;
    }

    @Provides
    @MachineScoped
    Tormentor tormentor(
            AddressSpaces addressSpaces, Optional<SeededSchedule> schedule, Lifecycle lifecycle) {
        ThreadFactory threads = MachineThreads.named("opensva-tormentor-");
        return lifecycle.add(
                Stage.PRESSURE,
                schedule.isPresent()
                        ? new Tormentor(addressSpaces, threads, schedule.get()::pace)
                        : new Tormentor(addressSpaces, threads));
    }

    @Provides
    @MachineScoped
    SvaCore sva(
            AddressSpaces addressSpaces,
            IommuLookup iommus,
            Provider<PageFaultHandler> faultHandler,
            HardwareEventSink events,
            ControlMeters meters,
            KernelTracer tracer,
            InterruptDispatcher interrupts,
            Lifecycle lifecycle) {
        return lifecycle.add(
                Stage.SVA,
                new SvaCore(
                        addressSpaces,
                        iommus,
                        faultHandler::get,
                        events,
                        meters,
                        tracer,
                        interrupts::defer));
    }
}
