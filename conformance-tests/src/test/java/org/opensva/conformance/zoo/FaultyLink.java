package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.smmuv3.model.SmmuV3;
import org.opensva.vtd.model.VtdIommu;

/** The messages between the devices and the IOMMU are not those that were sent. */
abstract class FaultyLink implements Defect {

    /** Decorates what a device sends to. */
    AgentPort towardsIommu(AgentPort port) {
        return port;
    }

    /** Decorates what the IOMMU sends to. */
    DevicePort towardsDevice(DevicePort port) {
        return port;
    }

    @Override
    public Module layers() {
        return machine().startsWith("emulated:vtd")
                ? new AbstractModule() {
                    @Provides
                    @Singleton
                    TranslationAgent agent(VtdIommu unit) {
                        return new Agent(unit, unit);
                    }
                }
                : new AbstractModule() {
                    @Provides
                    @Singleton
                    TranslationAgent agent(SmmuV3 smmu) {
                        return new Agent(smmu, smmu);
                    }
                };
    }

    private final class Agent implements TranslationAgent, CounterSource {
        private final TranslationAgent iommu;
        private final CounterSource counters;

        Agent(TranslationAgent iommu, CounterSource counters) {
            this.iommu = iommu;
            this.counters = counters;
        }

        @Override
        public AgentPort connect(RequesterId requester, DevicePort device) {
            DevicePort decorated = towardsDevice(device);
            return towardsIommu(iommu.connect(requester, decorated));
        }

        @Override
        public void disconnect(RequesterId requester) {
            iommu.disconnect(requester);
        }

        @Override
        public long count(HardwareCounter counter) {
            return counters.count(counter);
        }
    }
}
