package org.opensva.api.accelerator;

import java.util.Objects;

/**
 * Work for an accelerator. All addresses are virtual addresses of the address space that the queue
 * is bound to.
 *
 * <p>Whatever does not fit here is in the process's memory, where the device reads it: a {@link
 * JobParameters parameter block}, a {@link ScatterList}.
 *
 * @param operation what to do
 * @param source first byte to read, where the operation reads
 * @param sourceLength how many bytes to read, or to fill
 * @param destination first byte to write, where the operation writes
 * @param destinationCapacity how many bytes may be written at most
 * @param argument what the {@link Operation} says, for example the pattern of {@link
 *     Operation#FILL}; otherwise 0
 * @param algorithm with what, where the operation leaves the choice; otherwise {@link
 *     Algorithm#NONE}
 * @param flags bits of {@link JobFlags}
 * @param parameters with {@link JobFlags#PARAMETERS} where the parameter block is; otherwise 0
 */
public record Job(
        Operation operation,
        long source,
        long sourceLength,
        long destination,
        long destinationCapacity,
        long argument,
        Algorithm algorithm,
        int flags,
        long parameters) {

    /** Checks the lengths and flags. */
    public Job {
        Objects.requireNonNull(operation, "operation");
        Objects.requireNonNull(algorithm, "algorithm");
        if ((flags & ~JobFlags.ALL) != 0) {
            throw new IllegalArgumentException("flags 0x" + Integer.toHexString(flags));
        }
        if (sourceLength < 0 || destinationCapacity < 0) {
            throw new IllegalArgumentException("a length is negative");
        }
    }

    /**
     * A job whose operation says it all.
     *
     * @param operation what to do
     * @param source first byte to read, where the operation reads
     * @param sourceLength how many bytes to read, or to fill
     * @param destination first byte to write, where the operation writes
     * @param destinationCapacity how many bytes may be written at most
     * @param argument what the operation says; otherwise 0
     */
    public Job(
            Operation operation,
            long source,
            long sourceLength,
            long destination,
            long destinationCapacity,
            long argument) {
        this(
                operation,
                source,
                sourceLength,
                destination,
                destinationCapacity,
                argument,
                Algorithm.NONE,
                0,
                0);
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

    /**
     * Transforms bytes with an algorithm: digests, encryption, signatures.
     *
     * @param operation what to do
     * @param algorithm with what
     * @param source first byte to read
     * @param length number of bytes to read
     * @param destination first byte to write
     * @param capacity how many bytes may be written at most
     * @return the job
     */
    public static Job transform(
            Operation operation,
            Algorithm algorithm,
            long source,
            long length,
            long destination,
            long capacity) {
        return new Job(operation, source, length, destination, capacity, 0, algorithm, 0, 0);
    }

    /**
     * Compares bytes.
     *
     * @param source first byte of the one
     * @param other first byte of the other
     * @param length number of bytes
     * @return the job
     */
    public static Job compare(long source, long other, long length) {
        return new Job(Operation.COMPARE, source, length, 0, 0, other);
    }

    /**
     * Copies bytes to two places.
     *
     * @param source first byte to read
     * @param destination first byte to write
     * @param second first byte of the second place to write
     * @param length number of bytes
     * @return the job
     */
    public static Job dualCast(long source, long destination, long second, long length) {
        return new Job(Operation.DUAL_CAST, source, length, destination, length, second);
    }

    /**
     * The same with another argument.
     *
     * @param value what the operation says
     * @return a changed copy
     */
    public Job withArgument(long value) {
        return new Job(
                operation,
                source,
                sourceLength,
                destination,
                destinationCapacity,
                value,
                algorithm,
                flags,
                parameters);
    }

    /**
     * The same with a parameter block.
     *
     * @param address where the encoded {@link JobParameters} are
     * @return a changed copy
     */
    public Job withParameters(long address) {
        return with(flags | JobFlags.PARAMETERS, address);
    }

    /**
     * The same, whose source is a scatter-gather list: the source address is that of its first
     * segment, the source length the size of that.
     *
     * @return a changed copy
     */
    public Job withSourceList() {
        return with(flags | JobFlags.SOURCE_LIST, parameters);
    }

    /**
     * The same, whose destination is a scatter-gather list: the destination address is that of its
     * first segment, the capacity the size of that.
     *
     * @return a changed copy
     */
    public Job withDestinationList() {
        return with(flags | JobFlags.DESTINATION_LIST, parameters);
    }

    /**
     * The same, for a batch: not begun if a job before it has failed.
     *
     * @return a changed copy
     */
    public Job withFence() {
        return with(flags | JobFlags.FENCE, parameters);
    }

    private Job with(int newFlags, long newParameters) {
        return new Job(
                operation,
                source,
                sourceLength,
                destination,
                destinationCapacity,
                argument,
                algorithm,
                newFlags,
                newParameters);
    }
}
