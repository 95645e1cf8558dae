package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;

/** A device that caches nothing and answers every invalidation at once. */
final class AnsweringDevice implements DevicePort {

    private volatile @Nullable AgentPort port;

    private AnsweringDevice() {}

    /** Plugs such a device in. */
    static AgentPort connect(TranslationAgent agent, int requester) {
        AnsweringDevice device = new AnsweringDevice();
        AgentPort port = agent.connect(new RequesterId(requester), device);
        device.port = port;
        return port;
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        AgentPort own = port;
        if (own != null) {
            own.complete(InvalidateCompletion.of(request.itag()));
        }
    }

    @Override
    public void respond(PageGroupResponse response) {}
}
