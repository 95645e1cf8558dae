package com.acme.iommu;

import com.acme.iommu.AcmeDomain.Attachment;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A device under the control of the IOMMU's driver. Its monitor orders binding and unbinding. */
final class AcmeDevice implements AttachedDevice {

    private final AcmeIommu iommu;
    private final Link link;
    private final DeviceFunction function;
    private final int pasidBits;
    private final Map<Integer, AcmeDomain> bound = new HashMap<>();
    private volatile boolean ats;
    private boolean closed;

    AcmeDevice(AcmeIommu iommu, Link link, DeviceFunction function) {
        this.iommu = iommu;
        this.link = link;
        this.function = function;
        this.pasidBits = Math.min(function.pasidBits(), Pasid.BITS);
    }

    void begin() {
        if (pasidBits > 0) {
            function.setPasidEnabled(true);
        }
    }

    Link link() {
        return link;
    }

    @Override
    public DeviceFunction function() {
        return function;
    }

    @Override
    public int maxPasids() {
        return pasidBits == 0 ? 0 : 1 << pasidBits;
    }

    @Override
    public boolean recoversFaults() {
        return false;
    }

    private void require(boolean condition, Errno errno, String why) {
        if (!condition) {
            throw new ErrnoException(errno, "bind to " + function.name(), why);
        }
    }

    @Override
    public synchronized void bind(Pasid pasid, SvaDomain domain) {
        int number = pasid.value();
        boolean gone = closed || link.isBlocked() || !function.isPresent();
        require(!gone, Errno.ENODEV, "the device is gone");
        require(number > 0 && number < maxPasids(), Errno.EINVAL, "the PASID is out of range");
        require(!bound.containsKey(number), Errno.EBUSY, "the PASID is bound");
        if (!(domain instanceof AcmeDomain own) || !own.belongsTo(iommu)) {
            throw new ErrnoException(Errno.EINVAL, "bind", "the domain is another IOMMU's");
        }
        own.attach(new Attachment(this, number), () -> publish(number, own));
        bound.put(number, own);
    }

    /** The device may translate from its first bind on, and begins with an empty ATC. */
    private void publish(int pasid, AcmeDomain domain) {
        if (bound.isEmpty() && function.supportsAts()) {
            link.grantAts(true);
            function.setAtsEnabled(true);
            ats = true;
            emptyAtc(Pasid.NONE);
        }
        link.bind(pasid, domain);
        iommu.record(Kind.PASID_ENTRY_SET, function.requester().value(), pasid, 0, -1);
        emptyAtc(pasid);
    }

    private void emptyAtc(int pasid) {
        if (invalidateAtc(pasid, AddressRange.WHOLE)) {
            iommu.record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    /**
     * Has the device forget a range, as often as it needs to be told. One that does not answer may
     * keep what it has, so that nothing of it is let through any more.
     *
     * @return false if it has no ATC that is in use
     */
    boolean invalidateAtc(int pasid, AddressRange range) {
        if (!ats || link.isBlocked() || !function.isPresent()) {
            return false;
        }
        int requester = function.requester().value();
        iommu.record(Kind.ATC_INVALIDATE, requester, pasid, range.start(), range.length());
        for (int i = 0; i < function.invalidationsNeeded(); i++) {
            if (!link.invalidate(pasid, range, function::isPresent)) {
                link.block();
            }
        }
        return true;
    }

    @Override
    public synchronized void unbind(Pasid pasid) {
        AcmeDomain domain = bound.get(pasid.value());
        if (domain == null) {
            throw new ErrnoException(Errno.EINVAL, "unbind", pasid + " is not bound");
        }
        domain.detach(new Attachment(this, pasid.value()));
        bound.remove(pasid.value());
        if (bound.isEmpty() && ats) {
            emptyAtc(Pasid.NONE);
            ats = false;
            function.setAtsEnabled(false);
            link.grantAts(false);
        }
    }

    /** No group was ever reported. */
    @Override
    public void respond(PageFaultGroup group, PageResponse response) {}

    @Override
    public synchronized void close() {
        if (!closed) {
            Set.copyOf(bound.keySet()).forEach(pasid -> unbind(new Pasid(pasid)));
            closed = true;
            iommu.forget(this);
            if (pasidBits > 0) {
                function.setPasidEnabled(false);
            }
        }
    }
}
