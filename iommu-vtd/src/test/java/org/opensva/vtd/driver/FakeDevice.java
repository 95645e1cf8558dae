package org.opensva.vtd.driver;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A device function that writes down what is switched, and enforces the order of PCI Express. */
final class FakeDevice implements DeviceFunction {

    final List<String> switches = new CopyOnWriteArrayList<>();

    /** A switch that does not obey. */
    volatile String broken = "";

    /** How often it has to be told. */
    volatile int needed = 1;

    private final String name;
    private final int requester;
    private final int pasidBits;
    private final boolean ats;
    private volatile boolean present = true;
    private boolean pasidEnabled;
    private boolean atsEnabled;
    private boolean priEnabled;

    FakeDevice(String name, int requester, boolean ats) {
        this(name, requester, ats, 16);
    }

    FakeDevice(String name, int requester, boolean ats, int pasidBits) {
        this.name = name;
        this.requester = requester;
        this.ats = ats;
        this.pasidBits = pasidBits;
    }

    void unplug() {
        present = false;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RequesterId requester() {
        return new RequesterId(requester);
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
        return ats;
    }

    @Override
    public boolean supportsStall() {
        return false;
    }

    @Override
    public boolean isPresent() {
        return present;
    }

    private void require(boolean allowed, String what) {
        if (!allowed) {
            throw new ErrnoException(Errno.EINVAL, what, "against the order");
        }
        if (what.equals(broken)) {
            throw new ErrnoException(Errno.EIO, what, "it does not obey");
        }
        switches.add(what);
    }

    @Override
    public synchronized void setPasidEnabled(boolean enabled) {
        require(!atsEnabled, "pasid " + enabled);
        pasidEnabled = enabled;
    }

    @Override
    public synchronized void setAtsEnabled(boolean enabled) {
        if (enabled == atsEnabled) {
            return;
        }
        require(pasidEnabled && !priEnabled, "ats " + enabled);
        atsEnabled = enabled;
    }

    @Override
    public synchronized void setPriEnabled(boolean enabled, int outstanding) {
        if (enabled == priEnabled) {
            return;
        }
        require(atsEnabled && enabled == outstanding > 0, "pri " + enabled);
        priEnabled = enabled;
    }

    @Override
    public synchronized boolean isAtsEnabled() {
        return atsEnabled;
    }

    @Override
    public int invalidationsNeeded() {
        return needed;
    }

    @Override
    public void stopPasid(Pasid pasid) {
        switches.add("stop " + pasid.value());
    }
}
