package org.opensva.emulated;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.uacce.VirtualFunctionSlots;

/**
 * Where the virtual functions of one device are plugged in: behind the IOMMU of the device, like
 * the device, with the function numbers that follow its own (First VF Offset 1, VF Stride 1; PCI
 * Express Base 6.x sections 9.3.3.9 and 9.3.3.10). The kernel attaches a function with its first
 * bind, and detaches one that is gone.
 */
final class FunctionSlots implements VirtualFunctionSlots {

    /** What the name of a function has between that of the device and its number. */
    static final String SUFFIX = ".vf";

    private static final int TOTAL = 4;

    private final EndpointConfig device;
    private final int firstId;
    private final EndpointFactory endpoints;
    private final TranslationAgent iommu;

    /**
     * Makes the slots of a device.
     *
     * @param device the physical function
     * @param index which device of the machine it is
     * @param devices how many there are, whose nodes have the lowest numbers
     */
    FunctionSlots(
            EndpointConfig device,
            int index,
            int devices,
            EndpointFactory endpoints,
            TranslationAgent iommu) {
        this.device = device;
        this.endpoints = endpoints;
        this.iommu = iommu;
        firstId = devices + index * TOTAL;
    }

    @Override
    public int total() {
        return TOTAL;
    }

    /** {@code <driver>-<id>}, with an id that no other node has. */
    @Override
    public String name(int index) {
        int dash = device.name().lastIndexOf('-');
        String driver = dash < 0 ? device.name() : device.name().substring(0, dash);
        return driver + "-" + (firstId + index);
    }

    @Override
    public Endpoint plug(int index) {
        return endpoints.create(
                new EndpointConfig(
                        device.name() + SUFFIX + index,
                        new RequesterId(device.requester().value() + 1 + index),
                        device.pasidBits(),
                        device.ats(),
                        device.pri(),
                        device.stall(),
                        device.atcEntries(),
                        device.invalidateQueueDepth(),
                        device.outstandingPageRequests()),
                iommu);
    }

    @Override
    public void unplugged(int index, Endpoint endpoint) {
        endpoint.close();
    }
}
