package org.opensva.conformance.zoo;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;

/** An IOMMU's end of a link that leaves everything to another one. */
abstract class ForwardingAgentPort implements AgentPort {

    private final AgentPort to;

    ForwardingAgentPort(AgentPort to) {
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
    public int translate(int pasid, int access, long address, long[] entries) {
        return to.translate(pasid, access, address, entries);
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        return to.readTranslated(address, target, offset, length);
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        return to.writeTranslated(address, source, offset, length);
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        to.complete(completion);
    }

    @Override
    public void request(PageRequest request) {
        to.request(request);
    }
}
