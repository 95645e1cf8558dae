package org.opensva.conformance.zoo;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;

/** A device function that leaves everything to another one. */
class ForwardingFunction implements DeviceFunction {

    private final DeviceFunction to;

    ForwardingFunction(DeviceFunction to) {
        this.to = to;
    }

    @Override
    public String name() {
        return to.name();
    }

    @Override
    public RequesterId requester() {
        return to.requester();
    }

    @Override
    public int pasidBits() {
        return to.pasidBits();
    }

    @Override
    public boolean supportsAts() {
        return to.supportsAts();
    }

    @Override
    public boolean supportsPri() {
        return to.supportsPri();
    }

    @Override
    public boolean supportsStall() {
        return to.supportsStall();
    }

    @Override
    public boolean isPresent() {
        return to.isPresent();
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        to.setPasidEnabled(enabled);
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        to.setAtsEnabled(enabled);
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        to.setPriEnabled(enabled, outstanding);
    }

    @Override
    public boolean isAtsEnabled() {
        return to.isAtsEnabled();
    }

    @Override
    public int invalidationsNeeded() {
        return to.invalidationsNeeded();
    }

    @Override
    public void stopPasid(Pasid pasid) {
        to.stopPasid(pasid);
    }
}
