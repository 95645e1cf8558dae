package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** One engine: buffers and codecs are made once and used for every job. */
final class StandardEngine implements Engine, AutoCloseable {

    private static final Set<Operation> OPERATIONS =
            Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(Operation.BATCH)));

    /** What can be done in streams. */
    private static final Set<Operation> STREAMED =
            EnumSet.of(
                    Operation.GZIP,
                    Operation.GUNZIP,
                    Operation.DEFLATE,
                    Operation.INFLATE,
                    Operation.ZLIB,
                    Operation.UNZLIB,
                    Operation.DIGEST,
                    Operation.MAC);

    private static final Set<Algorithm> ALGORITHMS =
            Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(Algorithm.NONE)));

    private final JobData data = new JobData();
    private final DataMover mover = new DataMover(data);
    private final Comparer comparer = new Comparer(data);
    private final AesCipher aes = new AesCipher(data);
    private final AesGcm gcm = new AesGcm(data);
    private final AesXts xts = new AesXts(data);
    private final PublicKeyEngine publicKey = new PublicKeyEngine(data);
    private final Compressor compressor;
    private final Decompressor decompressor;
    private final Digester digester;

    StandardEngine(Streams.Budget budget) {
        Streams streams = new Streams(data, budget);
        compressor = new Compressor(data, streams);
        decompressor = new Decompressor(data, streams);
        digester = new Digester(data, streams);
    }

    @Override
    public Set<Operation> operations() {
        return OPERATIONS;
    }

    @Override
    public Set<Algorithm> algorithms() {
        return ALGORITHMS;
    }

    @Override
    public int flags() {
        return JobFlags.ALL;
    }

    @Override
    public void execute(JobExecution job) {
        Operation operation = job.operation();
        if (!job.algorithm().operations().contains(operation)
                || (job.flags() & ~operation.flags()) != 0) {
            // A queue that decodes descriptors lets none of these through.
            job.complete(JobStatus.BAD_DESCRIPTOR, 0, 0, 0, 0);
            return;
        }
        if (!data.begin(job)) {
            data.complete(0, 0);
            return;
        }
        try {
            run(job);
        } catch (InvalidKeyException | InvalidAlgorithmParameterException e) {
            // For example a key that is too small for the padding.
            refuse(JobStatus.BAD_PARAMETERS);
        } catch (GeneralSecurityException e) {
            refuse(JobStatus.DEVICE_ERROR);
        }
    }

    private void refuse(JobStatus status) {
        data.fail(status);
        data.complete(0, 0);
    }

    private void run(JobExecution job) throws GeneralSecurityException {
        if (data.parameters.has(JobParameters.SESSION) && !STREAMED.contains(job.operation())) {
            refuse(JobStatus.BAD_PARAMETERS);
            return;
        }
        switch (job.operation()) {
            case NOP, DRAIN -> data.complete(0, 0);
            case COPY -> mover.copy();
            case FILL -> mover.fill(job);
            case CRC32C -> mover.crc32c(job);
            case COPY_CRC32C -> mover.copyCrc32c(job);
            case DUAL_CAST -> mover.dualCast(job);
            case COMPARE -> comparer.compare(job);
            case COMPARE_PATTERN -> comparer.comparePattern(job);
            case CREATE_DELTA -> comparer.createDelta(job);
            case APPLY_DELTA -> comparer.applyDelta(job);
            case GZIP, DEFLATE, ZLIB -> compressor.compress(job);
            case GUNZIP, INFLATE, UNZLIB -> decompressor.decompress(job);
            case DIGEST, MAC -> digester.run(job);
            case ENCRYPT, DECRYPT -> crypt(job);
            case SIGN -> publicKey.sign(job);
            case VERIFY -> publicKey.verify(job);
            case AGREE -> publicKey.agree(job);
            case BATCH -> refuse(JobStatus.UNSUPPORTED);
        }
    }

    private void crypt(JobExecution job) throws GeneralSecurityException {
        switch (job.algorithm()) {
            case AES_ECB, AES_CBC, AES_CTR -> aes.run(job);
            case AES_GCM -> gcm.run(job);
            case AES_XTS -> xts.run(job);
            default -> publicKey.crypt(job);
        }
    }

    /** Frees what the codecs hold outside the heap. */
    @Override
    public void close() {
        compressor.close();
        decompressor.close();
    }
}
