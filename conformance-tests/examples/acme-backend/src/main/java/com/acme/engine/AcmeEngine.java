package com.acme.engine;

import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;

import java.util.Set;
import java.util.zip.CRC32C;

/**
 * An engine that moves data in small pieces.
 *
 * <p>Two habits keep the contract: every byte goes through {@link JobExecution#dma}, under the
 * PASID of the job, so that no translation can be kept by mistake; and a piece that could not be
 * moved ends the job at exactly the byte that {@link DmaResult} names. The buffer is the only
 * memory it has: nothing of one job is left for the next.
 */
final class AcmeEngine implements Engine {

    private static final int PIECE = 4096;

    private final byte[] buffer = new byte[PIECE];
    private final CRC32C crc = new CRC32C();

    private long moved;
    private JobStatus status = JobStatus.SUCCESS;
    private long faultAddress;

    @Override
    public Set<Operation> operations() {
        return Set.of(Operation.NOP, Operation.COPY, Operation.FILL, Operation.CRC32C);
    }

    @Override
    public void execute(JobExecution job) {
        moved = 0;
        status = JobStatus.SUCCESS;
        faultAddress = 0;
        long value = 0;
        switch (job.operation()) {
            case NOP -> {}
            case COPY -> copy(job);
            case FILL -> fill(job);
            case CRC32C -> value = checksum(job);
            default -> status = JobStatus.UNSUPPORTED;
        }
        long produced = job.operation() == Operation.CRC32C ? 0 : moved;
        job.complete(
                status, moved, produced, status == JobStatus.SUCCESS ? value : 0, faultAddress);
    }

    /** As memmove: where the destination lies inside the source, from the end. */
    private void copy(JobExecution job) {
        long length = writable(job);
        long distance = job.destination() - job.source();
        if (distance != 0 && Long.compareUnsigned(distance, length) < 0) {
            copyFromTheEnd(job, length);
            return;
        }
        while (moved < length && goesOn(job)) {
            int piece = (int) Math.min(PIECE, length - moved);
            if (read(job, job.source() + moved, piece)) {
                moved += write(job, job.destination() + moved, piece);
            }
        }
    }

    private void copyFromTheEnd(JobExecution job, long length) {
        while (moved < length && goesOn(job)) {
            int piece = (int) Math.min(PIECE, length - moved);
            long at = length - moved - piece;
            if (read(job, job.source() + at, piece)) {
                moved += write(job, job.destination() + at, piece);
            }
        }
    }

    private void fill(JobExecution job) {
        for (int i = 0; i < PIECE; i++) {
            buffer[i] = (byte) (job.argument() >>> 8 * (i & 7));
        }
        long length = writable(job);
        while (moved < length && goesOn(job)) {
            moved += write(job, job.destination() + moved, (int) Math.min(PIECE, length - moved));
        }
    }

    private long checksum(JobExecution job) {
        crc.reset();
        while (moved < job.sourceLength() && goesOn(job)) {
            int piece = (int) Math.min(PIECE, job.sourceLength() - moved);
            if (read(job, job.source() + moved, piece)) {
                crc.update(buffer, 0, piece);
                moved += piece;
            }
        }
        return crc.getValue();
    }

    private long writable(JobExecution job) {
        if (job.destinationCapacity() < job.sourceLength()) {
            status = JobStatus.DESTINATION_FULL;
        }
        return Math.min(job.sourceLength(), job.destinationCapacity());
    }

    private boolean goesOn(JobExecution job) {
        if (job.cancelled()) {
            status = JobStatus.ABORTED;
        }
        return status == JobStatus.SUCCESS || status == JobStatus.DESTINATION_FULL;
    }

    private boolean read(JobExecution job, long address, int length) {
        long result = job.dma().read(job.pasid(), Access.READ, address, buffer, 0, length);
        return note(result, address);
    }

    private long write(JobExecution job, long address, int length) {
        long result = job.dma().write(job.pasid(), Access.WRITE, address, buffer, 0, length);
        note(result, address);
        return DmaResult.bytes(result);
    }

    /** What the device knows of a fault is all that the job is told. */
    private boolean note(long result, long address) {
        if (DmaResult.isComplete(result)) {
            return true;
        }
        DmaStatus ended = DmaResult.status(result);
        boolean pageFault =
                ended == DmaStatus.NOT_PERMITTED || ended == DmaStatus.PAGE_REQUEST_FAILED;
        status = pageFault ? JobStatus.PAGE_FAULT : JobStatus.ABORTED;
        faultAddress = pageFault ? address + DmaResult.bytes(result) : 0;
        return false;
    }
}
