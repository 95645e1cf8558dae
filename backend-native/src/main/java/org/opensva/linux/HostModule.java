package org.opensva.linux;

import com.google.inject.AbstractModule;
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
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.HardwareMeters;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.api.telemetry.PasidLimit;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirks;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.agent.Keeper;
import org.opensva.linux.doctor.AgentProbe;
import org.opensva.linux.doctor.Examination;
import org.opensva.linux.doctor.HostFacts;
import org.opensva.linux.iommu.HostBinder;
import org.opensva.linux.iommu.HostIommu;
import org.opensva.linux.mm.EventDiscipline;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.mm.Transfers;
import org.opensva.linux.process.EventDescriptors;
import org.opensva.linux.process.HostProcesses;
import org.opensva.uacce.UacceConfig;
import org.opensva.uacce.UacceDevice;
import org.opensva.uacce.engine.StandardEngines;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts the backend together. Layers are bound under their types of the SPI, so that {@code
 * Modules.override} replaces any of them: {@code HardwareEventSink}, {@code TranslationAgent},
 * {@code EndpointFactory}, {@code EngineFactory}, {@code SvaBinder}, {@code ProcessHost}, {@code
 * Backend}.
 */
final class HostModule extends AbstractModule {

    private static final String BACKEND =
            NativeBackendProvider.NAME + ":" + NativeBackendProvider.HOST;
    private static final int PASID_BITS = 16;
    private static final int INVALIDATE_QUEUE_DEPTH = 32;

    private record Function(String name, RequesterId requester) {}

    private static final List<Function> FUNCTIONS =
            List.of(
                    new Function("zip-0", RequesterId.of(1, 0, 0)),
                    new Function("dma-1", RequesterId.of(2, 0, 0)));

    private final HostOptions options;
    private final Examination examination;
    private final HostFacts facts;

    HostModule(HostOptions options, Examination examination, HostFacts facts) {
        this.options = options;
        this.examination = examination;
        this.facts = facts;
    }

    private boolean events() {
        return options.events() && facts.eventFeatures() != 0;
    }

    @Override
    protected void configure() {
        EventDescriptors told = events() ? facts.events() : EventDescriptors.NONE;
        install(new ProcessesModule(facts, options.transfers(), told));
        bind(TranslationAgent.class).to(HostIommu.class);
        bind(SvaBinder.class).to(HostBinder.class);
        bind(EndpointFactory.class).to(AtsEndpointFactory.class);
        bind(EventDiscipline.class).toInstance(EventDiscipline.INVALIDATE_FIRST);
        bind(EngineFactory.class).to(StandardEngines.class);
        bind(Introspection.class).to(HostIntrospection.class);
    }

    @Provides
    @HostScoped
    EventLog eventLog() {
        return new EventLog();
    }

    @Provides
    @HostScoped
    ControlMeters meters(OpenTelemetry telemetry, EventLog log) {
        return new ControlMeters(
                telemetry,
                log,
                BACKEND,
                names(),
                facts.pageSize(),
                new PasidLimit(options.pasidSeries()));
    }

    /** The names of the devices by requester id. */
    private static Map<Integer, String> names() {
        Map<Integer, String> names = new HashMap<>();
        FUNCTIONS.forEach(function -> names.put(function.requester().value(), function.name()));
        return names;
    }

    @Provides
    @HostScoped
    HardwareEventSink sink(ControlMeters meters) {
        return meters.sink();
    }

    @Provides
    @HostScoped
    AtsEndpointFactory endpoints() {
        return new AtsEndpointFactory(
                EndpointQuirks.NONE, options.patient(AtsEndpointFactory.PAGE_RESPONSE_TIMEOUT));
    }

    @Provides
    @HostScoped
    StandardEngines engines() {
        return new StandardEngines();
    }

    @Provides
    @HostScoped
    HostIommu iommu(HardwareEventSink events) {
        return new HostIommu(
                events, PASID_BITS, events(), options.patient(HostIommu.INVALIDATION_LIMIT));
    }

    @Provides
    @HostScoped
    HostMemory memory(
            SystemCalls kernel,
            Transfers transfers,
            EventPump pump,
            EventDiscipline discipline,
            HardwareEventSink sink,
            KernelTracer tracer,
            HostIommu iommu) {
        return new HostMemory(
                kernel,
                transfers,
                pump,
                facts.query(),
                options.windows(),
                events() ? facts.eventFeatures() : 0,
                discipline,
                sink,
                tracer,
                iommu::forget);
    }

    @Provides
    @HostScoped
    HostBinder binder(HostIommu iommu, HardwareEventSink events, OpenTelemetry telemetry) {
        return new HostBinder(iommu, events, telemetry, 1 << PASID_BITS);
    }

    @Provides
    @HostScoped
    HostDevices devices(
            EndpointFactory endpoints,
            TranslationAgent iommu,
            SvaBinder binder,
            EngineFactory engines,
            OpenTelemetry telemetry,
            Shutdown shutdown) {
        List<Endpoint> buses = new ArrayList<>();
        List<Accelerator> nodes = new ArrayList<>();
        for (Function function : FUNCTIONS) {
            Endpoint endpoint =
                    shutdown.add(
                            endpoints.create(
                                    new EndpointConfig(
                                            function.name(),
                                            function.requester(),
                                            PASID_BITS,
                                            events(),
                                            false,
                                            false,
                                            options.atcEntries(),
                                            INVALIDATE_QUEUE_DEPTH,
                                            1),
                                    iommu));
            endpoint.setPasidEnabled(true);
            endpoint.setAtsEnabled(events());
            buses.add(endpoint);
            nodes.add(
                    shutdown.add(
                            new UacceDevice(
                                    config(function.name()),
                                    endpoint,
                                    binder,
                                    engines,
                                    telemetry)));
        }
        return new HostDevices(buses, nodes);
    }

    /** What the node of a device is like. */
    UacceConfig config(String name) {
        UacceConfig usual = UacceConfig.of(name);
        return usual.withInstances(options.queues())
                .withForeignHandles(options.foreignHandles())
                .withPasidSeries(options.pasidSeries())
                .withRegionSize(facts.pageSize())
                .withDrainTimeout(options.patient(usual.drainTimeout()));
    }

    @Provides
    @HostScoped
    HostIntrospection introspection(
            EventLog events,
            HostIommu iommu,
            HostDevices devices,
            HostMemory memory,
            HostProcesses processes,
            HostBinder binder) {
        return new HostIntrospection(events, iommu, devices, memory, processes, binder);
    }

    @Provides
    @HostScoped
    BackendDescriptor descriptor(Transfers transfers, SystemCalls kernel, Keeper keeper) {
        SortedMap<String, String> properties = new TreeMap<>();
        properties.put("page-size", Integer.toString(facts.pageSize()));
        properties.put("pasid-bits", Integer.toString(PASID_BITS));
        properties.put("atc-entries", Integer.toString(events() ? options.atcEntries() : 0));
        properties.put("queues", Integer.toString(options.queues()));
        properties.put("events", events() ? "userfaultfd" : "none");
        properties.put(
                "transfers",
                transfers.way() == Transfers.Way.PROCESS_VM ? "process-vm" : "proc-mem");
        for (DiagnosticStep step : examination.steps()) {
            properties.put("host." + step.name(), step.line());
        }
        for (DiagnosticStep step : new AgentProbe(kernel, facts).examine(keeper)) {
            properties.put("host." + step.name(), step.line());
        }
        return new BackendDescriptor(
                NativeBackendProvider.NAME,
                NativeBackendProvider.HOST,
                Objects.requireNonNullElse(
                        HostModule.class.getPackage().getImplementationVersion(), "development"),
                "OpenSVA",
                capabilities(),
                options.foreignHandles(),
                PasidSupply.QUEUE,
                properties);
    }

    private Set<Capability> capabilities() {
        Set<Capability> claims = ProcessesModule.claims(facts);
        claims.addAll(
                EnumSet.of(
                        Capability.DEMAND_PAGING,
                        Capability.TWO_DEVICES,
                        Capability.PASID_VISIBLE,
                        Capability.STOP_PASID,
                        Capability.INTROSPECTION,
                        Capability.REMOVAL,
                        Capability.ISOLATION,
                        Capability.ERROR_INJECTION,
                        Capability.RESET,
                        Capability.SYSFS,
                        Capability.SHARED_QUEUES,
                        Capability.BATCH_SUBMIT,
                        Capability.QUEUE_PRIORITIES,
                        Capability.DIRECT_SUBMIT,
                        Capability.QUEUE_STATES,
                        Capability.REGIONS,
                        Capability.INSTANCES,
                        Capability.POLL));
        if (events()) {
            claims.add(Capability.ATS);
        }
        return claims;
    }

    /**
     * Starts the backend. Parts are asked for here, those that others need first, so that they are
     * taken down last; whatever fails, what runs already is taken down again.
     */
    @Provides
    @HostScoped
    Backend backend(
            Shutdown shutdown,
            Provider<Keeper> keeper,
            Provider<EventPump> pump,
            Provider<HostDevices> devices,
            Provider<ProcessHost> processes,
            Provider<BackendDescriptor> descriptor,
            Provider<Introspection> introspection,
            Provider<HostBinder> binder,
            ControlMeters meters,
            OpenTelemetry telemetry) {
        boolean running = false;
        try {
            Objects.requireNonNull(pump.get());
            Objects.requireNonNull(keeper.get());
            List<Accelerator> nodes = devices.get().nodes();
            HostBackend backend =
                    new HostBackend(
                            descriptor.get(),
                            processes.get(),
                            nodes,
                            Optional.of(introspection.get()),
                            shutdown);
            observe(telemetry, introspection.get(), meters, binder.get(), shutdown);
            running = true;
            return backend;
        } finally {
            if (!running) {
                shutdown.close();
            }
        }
    }

    private static void observe(
            OpenTelemetry telemetry,
            Introspection inside,
            ControlMeters meters,
            HostBinder binder,
            Shutdown shutdown) {
        if (!SvaTelemetry.recordsMetrics(telemetry)) {
            return;
        }
        shutdown.add(HardwareMeters.observe(telemetry, BACKEND, inside, names()));
        meters.observe(binder::pasidCount);
        shutdown.add(meters);
    }
}
