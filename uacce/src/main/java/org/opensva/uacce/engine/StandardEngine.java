package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** One engine: buffers and codecs are made once and used for every job. */
final class StandardEngine implements Engine, AutoCloseable {

    private static final Set<Operation> OPERATIONS =
            Collections.unmodifiableSet(EnumSet.range(Operation.NOP, Operation.INFLATE));

    private final JobData data = new JobData();
    private final DataMover mover = new DataMover(data);
    private final Compressor compressor = new Compressor(data);
    private final Decompressor decompressor = new Decompressor(data);

    @Override
    public Set<Operation> operations() {
        return OPERATIONS;
    }

    @Override
    public void execute(JobExecution job) {
        data.begin(job);
        switch (job.operation()) {
            case NOP -> job.complete(JobStatus.SUCCESS, 0, 0, 0, 0);
            case COPY -> mover.copy(job);
            case FILL -> mover.fill(job);
            case CRC32C -> mover.crc32c(job);
            case GZIP -> compressor.compress(job, true);
            case DEFLATE -> compressor.compress(job, false);
            case GUNZIP -> decompressor.gunzip(job);
            case INFLATE -> decompressor.inflate(job);
            default -> job.complete(JobStatus.UNSUPPORTED, 0, 0, 0, 0);
        }
    }

    /** Frees what the codecs hold outside the heap. */
    @Override
    public void close() {
        compressor.close();
        decompressor.close();
    }
}
