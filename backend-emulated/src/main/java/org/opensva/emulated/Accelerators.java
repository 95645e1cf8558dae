package org.opensva.emulated;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.ats.Endpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * The devices of a machine.
 *
 * @param endpoints their bus interfaces
 * @param nodes what processes open
 */
record Accelerators(List<Endpoint> endpoints, List<Accelerator> nodes) {

    Accelerators {
        endpoints = List.copyOf(endpoints);
        nodes = List.copyOf(nodes);
    }

    /** How many queues are open. */
    long openQueues() {
        long open = 0;
        List<Accelerator> all = new ArrayList<>(nodes);
        nodes.forEach(node ->
                node.virtualFunctions().ifPresent(functions -> all.addAll(functions.enabled())));
        for (Accelerator node : all) {
            int free = node.availableInstances();
            // A device that was removed has no queues at all.
            open += free == 0 && !isPresent(node) ? 0 : node.info().instances() - free;
        }
        return open;
    }

    /** How many translations of whatever PASID the devices could use without asking. */
    long cachedTranslations() {
        return endpoints.stream().mapToLong(Endpoint::cachedTranslations).sum();
    }

    private boolean isPresent(Accelerator node) {
        return endpoints.stream()
                .anyMatch(e -> e.requester().equals(node.requester()) && e.isPresent());
    }
}
