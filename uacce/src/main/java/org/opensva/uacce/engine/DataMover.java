package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Copy, fill and CRC-32C. */
final class DataMover {

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final JobData data;
    private final CRC32C crc = new CRC32C();

    DataMover(JobData data) {
        this.data = data;
    }

    void copy(JobExecution job) {
        long length = Math.min(job.sourceLength(), job.destinationCapacity());
        long distance = job.destination() - job.source();
        boolean backwards = distance != 0 && Long.compareUnsigned(distance, length) < 0;
        long done = backwards ? copyBackwards(job, length) : copyForwards(job, length);
        end(job, done, done);
    }

    private long copyForwards(JobExecution job, long length) {
        DmaPort dma = job.dma();
        int pasid = job.pasid();
        long done = 0;
        while (done < length && proceed(job)) {
            long from = job.source() + done;
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            long read = dma.read(pasid, Access.READ, from, data.in, 0, chunk);
            int got = (int) DmaResult.bytes(read);
            if (got > 0) {
                long to = job.destination() + done;
                long write = dma.write(pasid, Access.WRITE, to, data.in, 0, got);
                done += DmaResult.bytes(write);
                if (DmaResult.bytes(write) != got) {
                    data.fault(write, job.destination() + done);
                    return done;
                }
            }
            if (got != chunk) {
                data.fault(read, job.source() + done);
            }
        }
        return done;
    }

    private long copyBackwards(JobExecution job, long length) {
        DmaPort dma = job.dma();
        int pasid = job.pasid();
        long left = length;
        while (left > 0 && proceed(job)) {
            int chunk = (int) Math.min(JobData.CHUNK, left);
            long at = left - chunk;
            long read = dma.read(pasid, Access.READ, job.source() + at, data.in, 0, chunk);
            if (DmaResult.bytes(read) != chunk) {
                data.fault(read, job.source() + at + DmaResult.bytes(read));
                break;
            }
            long to = job.destination() + at;
            long write = dma.write(pasid, Access.WRITE, to, data.in, 0, chunk);
            long moved = DmaResult.bytes(write);
            if (moved != chunk) {
                data.fault(write, to + moved);
                return length - left + moved;
            }
            left = at;
        }
        return length - left;
    }

    void fill(JobExecution job) {
        long length = Math.min(job.sourceLength(), job.destinationCapacity());
        int pattern = (int) Math.min(JobData.CHUNK, length + 7 & ~7L);
        for (int i = 0; i < pattern; i += Long.BYTES) {
            LONGS.set(data.out, i, job.argument());
        }
        long done = 0;
        while (done < length && proceed(job)) {
            // A chunk is a multiple of the pattern, so each one begins with its first byte.
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            long to = job.destination() + done;
            long write = job.dma().write(job.pasid(), Access.WRITE, to, data.out, 0, chunk);
            done += DmaResult.bytes(write);
            if (DmaResult.bytes(write) != chunk) {
                data.fault(write, job.destination() + done);
            }
        }
        end(job, done, done);
    }

    void crc32c(JobExecution job) {
        crc.reset();
        while (data.fill()) {
            crc.update(data.in, 0, data.inLimit);
            data.inPosition = data.inLimit;
        }
        data.complete(data.taken(), crc.getValue());
    }

    private boolean proceed(JobExecution job) {
        if (job.cancelled()) {
            data.fail(JobStatus.ABORTED);
        }
        return !data.failed();
    }

    private void end(JobExecution job, long consumed, long produced) {
        if (!data.failed() && job.destinationCapacity() < job.sourceLength()) {
            data.fail(JobStatus.DESTINATION_FULL);
        }
        data.moved(produced);
        data.complete(consumed, 0);
    }
}
