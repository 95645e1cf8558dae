package org.opensva.uacce.client;

import org.opensva.api.accelerator.EngineFactory;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What a pool shall be like.
 *
 * @param name for messages and threads
 * @param contexts how many queues to open on each device, 1 to 1024; fewer are opened where the
 *     device has fewer left
 * @param depth how many jobs may be under way in each context, 1 or more; never more than the queue
 *     holds
 * @param scheduling how a context is chosen
 * @param locality which devices are near
 * @param timeout how long a call waits for its job if it says nothing else
 * @param stuckAfter how long a job may be at the device before its queue is taken for stuck, closed
 *     and opened again
 * @param attempts how often a job is tried at most if devices fail under it, 1 or more
 * @param bufferLimit how many bytes of the process's memory the buffers may take
 * @param software who does the work in the calling thread when no device has the operation; empty
 *     to refuse it
 */
public record PoolConfig(
        String name,
        int contexts,
        int depth,
        Scheduling scheduling,
        Locality locality,
        Duration timeout,
        Duration stuckAfter,
        int attempts,
        long bufferLimit,
        Optional<EngineFactory> software) {

    /** Checks the ranges. */
    public PoolConfig {
        Objects.requireNonNull(scheduling, "scheduling");
        Objects.requireNonNull(locality, "locality");
        Objects.requireNonNull(software, "software");
        check(!name.isBlank(), "name", name, "something");
        check(contexts >= 1 && contexts <= 1024, "contexts", contexts, "1..1024");
        check(depth >= 1, "depth", depth, "1 or more");
        check(timeout.isPositive(), "timeout", timeout, "more than zero");
        check(stuckAfter.isPositive(), "stuckAfter", stuckAfter, "more than zero");
        check(attempts >= 1, "attempts", attempts, "1 or more");
        check(bufferLimit >= 0, "bufferLimit", bufferLimit, "0 or more");
    }

    /**
     * Two contexts on each device with 16 jobs each, the least loaded first; a minute of patience,
     * four attempts, 256 MiB of buffers, and no software fallback.
     *
     * @param name for messages and threads
     * @return the configuration
     */
    public static PoolConfig of(String name) {
        return new PoolConfig(
                name,
                2,
                16,
                Scheduling.LEAST_LOADED,
                Locality.UNIFORM,
                Duration.ofMinutes(1),
                Duration.ofMinutes(2),
                4,
                256L << 20,
                Optional.empty());
    }

    /**
     * The same with other numbers of contexts and jobs.
     *
     * @param perDevice how many queues on each device
     * @param jobs how many jobs in each of them
     * @return a changed copy
     */
    public PoolConfig withContexts(int perDevice, int jobs) {
        return new PoolConfig(
                name,
                perDevice,
                jobs,
                scheduling,
                locality,
                timeout,
                stuckAfter,
                attempts,
                bufferLimit,
                software);
    }

    /**
     * The same with another way to choose.
     *
     * @param how how a context is chosen
     * @param near which devices are near
     * @return a changed copy
     */
    public PoolConfig withScheduling(Scheduling how, Locality near) {
        return new PoolConfig(
                name,
                contexts,
                depth,
                how,
                near,
                timeout,
                stuckAfter,
                attempts,
                bufferLimit,
                software);
    }

    /**
     * The same with other patience.
     *
     * @param call how long a call waits
     * @param device how long a job may be at the device
     * @param tries how often a job is tried at most
     * @return a changed copy
     */
    public PoolConfig withPatience(Duration call, Duration device, int tries) {
        return new PoolConfig(
                name,
                contexts,
                depth,
                scheduling,
                locality,
                call,
                device,
                tries,
                bufferLimit,
                software);
    }

    /**
     * The same with another limit on buffers.
     *
     * @param bytes how many bytes
     * @return a changed copy
     */
    public PoolConfig withBufferLimit(long bytes) {
        return new PoolConfig(
                name,
                contexts,
                depth,
                scheduling,
                locality,
                timeout,
                stuckAfter,
                attempts,
                bytes,
                software);
    }

    /**
     * The same with a declared software fallback.
     *
     * @param engines makes what does the work; it reaches the process's memory by the process's own
     *     loads and stores
     * @return a changed copy
     */
    public PoolConfig withSoftware(EngineFactory engines) {
        return new PoolConfig(
                name,
                contexts,
                depth,
                scheduling,
                locality,
                timeout,
                stuckAfter,
                attempts,
                bufferLimit,
                Optional.of(engines));
    }

    private static void check(boolean ok, String field, Object value, String range) {
        if (!ok) {
            throw new IllegalArgumentException(field + " is " + value + ", allowed: " + range);
        }
    }
}
