package org.opensva.conformance.zoo;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;

/** An attached device that leaves everything to another one. */
abstract class ForwardingDevice implements AttachedDevice {

    private final AttachedDevice to;

    ForwardingDevice(AttachedDevice to) {
        this.to = to;
    }

    @Override
    public DeviceFunction function() {
        return to.function();
    }

    @Override
    public int maxPasids() {
        return to.maxPasids();
    }

    @Override
    public boolean recoversFaults() {
        return to.recoversFaults();
    }

    @Override
    public void bind(Pasid pasid, SvaDomain domain) {
        to.bind(pasid, domain);
    }

    @Override
    public void unbind(Pasid pasid) {
        to.unbind(pasid);
    }

    @Override
    public void respond(PageFaultGroup group, PageResponse response) {
        to.respond(group, response);
    }

    @Override
    public void close() {
        to.close();
    }
}
