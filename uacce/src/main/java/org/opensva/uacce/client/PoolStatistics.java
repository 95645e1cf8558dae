package org.opensva.uacce.client;

/**
 * What a pool has done so far.
 *
 * @param jobs jobs that a device has done
 * @param softwareJobs jobs that were done in software because no device could
 * @param consumed bytes that jobs have read
 * @param produced bytes that jobs have written
 * @param retries how often a job was tried again because a device failed or was taken away
 * @param repairs how often a job was tried again after the process itself had touched the pages
 *     that the device could not have
 * @param reopened how often a context got a new queue
 * @param timeouts how often a caller gave up waiting
 */
public record PoolStatistics(
        long jobs,
        long softwareJobs,
        long consumed,
        long produced,
        long retries,
        long repairs,
        long reopened,
        long timeouts) {}
