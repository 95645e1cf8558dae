package org.opensva.uacce;

import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.uacce.queue.QueueLayout;

import java.time.Duration;
import java.util.Objects;

/**
 * What an accelerator shall be like.
 *
 * @param name of the node, {@code <driver>-<id>}
 * @param instances how many queues it has, 1 to 65536
 * @param queueDepth how many jobs a queue holds, a power of two from 2 to {@value
 *     QueueLayout#MAX_DEPTH}
 * @param foreignHandles what handles in foreign address spaces may do
 * @param workers how many jobs it does at once, 1 to 64
 * @param regionSize size of each region that a queue has, in bytes; the page size of the processes,
 *     4096 to 65536
 * @param drainTimeout how long stopping a queue waits for work that was accepted before it is
 *     aborted; more than zero
 * @param pasidSeries how many PASIDs get metric series of their own, 0 or more
 */
public record UacceConfig(
        String name,
        int instances,
        int queueDepth,
        ForeignHandlePolicy foreignHandles,
        int workers,
        int regionSize,
        Duration drainTimeout,
        int pasidSeries) {

    /** Checks the ranges. */
    public UacceConfig {
        Objects.requireNonNull(foreignHandles, "foreignHandles");
        check(!name.isBlank(), "name", name, "something");
        check(instances >= 1 && instances <= 1 << 16, "instances", instances, "1..65536");
        check(
                queueDepth >= 2
                        && queueDepth <= QueueLayout.MAX_DEPTH
                        && Integer.bitCount(queueDepth) == 1,
                "queueDepth",
                queueDepth,
                "a power of two, 2.." + QueueLayout.MAX_DEPTH);
        check(workers >= 1 && workers <= 64, "workers", workers, "1..64");
        check(
                regionSize >= 1 << 12 && regionSize <= 1 << 16 && Integer.bitCount(regionSize) == 1,
                "regionSize",
                regionSize,
                "a page size, 4096..65536");
        check(drainTimeout.isPositive(), "drainTimeout", drainTimeout, "more than zero");
        check(pasidSeries >= 0, "pasidSeries", pasidSeries, "0 or more");
    }

    /**
     * An accelerator with 256 queues of 64 jobs, two workers, pages of 4096 bytes, and foreign
     * handles refused.
     *
     * @param name of the node
     * @return its description
     */
    public static UacceConfig of(String name) {
        return new UacceConfig(
                name, 256, 64, ForeignHandlePolicy.REFUSE, 2, 4096, Duration.ofSeconds(2), 0);
    }

    /**
     * The same with another name.
     *
     * @param value of the node
     * @return a changed copy
     */
    public UacceConfig withName(String value) {
        return new UacceConfig(
                value,
                instances,
                queueDepth,
                foreignHandles,
                workers,
                regionSize,
                drainTimeout,
                pasidSeries);
    }

    /**
     * The same with another number of queues.
     *
     * @param value how many queues
     * @return a changed copy
     */
    public UacceConfig withInstances(int value) {
        return new UacceConfig(
                name,
                value,
                queueDepth,
                foreignHandles,
                workers,
                regionSize,
                drainTimeout,
                pasidSeries);
    }

    /**
     * The same with queues of another depth.
     *
     * @param value how many jobs a queue holds
     * @return a changed copy
     */
    public UacceConfig withQueueDepth(int value) {
        return new UacceConfig(
                name,
                instances,
                value,
                foreignHandles,
                workers,
                regionSize,
                drainTimeout,
                pasidSeries);
    }

    /**
     * The same with another policy.
     *
     * @param value what foreign handles may do
     * @return a changed copy
     */
    public UacceConfig withForeignHandles(ForeignHandlePolicy value) {
        return new UacceConfig(
                name, instances, queueDepth, value, workers, regionSize, drainTimeout, pasidSeries);
    }

    /**
     * The same with another number of workers.
     *
     * @param value how many jobs at once
     * @return a changed copy
     */
    public UacceConfig withWorkers(int value) {
        return new UacceConfig(
                name,
                instances,
                queueDepth,
                foreignHandles,
                value,
                regionSize,
                drainTimeout,
                pasidSeries);
    }

    /**
     * The same for another page size.
     *
     * @param value size of each region in bytes
     * @return a changed copy
     */
    public UacceConfig withRegionSize(int value) {
        return new UacceConfig(
                name,
                instances,
                queueDepth,
                foreignHandles,
                workers,
                value,
                drainTimeout,
                pasidSeries);
    }

    /**
     * The same with another bound on stopping.
     *
     * @param value how long to wait for accepted work
     * @return a changed copy
     */
    public UacceConfig withDrainTimeout(Duration value) {
        return new UacceConfig(
                name,
                instances,
                queueDepth,
                foreignHandles,
                workers,
                regionSize,
                value,
                pasidSeries);
    }

    /**
     * The same with metric series by PASID.
     *
     * @param value how many PASIDs get series of their own
     * @return a changed copy
     */
    public UacceConfig withPasidSeries(int value) {
        return new UacceConfig(
                name,
                instances,
                queueDepth,
                foreignHandles,
                workers,
                regionSize,
                drainTimeout,
                value);
    }

    private static void check(boolean ok, String field, Object value, String range) {
        if (!ok) {
            throw new IllegalArgumentException(field + " is " + value + ", allowed: " + range);
        }
    }
}
