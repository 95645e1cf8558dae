package org.opensva.conformance.zoo;

import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;

/** A device's end of a link that leaves everything to another one. */
abstract class ForwardingDevicePort implements DevicePort {

    private final DevicePort to;

    ForwardingDevicePort(DevicePort to) {
        this.to = to;
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        to.invalidate(request);
    }

    @Override
    public void respond(PageGroupResponse response) {
        to.respond(response);
    }
}
