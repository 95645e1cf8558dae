package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A device that remembers what it was sent and answers invalidations if told to. */
final class TestDevice implements DevicePort {

    final List<InvalidateRequest> invalidations = new CopyOnWriteArrayList<>();
    final List<PageGroupResponse> responses = new CopyOnWriteArrayList<>();
    boolean answers = true;
    private @Nullable AgentPort port;

    void connected(AgentPort agent) {
        port = agent;
    }

    AgentPort port() {
        AgentPort agent = port;
        if (agent == null) {
            throw new IllegalStateException("not connected");
        }
        return agent;
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        invalidations.add(request);
        if (answers) {
            port().complete(InvalidateCompletion.of(request.itag()));
        }
    }

    @Override
    public void respond(PageGroupResponse response) {
        responses.add(response);
    }
}
