package org.opensva.conformance.zoo;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.telemetry.HardwareCounter;

/** An endpoint that leaves everything to another one. */
class ForwardingEndpoint extends ForwardingFunction implements Endpoint {

    private final Endpoint to;

    ForwardingEndpoint(Endpoint to) {
        super(to);
        this.to = to;
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return to.read(pasid, access, address, target, offset, length);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        return to.write(pasid, access, address, source, offset, length);
    }

    @Override
    public boolean prefetch(int pasid, int access, long address, long length) {
        return to.prefetch(pasid, access, address, length);
    }

    @Override
    public long count(HardwareCounter counter) {
        return to.count(counter);
    }

    @Override
    public void close() {
        to.close();
    }
}
