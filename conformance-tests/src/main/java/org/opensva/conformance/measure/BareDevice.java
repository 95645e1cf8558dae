package org.opensva.conformance.measure;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;

/** A device that is nothing but its connection to the IOMMU: what is measured is the IOMMU. */
final class BareDevice implements DeviceFunction, DevicePort {

    private final RequesterId requester;
    private final AgentPort port;

    BareDevice(TranslationAgent agent, RequesterId requester) {
        this.requester = requester;
        this.port = agent.connect(requester, this);
    }

    AgentPort port() {
        return port;
    }

    @Override
    public void invalidate(InvalidateRequest request) {
        port.complete(InvalidateCompletion.of(request.itag()));
    }

    @Override
    public void respond(PageGroupResponse response) {
        // It asks for no pages.
    }

    @Override
    public String name() {
        return "bare";
    }

    @Override
    public RequesterId requester() {
        return requester;
    }

    @Override
    public int pasidBits() {
        return 20;
    }

    @Override
    public boolean supportsAts() {
        return false;
    }

    @Override
    public boolean supportsPri() {
        return false;
    }

    @Override
    public boolean supportsStall() {
        return false;
    }

    @Override
    public boolean isPresent() {
        return true;
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        // Always on.
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        // It has none.
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        // It has none.
    }

    @Override
    public boolean isAtsEnabled() {
        return false;
    }

    @Override
    public void stopPasid(Pasid pasid) {
        // It has nothing under way.
    }
}
