package org.opensva.api.accelerator;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a device says about itself (Linux: the attributes in {@code
 * Documentation/ABI/testing/sysfs-driver-uacce}).
 *
 * @param api name and version of the queue format
 * @param sva true if the queues are bound to address spaces (bit 0 of {@code flags})
 * @param algorithms names of what it can do: of operations that leave no choice ({@link
 *     Operation#id}), of algorithms ({@link Algorithm#id}), and {@code hmac}
 * @param operations the operations that jobs may ask for
 * @param instances how many queues there are in all
 * @param regionSizes sizes in bytes of the regions that exist
 * @param queueDepth how many jobs a queue holds
 */
public record AcceleratorInfo(
        String api,
        boolean sva,
        List<String> algorithms,
        Set<Operation> operations,
        int instances,
        Map<QueueRegion, Long> regionSizes,
        int queueDepth) {

    /** Copies the collections. */
    public AcceleratorInfo {
        algorithms = List.copyOf(algorithms);
        operations = Set.copyOf(operations);
        regionSizes = Map.copyOf(regionSizes);
    }
}
