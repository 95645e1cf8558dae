package org.opensva.conformance.zoo;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.IommuCapabilities;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.AddressSpace;

import java.util.function.Consumer;

/** A driver that leaves everything to another one. */
abstract class ForwardingDriver implements IommuDriver {

    private final IommuDriver to;

    ForwardingDriver(IommuDriver to) {
        this.to = to;
    }

    @Override
    public IommuCapabilities capabilities() {
        return to.capabilities();
    }

    @Override
    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
        return to.attach(function, faults);
    }

    @Override
    public SvaDomain createDomain(AddressSpace addressSpace) {
        return to.createDomain(addressSpace);
    }

    @Override
    public void onFault(Consumer<FaultRecord> listener) {
        to.onFault(listener);
    }

    @Override
    public void close() {
        to.close();
    }
}
