package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.util.concurrent.CompletableFuture;

/**
 * Moves data in the process's memory, by its addresses: nothing is copied by the program.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class DataSession {

    private final ContextPool pool;

    /**
     * Makes a session.
     *
     * @param pool who does the work
     */
    public DataSession(ContextPool pool) {
        this.pool = pool;
    }

    /**
     * Copies.
     *
     * @param source first byte to read
     * @param destination first byte to write
     * @param length how many bytes
     * @throws ClientException if it cannot be done
     */
    public void copy(long source, long destination, long length) {
        run(Job.copy(source, destination, length));
    }

    /**
     * Copies without waiting.
     *
     * @param source first byte to read
     * @param destination first byte to write
     * @param length how many bytes
     * @return completed when the bytes are there
     */
    public CompletableFuture<Void> copyAsync(long source, long destination, long length) {
        Job job = Job.copy(source, destination, length);
        return pool.submit(job).thenAccept(result -> checked(job, result));
    }

    /**
     * Fills with a pattern.
     *
     * @param destination first byte to write
     * @param length how many bytes
     * @param pattern eight bytes, repeated, little-endian
     * @throws ClientException if it cannot be done
     */
    public void fill(long destination, long length, long pattern) {
        run(Job.fill(destination, length, pattern));
    }

    /**
     * The CRC-32C of bytes.
     *
     * @param source first byte
     * @param length how many bytes
     * @return the CRC, 0 to 2<sup>32</sup>-1
     * @throws ClientException if it cannot be done
     */
    public long crc32c(long source, long length) {
        return run(Job.crc32c(source, length)).value();
    }

    /**
     * Compares.
     *
     * @param source first byte of the one
     * @param other first byte of the other
     * @param length how many bytes
     * @return the offset of the first byte that differs; -1 if none does
     * @throws ClientException if it cannot be done
     */
    public long mismatch(long source, long other, long length) {
        JobResult result = run(Job.compare(source, other, length));
        return result.value() == 0 ? -1 : result.consumed();
    }

    /**
     * Copies to two places at once.
     *
     * @param source first byte to read
     * @param first first byte to write
     * @param second first byte of the second place to write
     * @param length how many bytes
     * @throws ClientException if it cannot be done
     */
    public void dualCast(long source, long first, long second, long length) {
        run(Job.dualCast(source, first, second, length));
    }

    private JobResult run(Job job) {
        return checked(job, pool.run(job));
    }

    private static JobResult checked(Job job, JobResult result) {
        if (!result.succeeded()) {
            throw ClientException.of(job.operation().id(), result);
        }
        return result;
    }
}
