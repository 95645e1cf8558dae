package org.opensva.uacce.cdev;

import org.opensva.api.backend.ForeignHandlePolicy;

/**
 * What the driver is told about the queues of its device.
 *
 * @param policy for handles in foreign address spaces
 * @param instances how many queues there are, 1 to 65536
 * @param depth how many jobs a queue holds, a power of two
 * @param regionSize size of each region in bytes
 * @param grace how long a stop waits for accepted work, in nanoseconds
 */
public record QueueSettings(
        ForeignHandlePolicy policy, int instances, int depth, long regionSize, long grace) {}
