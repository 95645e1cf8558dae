package org.opensva.conformance.zoo;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.ErrorInjection;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.accelerator.VirtualFunctions;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.SvaProcess;

import java.util.Optional;

/** An accelerator that leaves everything to another one. */
abstract class ForwardingAccelerator implements Accelerator {

    private final Accelerator to;

    ForwardingAccelerator(Accelerator to) {
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
    public AcceleratorInfo info() {
        return to.info();
    }

    @Override
    public int availableInstances() {
        return to.availableInstances();
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        return to.open(process);
    }

    @Override
    public QueueHandle open(SvaProcess process, QueueRequest request) {
        return to.open(process, request);
    }

    @Override
    public Optional<SysfsTree> sysfs() {
        return to.sysfs();
    }

    @Override
    public Optional<ErrorInjection> errorInjection() {
        return to.errorInjection();
    }

    @Override
    public Optional<VirtualFunctions> virtualFunctions() {
        return to.virtualFunctions();
    }

    @Override
    public void reset() {
        to.reset();
    }

    @Override
    public void remove() {
        to.remove();
    }
}
