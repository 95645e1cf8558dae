package org.opensva.conformance.cli.replay;

import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;

/** A device that does not listen: recordings and dumps tell of none that answers. */
public final class SilentDevice implements DevicePort {

    /** Creates the device. */
    public SilentDevice() {}

    @Override
    public void invalidate(InvalidateRequest request) {}

    @Override
    public void respond(PageGroupResponse response) {}
}
