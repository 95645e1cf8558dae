package org.opensva.conformance.cli.work;

/**
 * How work is to be done.
 *
 * @param task what to do
 * @param window how many bytes are given to the device at once, at least 1
 * @param queues how many queues to open on each accelerator, at least 1
 * @param depth how many jobs may be under way in each queue, at least 1
 * @param level of compression, 1 to 9, 0 for the device's own choice
 * @param secrets what encryption and MACs need
 * @param length how many bytes a fill writes
 * @param pattern what a fill writes: eight bytes, little-endian
 */
public record WorkRequest(
        Task task,
        int window,
        int queues,
        int depth,
        int level,
        Secrets secrets,
        long length,
        long pattern) {}
