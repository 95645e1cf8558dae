package org.opensva.emulated;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.InterruptController;
import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.model.SmmuInterrupts;

/**
 * The wires from the SMMU to the interrupt controller, and from there to the SMMU's driver. The
 * driver comes later than the hardware: what is raised before runs into nothing, as it does before
 * an operating system has installed its handlers.
 */
final class SmmuWires implements SmmuInterrupts {

    private final InterruptController controller;
    private final int events;
    private final int pageRequests;
    private final int errors;
    private volatile @Nullable SmmuV3Driver driver;

    SmmuWires(int instance, InterruptController controller) {
        this.controller = controller;
        events = controller.connect("smmu%d-eventq".formatted(instance), this::onEvent);
        pageRequests = controller.connect("smmu%d-priq".formatted(instance), this::onPageRequest);
        errors = controller.connect("smmu%d-gerror".formatted(instance), this::onError);
    }

    void install(SmmuV3Driver installed) {
        driver = installed;
        // What was raised before the handlers were there.
        controller.raise(events);
        controller.raise(pageRequests);
        controller.raise(errors);
    }

    @Override
    public void wired(Wire wire) {
        switch (wire) {
            case EVENTQ -> controller.raise(events);
            case PRIQ -> controller.raise(pageRequests);
            case GERROR -> controller.raise(errors);
            // The driver polls for the completion of its commands.
            case CMD_SYNC -> {}
        }
    }

    @Override
    public void message(long address, int data) {
        if (!controller.message(address, data)) {
            throw BusErrorException.instance();
        }
    }

    private void onEvent() {
        SmmuV3Driver handler = driver;
        if (handler != null) {
            handler.onEventInterrupt();
        }
    }

    private void onPageRequest() {
        SmmuV3Driver handler = driver;
        if (handler != null) {
            handler.onPriInterrupt();
        }
    }

    private void onError() {
        SmmuV3Driver handler = driver;
        if (handler != null) {
            handler.onGerrorInterrupt();
        }
    }
}
