package org.opensva.vtd.model;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.RequesterId;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A device that remembers what it was sent, and answers invalidations unless told not to. */
final class TestDevice implements DevicePort {

    final int source;
    final AgentPort port;
    final List<InvalidateRequest> invalidations = new CopyOnWriteArrayList<>();
    final List<PageGroupResponse> responses = new CopyOnWriteArrayList<>();
    volatile boolean answers = true;

    TestDevice(VtdIommu unit, int source) {
        this.source = source;
        port = unit.connect(new RequesterId(source), this);
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        invalidations.add(request);
        if (answers) {
            complete(request);
        }
    }

    void complete(InvalidateRequest request) {
        port.complete(InvalidateCompletion.of(request.itag()));
    }

    @Override
    public void respond(PageGroupResponse response) {
        responses.add(response);
    }
}
