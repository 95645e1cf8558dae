package org.opensva.api.ats;

import org.opensva.api.iommu.RequesterId;

/** The hardware side of an IOMMU: where devices are plugged in. */
public interface TranslationAgent {

    /**
     * Plugs a device in.
     *
     * @param requester who the device is on the bus
     * @param device where messages to the device go
     * @return where the device's requests go
     * @throws IllegalStateException if the requester id is taken
     */
    AgentPort connect(RequesterId requester, DevicePort device);

    /**
     * Unplugs a device. Messages to it are dropped from here on, and its requests are aborted.
     *
     * @param requester who the device was
     */
    void disconnect(RequesterId requester);
}
