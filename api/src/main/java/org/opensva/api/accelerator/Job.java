package org.opensva.api.accelerator;

/**
 * Work for an accelerator. All addresses are virtual addresses of the address space that the queue
 * is bound to.
 *
 * @param operation what to do
 * @param source first byte to read, where the operation reads
 * @param sourceLength how many bytes to read, or to fill
 * @param destination first byte to write, where the operation writes
 * @param destinationCapacity how many bytes may be written at most
 * @param argument the pattern of {@link Operation#FILL}; otherwise 0
 */
public record Job(
        Operation operation,
        long source,
        long sourceLength,
        long destination,
        long destinationCapacity,
        long argument) {

    /** Checks the lengths. */
    public Job {
        if (sourceLength < 0 || destinationCapacity < 0) {
            throw new IllegalArgumentException("a length is negative");
        }
    }

    /**
     * A job that does nothing.
     *
     * @return the job
     */
    public static Job nop() {
        return new Job(Operation.NOP, 0, 0, 0, 0, 0);
    }

    /**
     * Copies bytes.
     *
     * @param source first byte to read
     * @param destination first byte to write
     * @param length number of bytes
     * @return the job
     */
    public static Job copy(long source, long destination, long length) {
        return new Job(Operation.COPY, source, length, destination, length, 0);
    }

    /**
     * Fills bytes with a pattern of eight bytes, repeated from the first byte on, little-endian.
     *
     * @param destination first byte to write
     * @param length number of bytes
     * @param pattern the pattern
     * @return the job
     */
    public static Job fill(long destination, long length, long pattern) {
        return new Job(Operation.FILL, 0, length, destination, length, pattern);
    }

    /**
     * Computes the CRC-32C of bytes.
     *
     * @param source first byte to read
     * @param length number of bytes
     * @return the job
     */
    public static Job crc32c(long source, long length) {
        return new Job(Operation.CRC32C, source, length, 0, 0, 0);
    }

    /**
     * Transforms bytes: compression, decompression.
     *
     * @param operation what to do
     * @param source first byte to read
     * @param length number of bytes to read
     * @param destination first byte to write
     * @param capacity how many bytes may be written at most
     * @return the job
     */
    public static Job transform(
            Operation operation, long source, long length, long destination, long capacity) {
        return new Job(operation, source, length, destination, capacity, 0);
    }
}
