package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Inject;
import com.google.inject.Provider;
import com.google.inject.Provides;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.MachineParts;
import org.opensva.api.backend.MemoryPressure;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.HardwareMeters;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirks;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.process.EmulatedKernel;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.emulated.machine.EventLog;
import org.opensva.emulated.machine.SeededSchedule;
import org.opensva.emulated.machine.WatchedMemory;
import org.opensva.emulated.profile.MachineProfile;
import org.opensva.uacce.UacceConfig;
import org.opensva.uacce.UacceDevice;
import org.opensva.uacce.engine.StandardEngines;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * Puts an emulated machine together.
 *
 * <p>Every layer is bound under its type of the SPI: {@code PhysicalMemory}, {@code
 * FrameAllocator}, {@code InterruptController}, {@code HardwareEventSink}, {@code
 * TranslationAgent}, {@code @IommuRegisters MmioRegion}, {@code IommuDriver}, {@code
 * EndpointFactory}, {@code EngineFactory}, {@code SvaBinder}, {@code PageFaultHandler}, {@code
 * ProcessHost}, {@code Backend}. {@code Modules.override} replaces any of them; the concrete
 * classes are bound too, and made only if somebody asks for them.
 */
public final class EmulatedModule extends AbstractModule {

    private final EmulatedOptions options;
    private final MachineProfile profile;

    EmulatedModule(EmulatedOptions options) {
        this.options = options;
        this.profile = options.profile();
    }

    @Override
    protected void configure() {
        bindScope(MachineScoped.class, new MachineScope());
        install(new MachineModule(profile, options.deterministic().isPresent()));
        install(new IommuModule(profile, options.patience().clock(System::nanoTime)));
        install(new KernelModule(profile, options.hugePages()));
        install(new TelemetryModule(profile, options.pasidSeries()));
        bind(EndpointFactory.class).to(AtsEndpointFactory.class);
        bind(EngineFactory.class).to(StandardEngines.class);
        bind(Start.class);
        bind(Introspection.class).to(EmulatedIntrospection.class);
    }

    @Provides
    @MachineScoped
    Lifecycle lifecycle() {
        return new Lifecycle();
    }

    @Provides
    @MachineScoped
    Optional<SeededSchedule> schedule(Lifecycle lifecycle) {
        if (options.deterministic().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    lifecycle.add(
                            Stage.SCHEDULE,
                            new SeededSchedule(options.deterministic().getAsLong())));
        } catch (UnsupportedOperationException e) {
            throw new BackendException(
                    "option deterministic of backend 'emulated': " + e.getMessage(), e);
        }
    }

    @Provides
    @MachineScoped
    AtsEndpointFactory endpoints() {
        return new AtsEndpointFactory(
                EndpointQuirks.NONE,
                options.patience().of(AtsEndpointFactory.PAGE_RESPONSE_TIMEOUT));
    }

    @Provides
    @MachineScoped
    StandardEngines engines() {
        return new StandardEngines();
    }

    @Provides
    @MachineScoped
    FaultLog faultLog() {
        return new FaultLog();
    }

    @Provides
    @MachineScoped
    Accelerators accelerators(
            EndpointFactory endpoints,
            Iommus iommus,
            SvaBinder binder,
            EngineFactory engines,
            ProcessHost host,
            OpenTelemetry telemetry,
            Lifecycle lifecycle) {
        List<Endpoint> buses = new ArrayList<>();
        List<Accelerator> nodes = new ArrayList<>();
        for (EndpointConfig device : profile.devices()) {
            TranslationAgent iommu = iommus.of(device.name()).agent();
            Endpoint endpoint = lifecycle.add(Stage.ENDPOINTS, endpoints.create(device, iommu));
            buses.add(endpoint);
            nodes.add(
                    lifecycle.add(
                            Stage.ACCELERATORS,
                            new UacceDevice(
                                    config(device.name(), host.pageSize()),
                                    endpoint,
                                    binder,
                                    engines,
                                    telemetry,
                                    new FunctionSlots(
                                            device,
                                            nodes.size(),
                                            profile.devices().size(),
                                            endpoints,
                                            iommu))));
        }
        return new Accelerators(buses, nodes);
    }

    /** What the node of a device is like. */
    UacceConfig config(String name, int pageSize) {
        UacceConfig usual = UacceConfig.of(name);
        return usual.withInstances(options.queues())
                .withForeignHandles(options.foreignHandles())
                .withPasidSeries(options.pasidSeries())
                .withRegionSize(pageSize)
                .withDrainTimeout(options.patience().of(usual.drainTimeout()));
    }

    @Provides
    @MachineScoped
    EmulatedIntrospection introspection(
            EventLog events,
            FaultLog faults,
            Iommus iommus,
            Accelerators accelerators,
            AddressSpaces addressSpaces,
            EmulatedKernel kernel,
            SvaCore sva) {
        return new EmulatedIntrospection(
                events,
                faults,
                iommus,
                accelerators,
                addressSpaces,
                kernel,
                sva,
                new StaleTranslations(iommus, accelerators, addressSpaces, sva));
    }

    @Provides
    @MachineScoped
    MachineParts parts(
            TranslationAgent agent,
            IommuDriver driver,
            SvaBinder binder,
            EndpointFactory endpoints,
            FrameAllocator frames,
            WatchedMemory driverMemory) {
        return new EmulatedParts(
                agent,
                driver,
                binder,
                endpoints,
                frames,
                driverMemory,
                EmulatedParts.freePlaces(profile.devices()));
    }

    @Provides
    @MachineScoped
    BackendDescriptor descriptor(ProcessHost host, Iommus iommus) {
        SortedMap<String, String> properties = new TreeMap<>();
        properties.put("page-size", Integer.toString(host.pageSize()));
        properties.put("page-table-levels", Integer.toString(profile.paging().levels()));
        properties.put("huge-pages", options.hugePages().id());
        options.torment().ifPresent(seed -> properties.put("tormentor", Long.toString(seed)));
        options.deterministic()
                .ifPresent(seed -> properties.put("deterministic", Long.toString(seed)));
        properties.put("memory", Long.toString(profile.memory()));
        properties.put("profile-sha256", profile.digest());
        properties.put(
                "iommu",
                iommus.instances().stream()
                        .map(iommu -> iommu.driver().capabilities().name())
                        .collect(Collectors.joining(", ")));
        properties.put(
                "pasid-bits",
                each(device ->
                        Math.min(
                                device.pasidBits(),
                                iommus.of(device.name()).driver().capabilities().pasidBits())));
        properties.put("atc-entries", each(device -> device.ats() ? device.atcEntries() : 0));
        properties.put("queues", Integer.toString(options.queues()));
        return new BackendDescriptor(
                EmulatedBackendProvider.NAME,
                profile.name(),
                version(),
                "OpenSVA",
                options.capabilities(),
                options.foreignHandles(),
                PasidSupply.QUEUE,
                properties);
    }

    /** One number if all devices agree, otherwise one for each. */
    private String each(ToIntFunction<EndpointConfig> property) {
        List<String> values =
                profile.devices().stream()
                        .map(device -> Integer.toString(property.applyAsInt(device)))
                        .toList();
        return values.stream().distinct().count() == 1
                ? values.getFirst()
                : String.join(",", values);
    }

    private static String version() {
        return Objects.requireNonNullElse(
                EmulatedModule.class.getPackage().getImplementationVersion(), "development");
    }

    /**
     * Starts the machine. Parts are asked for here, one after the other, so that whatever fails,
     * those that run already are taken down again.
     */
    @Provides
    @MachineScoped
    Backend backend(Lifecycle lifecycle, Optional<SeededSchedule> schedule, Provider<Start> start) {
        Supplier<Backend> opening = () -> open(lifecycle, schedule, start.get());
        return schedule.isPresent() ? schedule.get().call(opening) : opening.get();
    }

    /** What a machine is started from. */
    record Start(
            Provider<BackendDescriptor> descriptor,
            Provider<ProcessHost> processes,
            Provider<Iommus> iommus,
            Provider<Accelerators> accelerators,
            Provider<Introspection> introspection,
            Provider<MachineParts> parts,
            Provider<SvaCore> sva,
            Provider<FaultReports> faultReports,
            ControlMeters meters,
            Provider<MemoryPressure> pressure,
            OpenTelemetry telemetry) {

        @Inject
        Start {}
    }

    private Backend open(Lifecycle lifecycle, Optional<SeededSchedule> schedule, Start start) {
        boolean running = false;
        try {
            FaultReports reports = start.faultReports().get();
            start.iommus().get().instances().forEach(iommu -> iommu.driver().onFault(reports));
            EmulatedBackend backend =
                    new EmulatedBackend(
                            start.descriptor().get(),
                            start.processes().get(),
                            start.accelerators().get().nodes(),
                            start.introspection().get(),
                            start.parts().get(),
                            options.bearsPressure()
                                    ? Optional.of(start.pressure().get())
                                    : Optional.empty(),
                            schedule.map(turns -> turns),
                            lifecycle);
            observe(
                    start.telemetry(),
                    start.introspection().get(),
                    start.meters(),
                    start.sva().get(),
                    lifecycle);
            if (options.torment().isPresent()) {
                lifecycle.add(
                        Stage.PRESSURE,
                        start.pressure().get().torment(options.torment().getAsLong()));
            }
            running = true;
            return backend;
        } finally {
            if (!running) {
                lifecycle.close();
            }
        }
    }

    private void observe(
            OpenTelemetry telemetry,
            Introspection inside,
            ControlMeters meters,
            SvaCore sva,
            Lifecycle lifecycle) {
        if (!SvaTelemetry.recordsMetrics(telemetry)) {
            return;
        }
        lifecycle.add(
                Stage.METRICS,
                HardwareMeters.observe(
                        telemetry,
                        TelemetryModule.backend(profile),
                        inside,
                        TelemetryModule.devices(profile)));
        meters.observe(sva::pasidCount);
        lifecycle.add(Stage.METRICS, meters);
    }
}
