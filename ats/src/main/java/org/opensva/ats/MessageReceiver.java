package org.opensva.ats;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;

/**
 * The device end of the link. It exists before its endpoint does; messages that come so early are
 * meant for nobody and are dropped.
 */
final class MessageReceiver implements DevicePort {

    private volatile @Nullable AtsEndpoint endpoint;

    void connect(AtsEndpoint made) {
        endpoint = made;
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        AtsEndpoint target = endpoint;
        if (target != null) {
            target.invalidate(request);
        }
    }

    @Override
    public void respond(PageGroupResponse response) {
        AtsEndpoint target = endpoint;
        if (target != null) {
            target.respond(response);
        }
    }
}
