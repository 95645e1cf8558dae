package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
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

    /** Bytes moved at once; also the granularity of cancellation, and a multiple of 8. */
    static final int CHUNK = 1 << 16;

    final byte[] in = new byte[CHUNK];
    final byte[] out = new byte[CHUNK];

    /** Next byte of {@link #in}. */
    int inPosition;

    /** End of the bytes of {@link #in}. */
    int inLimit;

    /** Bytes of {@link #out} that have not been written to memory yet. */
    int outCount;

    private @Nullable JobExecution job;
    private long read;
    private long written;
    private @Nullable JobStatus failure;
    private long faultAddress;

    void begin(JobExecution next) {
        job = next;
        inPosition = 0;
        inLimit = 0;
        outCount = 0;
        read = 0;
        written = 0;
        failure = null;
        faultAddress = 0;
    }

    private JobExecution job() {
        JobExecution current = job;
        if (current == null) {
            throw new IllegalStateException("no job");
        }
        return current;
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

    /** Remembers the first failure. */
    void fail(JobStatus status) {
        if (failure == null) {
            failure = status;
        }
    }

    /** Tells whether the source has bytes that were not taken. */
    boolean more() {
        return inPosition < inLimit || read < job().sourceLength();
    }

    /**
     * Brings the next chunk in. The one before must have been taken.
     *
     * @return false at the end of the source, or on failure
     */
    boolean fill() {
        JobExecution current = job();
        long left = current.sourceLength() - read;
        if (left == 0 || failure != null) {
            return false;
        }
        if (current.cancelled()) {
            fail(JobStatus.ABORTED);
            return false;
        }
        long address = current.source() + read;
        int length = (int) Math.min(CHUNK, left);
        long result = current.dma().read(current.pasid(), Access.READ, address, in, 0, length);
        int moved = (int) DmaResult.bytes(result);
        if (moved == 0) {
            fault(result, address);
            return false;
        }
        read += moved;
        inPosition = 0;
        inLimit = moved;
        return true;
    }

    /**
     * Takes a byte of the source; the end of the source is bad data.
     *
     * @return 0 to 255, or -1 on failure
     */
    int next() {
        if (inPosition == inLimit && !fill()) {
            fail(JobStatus.BAD_DATA);
            return -1;
        }
        return in[inPosition++] & 0xff;
    }

    /** How many bytes of {@link #out} behind {@link #outCount} may be filled. */
    int room() {
        return (int) Math.min(CHUNK - outCount, job().destinationCapacity() - written - outCount);
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
            fail(JobStatus.DESTINATION_FULL);
            return false;
        }
        out[outCount++] = (byte) value;
        return true;
    }

    /**
     * Writes to memory what is in {@link #out}.
     *
     * @return false on failure
     */
    boolean flush() {
        if (outCount == 0) {
            return true;
        }
        JobExecution current = job();
        if (current.cancelled()) {
            fail(JobStatus.ABORTED);
            return false;
        }
        long address = current.destination() + written;
        long result = current.dma().write(current.pasid(), Access.WRITE, address, out, 0, outCount);
        long moved = DmaResult.bytes(result);
        written += moved;
        outCount = 0;
        if (!DmaResult.isComplete(result)) {
            fault(result, address + moved);
            return false;
        }
        return true;
    }

    /** Turns a DMA access that did not complete into a failure. */
    void fault(long result, long address) {
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

    /** Completes the job as it stands. */
    void complete(long consumed, long value) {
        if (failure == JobStatus.PAGE_FAULT && outCount > 0) {
            // A hole in the source: what was made of the bytes before it belongs to the caller.
            flush();
        }
        JobStatus status = failure;
        if (status == null) {
            job().complete(JobStatus.SUCCESS, consumed, written, value, 0);
        } else {
            job().complete(status, consumed, written, 0, faultAddress);
        }
    }
}
