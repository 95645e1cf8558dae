package org.opensva.smmuv3.driver;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;

import java.util.ArrayList;
import java.util.List;

/** A device function that writes down what is switched, and what the SMMU had been told by then. */
final class FakeDevice implements DeviceFunction {

    final List<String> switches = new ArrayList<>();
    private final String name;
    private final int streamId;
    private final boolean ats;
    private boolean atsEnabled;

    FakeDevice(String name, int streamId, boolean ats) {
        this.name = name;
        this.streamId = streamId;
        this.ats = ats;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RequesterId requester() {
        return new RequesterId(streamId);
    }

    @Override
    public int pasidBits() {
        return 16;
    }

    @Override
    public boolean supportsAts() {
        return ats;
    }

    @Override
    public boolean supportsPri() {
        return ats;
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
        switches.add("pasid " + enabled);
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        switches.add("ats " + enabled);
        atsEnabled = enabled;
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        switches.add("pri " + enabled);
    }

    @Override
    public boolean isAtsEnabled() {
        return atsEnabled;
    }

    @Override
    public void stopPasid(Pasid pasid) {
        switches.add("stop " + pasid.value());
    }
}
