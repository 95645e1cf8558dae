package org.opensva.smmuv3.driver;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.ArrayList;
import java.util.List;

/** A device function that writes down what is switched, and what the SMMU had been told by then. */
final class FakeDevice implements DeviceFunction {

    final List<String> switches = new ArrayList<>();
    int pasidBits = 16;
    boolean pri;
    boolean stall;
    boolean present = true;
    int invalidationsNeeded = 1;

    /** The switch that does not work. */
    String broken = "";

    private final String name;
    private final int streamId;
    private final boolean ats;
    private boolean atsEnabled;

    FakeDevice(String name, int streamId, boolean ats) {
        this.name = name;
        this.streamId = streamId;
        this.ats = ats;
        this.pri = ats;
    }

    private void turn(String what, boolean enabled) {
        if (broken.equals(what + " " + enabled)) {
            throw new ErrnoException(Errno.EIO, what, "the switch does not work");
        }
        switches.add(what + " " + enabled);
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
        return pasidBits;
    }

    @Override
    public boolean supportsAts() {
        return ats;
    }

    @Override
    public boolean supportsPri() {
        return pri;
    }

    @Override
    public boolean supportsStall() {
        return stall;
    }

    @Override
    public boolean isPresent() {
        return present;
    }

    @Override
    public int invalidationsNeeded() {
        return invalidationsNeeded;
    }

    @Override
    public void setPasidEnabled(boolean enabled) {
        turn("pasid", enabled);
    }

    @Override
    public void setAtsEnabled(boolean enabled) {
        turn("ats", enabled);
        atsEnabled = enabled;
    }

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {
        turn("pri", enabled);
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
