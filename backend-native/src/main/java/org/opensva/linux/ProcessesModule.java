package org.opensva.linux;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.backend.Capability;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.agent.Keeper;
import org.opensva.linux.doctor.HostFacts;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.mm.Transfers;
import org.opensva.linux.process.EventDescriptors;
import org.opensva.linux.process.HostProcesses;

import java.util.EnumSet;
import java.util.Set;

/**
 * Real processes of this host, and what it takes to start, drive and end them, whoever translates
 * for the devices. Whoever installs it binds {@link HostMemory}.
 */
final class ProcessesModule extends AbstractModule {

    private final HostFacts facts;
    private final HostOptions.Transfer transfers;
    private final EventDescriptors events;

    /**
     * Prepares.
     *
     * @param facts about this host
     * @param transfers how bytes travel
     * @param events what tells of changes of memory
     */
    ProcessesModule(HostFacts facts, HostOptions.Transfer transfers, EventDescriptors events) {
        this.facts = facts;
        this.transfers = transfers;
        this.events = events;
    }

    /**
     * What these processes can do, whoever translates for the devices.
     *
     * @param facts about this host
     * @return a new set, to which the claims of devices are added
     */
    static Set<Capability> claims(HostFacts facts) {
        Set<Capability> claims =
                EnumSet.of(
                        Capability.FORK,
                        Capability.EXEC,
                        Capability.KILL,
                        Capability.SHARED_MEMORY,
                        Capability.FILE_TRUNCATE,
                        Capability.HOLE_PUNCH,
                        Capability.MEMORY_LOCK,
                        Capability.GROWING_STACKS,
                        Capability.MREMAP,
                        Capability.MPROTECT,
                        Capability.DISCARD,
                        Capability.PASS_HANDLE);
        if (facts.hugePages()) {
            claims.add(Capability.HUGE_PAGES);
        }
        if (facts.swap()) {
            claims.add(Capability.PAGEOUT);
        }
        return claims;
    }

    @Override
    protected void configure() {
        bindScope(HostScoped.class, new HostScope());
        bind(ProcessHost.class).to(HostProcesses.class);
    }

    @Provides
    @HostScoped
    Shutdown shutdown() {
        return new Shutdown();
    }

    @Provides
    @HostScoped
    SystemCalls kernel() {
        return new SystemCalls(Architecture.host().orElseThrow());
    }

    @Provides
    @HostScoped
    Keeper keeper(SystemCalls kernel, Shutdown shutdown) {
        return shutdown.add(Keeper.start(kernel));
    }

    @Provides
    @HostScoped
    EventPump pump(SystemCalls kernel, Shutdown shutdown) {
        return shutdown.add(new EventPump(kernel, "opensva-native-events"));
    }

    @Provides
    @HostScoped
    Transfers transfers(SystemCalls kernel, Keeper keeper) {
        return transfers.over(kernel, keeper.pid());
    }

    @Provides
    @HostScoped
    KernelTracer tracer(OpenTelemetry telemetry) {
        return new KernelTracer(telemetry);
    }

    @Provides
    @HostScoped
    HostProcesses processes(
            SystemCalls kernel,
            Keeper keeper,
            HostMemory memory,
            EventPump pump,
            KernelTracer tracer,
            Shutdown shutdown) {
        return shutdown.add(
                new HostProcesses(
                        kernel,
                        keeper,
                        memory,
                        pump,
                        events,
                        facts.pageSize(),
                        facts.hugePages(),
                        tracer));
    }
}
