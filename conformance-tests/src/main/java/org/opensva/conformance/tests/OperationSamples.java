package org.opensva.conformance.tests;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Memory;

/** A job for each operation, on five pages, with the end that it must have. */
final class OperationSamples {

    private static final int SMALL = 64;
    private static final int KEY = 32;
    private static final int IV = 16;

    private final Memory memory;
    private final long pageSize;
    private final long parameters;

    /**
     * A job and its end.
     *
     * @param job the job
     * @param end how it must end where the device has the operation
     */
    record Sample(Job job, JobStatus end) {}

    OperationSamples(Memory memory, long pageSize) {
        this.memory = memory;
        this.pageSize = pageSize;
        SvaProcess process = memory.process();
        // A reserved block type of RFC 1951, no header of RFC 1950 and none of RFC 1952, and
        // nothing that begins like a key: whatever the seed.
        process.storeLong(memory.page(4), -1L);
        parameters = memory.page(4) + SMALL;
        long key = memory.page(4);
        process.store(
                parameters,
                JobParameters.EMPTY
                        .withKey(new Operand(key, KEY))
                        .withIv(new Operand(key, IV))
                        .withTag(new Operand(key, IV))
                        .encode());
    }

    /** What to try; null where the descriptor is the device's own affair. */
    @Nullable Sample of(Operation operation) {
        long from = memory.page(0);
        long to = memory.page(1);
        long room = memory.page(2);
        return switch (operation) {
            case NOP -> good(Job.nop());
            case DRAIN -> good(new Job(operation, 0, 0, 0, 0, 0));
            case COPY -> good(Job.copy(from, to, pageSize));
            case FILL -> good(Job.fill(to, pageSize, 7));
            case CRC32C -> good(Job.crc32c(from, pageSize));
            case COPY_CRC32C -> good(Job.transform(operation, from, pageSize, to, pageSize));
            case COMPARE -> good(Job.compare(from, to, pageSize));
            case COMPARE_PATTERN -> good(new Job(operation, from, pageSize, 0, 0, 7));
            case DUAL_CAST -> good(Job.dualCast(from, to, room, pageSize));
            case CREATE_DELTA -> good(new Job(operation, from, SMALL, room, pageSize, to));
            case APPLY_DELTA -> good(new Job(operation, room, 0, to, pageSize, 0));
            case GZIP, DEFLATE, ZLIB -> good(transform(operation, from));
            case GUNZIP, INFLATE, UNZLIB ->
                    // What is to be decompressed here is no compressed data, which it must notice.
                    new Sample(transform(operation, memory.page(4)), JobStatus.BAD_DATA);
            case DIGEST -> good(with(operation, Algorithm.SHA_256));
            case MAC -> good(with(operation, Algorithm.SHA_256).withParameters(parameters));
            case ENCRYPT, DECRYPT ->
                    good(with(operation, Algorithm.AES_CTR).withParameters(parameters));
            case SIGN, VERIFY -> keyless(operation, Algorithm.ECDSA_SHA_256);
            case AGREE -> keyless(operation, Algorithm.X25519);
            case BATCH -> null;
        };
    }

    private static Sample good(Job job) {
        return new Sample(job, JobStatus.SUCCESS);
    }

    /** The key is none, which it must notice. */
    private Sample keyless(Operation operation, Algorithm algorithm) {
        Job job = with(operation, algorithm).withParameters(parameters);
        return new Sample(job, JobStatus.BAD_PARAMETERS);
    }

    private Job transform(Operation operation, long from) {
        return Job.transform(operation, from, SMALL, memory.page(2), 2 * pageSize);
    }

    private Job with(Operation operation, Algorithm algorithm) {
        return Job.transform(
                operation, algorithm, memory.page(0), SMALL, memory.page(2), 2 * pageSize);
    }
}
