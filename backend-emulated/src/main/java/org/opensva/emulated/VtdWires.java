package org.opensva.emulated;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.InterruptController;
import org.opensva.vtd.driver.VtdDriver;
import org.opensva.vtd.model.VtdInterrupts;

import java.util.function.Consumer;

/**
 * The way of a VT-d unit's messages to its driver: a write of a vector to the interrupt address
 * range (Intel SDM volume 3, section on message signalled interrupts) raises the line of that
 * vector. The driver comes later than the hardware: what is raised before runs into nothing, as it
 * does before an operating system has installed its handlers.
 */
final class VtdWires implements VtdInterrupts {

    /** The first address after the range that means interrupts on this platform. */
    private static final long RANGE_END = VtdDriver.MESSAGE_ADDRESS + (1L << 20);

    private static final int VECTOR = 0xff;

    private final InterruptController controller;
    private final int faults;
    private final int pageRequests;
    private final int invalidations;
    private volatile @Nullable VtdDriver driver;

    VtdWires(int instance, InterruptController controller) {
        this.controller = controller;
        faults = connect("vtd%d-faults".formatted(instance), VtdDriver::onFaultInterrupt);
        pageRequests =
                connect(
                        "vtd%d-page-requests".formatted(instance),
                        VtdDriver::onPageRequestInterrupt);
        invalidations =
                connect(
                        "vtd%d-invalidations".formatted(instance),
                        VtdDriver::onInvalidationInterrupt);
    }

    private int connect(String name, Consumer<VtdDriver> handler) {
        return controller.connect(
                name,
                () -> {
                    VtdDriver installed = driver;
                    if (installed != null) {
                        handler.accept(installed);
                    }
                });
    }

    void install(VtdDriver installed) {
        driver = installed;
        // What was raised before the handlers were there.
        controller.raise(faults);
        controller.raise(pageRequests);
        controller.raise(invalidations);
    }

    @Override
    public void message(long address, int data) {
        if (address < VtdDriver.MESSAGE_ADDRESS || address >= RANGE_END) {
            controller.message(address, data);
            return;
        }
        switch (data & VECTOR) {
            case VtdDriver.FAULT_VECTOR -> controller.raise(faults);
            case VtdDriver.PAGE_REQUEST_VECTOR -> controller.raise(pageRequests);
            case VtdDriver.INVALIDATION_VECTOR -> controller.raise(invalidations);
            // A vector that nobody has taken is spurious, and ends at the processor.
            default -> {}
        }
    }
}
