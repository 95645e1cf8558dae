package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.ats.AtsEndpointFactory;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** The bus interface of the devices does not do what it should, wherever it is plugged in. */
abstract class FaultyEndpoint implements Defect {

    /**
     * Decorates what the endpoint sends to.
     *
     * @param ats tells whether ATS is enabled
     */
    AgentPort sending(AgentPort port, AtomicBoolean ats) {
        return port;
    }

    /**
     * Decorates what the IOMMU sends to.
     *
     * @param ats tells whether ATS is enabled
     */
    DevicePort receiving(DevicePort port, AtomicBoolean ats) {
        return port;
    }

    /** Decorates the endpoint, which sends to the port. */
    Endpoint around(Endpoint endpoint, AgentPort port) {
        return endpoint;
    }

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Provides
            @Singleton
            EndpointFactory endpoints() {
                return FaultyEndpoint.this::make;
            }
        };
    }

    private Endpoint make(EndpointConfig config, TranslationAgent agent) {
        AtomicBoolean ats = new AtomicBoolean();
        AtomicReference<AgentPort> port = new AtomicReference<>();
        TranslationAgent tapped =
                new TranslationAgent() {
                    @Override
                    public AgentPort connect(RequesterId requester, DevicePort device) {
                        AgentPort real = agent.connect(requester, receiving(device, ats));
                        port.set(real);
                        return sending(real, ats);
                    }

                    @Override
                    public void disconnect(RequesterId requester) {
                        agent.disconnect(requester);
                    }
                };
        Endpoint sound = new AtsEndpointFactory().create(config, tapped);
        Endpoint watched =
                new ForwardingEndpoint(sound) {
                    @Override
                    public void setAtsEnabled(boolean enabled) {
                        super.setAtsEnabled(enabled);
                        ats.set(enabled);
                    }
                };
        return around(watched, port.get());
    }
}
