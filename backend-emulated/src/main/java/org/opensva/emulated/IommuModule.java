package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.emulated.kernel.sva.IommuLookup;
import org.opensva.emulated.profile.IommuInstance;
import org.opensva.emulated.profile.IommuProfile;
import org.opensva.emulated.profile.MachineProfile;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** The IOMMUs of a machine, which device is behind which, and who of them hears processors. */
final class IommuModule extends AbstractModule {

    /** One IOMMU, not made yet. */
    private record Planned(Provider<TranslationAgent> agent, Provider<IommuDriver> driver) {}

    private final MachineProfile profile;
    private final LongSupplier nanoTime;
    private final List<Planned> planned = new ArrayList<>();
    private final List<SmmuBroadcasts.Listener> listeners = new ArrayList<>();

    /**
     * Prepares.
     *
     * @param profile which IOMMUs there are
     * @param nanoTime the clock by which they and their drivers give up
     */
    IommuModule(MachineProfile profile, LongSupplier nanoTime) {
        this.profile = profile;
        this.nanoTime = nanoTime;
    }

    @Override
    protected void configure() {
        bind(IommuLookup.class).to(Iommus.class);
        for (IommuInstance instance : profile.iommus()) {
            int position = planned.size();
            switch (instance.profile()) {
                case IommuProfile.Smmu smmu -> smmu(position, smmu.profile());
                case IommuProfile.Vtd vtd ->
                        install(new VtdModule(position, vtd.profile(), nanoTime));
            }
            planned.add(
                    new Planned(
                            getProvider(IommuParts.key(position, TranslationAgent.class)),
                            getProvider(IommuParts.key(position, IommuDriver.class))));
        }
    }

    private void smmu(int position, SmmuProfile smmu) {
        install(new SmmuModule(position, smmu, nanoTime));
        if (Idr0.BTM.isSet(smmu.idr0())) {
            listeners.add(
                    new SmmuBroadcasts.Listener(
                            getProvider(IommuParts.key(position, SmmuV3.class)),
                            Idr0.ASID16.isSet(smmu.idr0())));
        }
    }

    /**
     * Processors are in one shareability domain with the SMMUs that listen to them. Those of x86-64
     * interrupt each other; nothing of that reaches an IOMMU.
     */
    @Provides
    @MachineScoped
    ProcessorTlbs processorTlbs(HardwareEventSink events) {
        return listeners.isEmpty()
                ? ProcessorTlbs.UNSHARED
                : new SmmuBroadcasts(List.copyOf(listeners), events);
    }

    /** Parts that replaced those of the machine are closed with it, too. */
    @Provides
    @MachineScoped
    Iommus iommus(Lifecycle lifecycle) {
        List<Iommus.Instance> instances = new ArrayList<>();
        for (Planned iommu : planned) {
            TranslationAgent agent = iommu.agent().get();
            if (agent instanceof AutoCloseable unit) {
                lifecycle.add(Stage.IOMMU, unit);
            }
            instances.add(
                    new Iommus.Instance(agent, lifecycle.add(Stage.DRIVER, iommu.driver().get())));
        }
        Map<String, Integer> byDevice = new HashMap<>();
        for (EndpointConfig device : profile.devices()) {
            byDevice.put(device.name(), profile.iommuOf(device));
        }
        return new Iommus(instances, byDevice);
    }
}
