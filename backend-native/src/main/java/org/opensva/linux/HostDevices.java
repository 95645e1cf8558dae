package org.opensva.linux;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.ats.Endpoint;

import java.util.List;

/**
 * The devices of a backend.
 *
 * @param endpoints their bus interfaces
 * @param nodes what processes open, in the same order
 */
record HostDevices(List<Endpoint> endpoints, List<Accelerator> nodes) {

    HostDevices {
        endpoints = List.copyOf(endpoints);
        nodes = List.copyOf(nodes);
    }

    /** How many queues are open; a device that was removed has none at all. */
    long openQueues() {
        long open = 0;
        for (int i = 0; i < nodes.size(); i++) {
            if (endpoints.get(i).isPresent()) {
                open += nodes.get(i).info().instances() - nodes.get(i).availableInstances();
            }
        }
        return open;
    }
}
