package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;

/**
 * The data of the job under way: a buffer on its way in, a buffer on its way out, and the first
 * thing that went wrong.
 *
 * <p>A chunk that ends at a page that cannot be had is delivered up to there; the fault is reported
 * only if the engine asks for the byte itself. So a stream that ends before the hole succeeds, and
 * the counts of one that does not are exact.
 */
final class JobData {

    /** Bytes moved at once; also the granularity of cancellation, and a multiple of 16. */
    static final int CHUNK = 1 << 16;

    /** Room behind a chunk for what a codec adds to it at once: a block, a tag. */
    static final int SPARE = 64;

    final byte[] in = new byte[CHUNK];
    final byte[] out = new byte[CHUNK + SPARE];

    final ByteRanges source = new ByteRanges();
    final ByteRanges destination = new ByteRanges();
    final Parameters parameters = new Parameters(this);

    /** Next byte of {@link #in}. */
    int inPosition;

    /** End of the bytes of {@link #in}. */
    int inLimit;

    /** Bytes of {@link #out} that have not been written to memory yet. */
    int outCount;

    private @Nullable JobExecution job;
    private long sourceLength;
    private long capacity;
    private long read;
    private long written;
    private @Nullable JobStatus failure;
    private boolean destinationFailed;
    private long faultAddress;

    /**
     * Takes a job: reads its parameter block and its lists.
     *
     * @return false if that failed; the job is to be completed then
     */
    boolean begin(JobExecution next) {
        job = next;
        inPosition = 0;
        inLimit = 0;
        outCount = 0;
        read = 0;
        written = 0;
        failure = null;
        destinationFailed = false;
        faultAddress = 0;
        return parameters.begin(next) && findSource(next) && findDestination(next);
    }

    private boolean findSource(JobExecution next) {
        if ((next.flags() & JobFlags.SOURCE_LIST) != 0) {
            if (!source.list(next, next.source(), next.sourceLength(), in, this)) {
                return false;
            }
            sourceLength = source.total();
        } else {
            sourceLength = next.sourceLength();
            // The source length of a fill is that of its destination.
            boolean reads = next.operation() != Operation.FILL;
            source.flat(next.source(), reads ? sourceLength : 0);
        }
        return true;
    }

    private boolean findDestination(JobExecution next) {
        if ((next.flags() & JobFlags.DESTINATION_LIST) != 0) {
            if (!destination.list(next, next.destination(), next.destinationCapacity(), in, this)) {
                return false;
            }
        } else {
            destination.flat(next.destination(), next.destinationCapacity());
        }
        capacity = destination.total();
        return true;
    }

    JobExecution job() {
        JobExecution current = job;
        if (current == null) {
            throw new IllegalStateException("no job");
        }
        return current;
    }

    /** Tells whether a range runs over the end of the address space. */
    static boolean wraps(long address, long length) {
        return length < 0
                || length > 0 && Long.compareUnsigned(address + (length - 1), address) < 0;
    }

    /** Bytes of the source, over all its pieces. */
    long sourceLength() {
        return sourceLength;
    }

    /** Bytes of the destination, over all its pieces. */
    long capacity() {
        return capacity;
    }

    /** Bytes of the source that have left this buffer. */
    long taken() {
        return read - (inLimit - inPosition);
    }

    /** Bytes of the destination that are in memory. */
    long written() {
        return written;
    }

    boolean failed() {
        return failure != null;
    }

    /** How it failed; null if it has not. */
    @Nullable JobStatus failure() {
        return failure;
    }

    /**
     * Remembers the first failure.
     *
     * @return false
     */
    boolean fail(JobStatus status) {
        if (failure == null) {
            failure = status;
        }
        return false;
    }

    boolean badParameters() {
        return fail(JobStatus.BAD_PARAMETERS);
    }

    /**
     * Remembers that the job was cancelled, if it was.
     *
     * @return false once the job has failed
     */
    boolean proceed() {
        if (job().cancelled()) {
            fail(JobStatus.ABORTED);
        }
        return failure == null;
    }

    /**
     * Reads bytes that are neither source nor destination.
     *
     * @return false on failure
     */
    boolean load(JobExecution current, long address, byte[] buffer, int length) {
        if (length == 0) {
            return true;
        }
        if (!proceed()) {
            return false;
        }
        long result = current.dma().read(current.pasid(), Access.READ, address, buffer, 0, length);
        long moved = DmaResult.bytes(result);
        if (moved != length) {
            fault(result, address + moved);
            return false;
        }
        return true;
    }

    /**
     * Writes bytes that are neither source nor destination.
     *
     * @return false on failure
     */
    boolean store(long address, byte[] buffer, int length) {
        JobExecution current = job();
        if (length == 0) {
            return true;
        }
        long result =
                current.dma().write(current.pasid(), Access.WRITE, address, buffer, 0, length);
        long moved = DmaResult.bytes(result);
        if (moved != length) {
            fault(result, address + moved);
            return false;
        }
        return true;
    }

    /** Tells whether the source has bytes that were not taken. */
    boolean more() {
        return inPosition < inLimit || read < sourceLength;
    }

    /**
     * Brings the next chunk in. The one before must have been taken.
     *
     * @return false at the end of the source, or on failure
     */
    boolean fill() {
        long left = sourceLength - read;
        if (left == 0 || !proceed()) {
            return false;
        }
        int length = (int) Math.min(CHUNK, left);
        int moved = source.transfer(job(), false, read, in, 0, length);
        if (moved == 0) {
            fault(source);
            return false;
        }
        read += moved;
        inPosition = 0;
        inLimit = moved;
        return true;
    }

    /**
     * Takes a byte of a source that has {@link #more}.
     *
     * @return 0 to 255, or -1 on failure
     */
    int next() {
        return inPosition == inLimit && !fill() ? -1 : in[inPosition++] & 0xff;
    }

    /**
     * Reads bytes of the source at a position, whatever was read before. What can be read is to be
     * dealt with before the hole behind it is reported with {@link #fault(ByteRanges)}.
     *
     * @return how many
     */
    int readAt(long position, byte[] buffer, int offset, int length) {
        return source.transfer(job(), false, position, buffer, offset, length);
    }

    /**
     * Writes bytes of the destination at a position, whatever was written before.
     *
     * @return how many; if fewer than asked for, the failure is remembered
     */
    int writeAt(long position, byte[] buffer, int offset, int length) {
        int moved = destination.transfer(job(), true, position, buffer, offset, length);
        if (moved != length) {
            destinationFailed = true;
            fault(destination);
        }
        return moved;
    }

    /**
     * Writes bytes at a position of a destination that the descriptor names besides.
     *
     * @return how many; if fewer than asked for, the failure is remembered
     */
    int writeAt(ByteRanges other, long position, byte[] buffer, int offset, int length) {
        int moved = other.transfer(job(), true, position, buffer, offset, length);
        if (moved != length) {
            fault(other);
        }
        return moved;
    }

    /** Turns the last access of a range, which did not complete, into a failure. */
    void fault(ByteRanges ranges) {
        fault(ranges.lastResult(), ranges.faultAddress());
    }

    /** How many bytes of {@link #out} behind {@link #outCount} may be filled. */
    int room() {
        return (int) Math.min(CHUNK - outCount, capacity - written - outCount);
    }

    /**
     * Makes room, if the destination has any.
     *
     * @return {@link #room}; 0 if the destination is full; -1 on failure
     */
    int makeRoom() {
        int room = room();
        if (room > 0) {
            return room;
        }
        return flush() ? room() : -1;
    }

    /**
     * Puts a byte to the destination.
     *
     * @return false on failure
     */
    boolean put(int value) {
        int room = makeRoom();
        if (room <= 0) {
            return fail(JobStatus.DESTINATION_FULL);
        }
        out[outCount++] = (byte) value;
        return true;
    }

    /**
     * Writes to memory what is in {@link #out}. After a failure the bytes that were not written are
     * at its beginning.
     *
     * @return false on failure
     */
    boolean flush() {
        if (outCount == 0) {
            return true;
        }
        if (job().cancelled()) {
            return fail(JobStatus.ABORTED);
        }
        int moved = writeAt(written, out, 0, outCount);
        written += moved;
        outCount -= moved;
        if (outCount > 0) {
            System.arraycopy(out, moved, out, 0, outCount);
            return false;
        }
        return true;
    }

    /** Turns a DMA access that did not complete into a failure. */
    private void fault(long result, long address) {
        if (failure != null) {
            return;
        }
        if (DmaResult.isComplete(result)) {
            // A port that moves nothing and calls it complete would keep the engine for ever.
            fail(JobStatus.DEVICE_ERROR);
        } else if (DmaResult.status(result) == DmaStatus.STOPPED || job().cancelled()) {
            fail(JobStatus.ABORTED);
        } else {
            fail(JobStatus.PAGE_FAULT);
            faultAddress = address;
        }
    }

    /** Counts bytes that reached the destination other than through {@link #out}. */
    void moved(long bytes) {
        written += bytes;
    }

    /** Writes what was made of the bytes before a hole in the source: it belongs to the caller. */
    void flushBeforeHole() {
        if (failure == JobStatus.PAGE_FAULT && !destinationFailed) {
            flush();
        }
    }

    /** Completes the job as it stands. */
    void complete(long consumed, long value) {
        flushBeforeHole();
        parameters.clear();
        JobStatus status = failure;
        if (status == null) {
            job().complete(JobStatus.SUCCESS, consumed, written, value, 0);
        } else {
            job().complete(status, consumed, written, 0, faultAddress);
        }
    }
}
