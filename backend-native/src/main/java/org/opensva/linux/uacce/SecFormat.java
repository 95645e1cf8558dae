package org.opensva.linux.uacce;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.uacce.spec.SecDescriptor2;
import org.opensva.linux.uacce.spec.SecDescriptor3;
import org.opensva.linux.uacce.spec.SecNumbers;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Descriptors of {@code hisi_sec2}: digests, HMACs, and AES without authentication, each in one
 * job. What the device does not do (streams, GCM, keys longer than a block of the digest) is {@link
 * JobStatus#UNSUPPORTED}.
 *
 * <p>The device does not say at which address a page fault was; of version 3 it says that there was
 * one.
 */
final class SecFormat implements QueueFormat {

    private static final int BLOCK = 16;
    private static final int WORD = 4;
    private static final int VERSION_3 = 3;

    private final int version;
    private final SvaProcess process;

    /**
     * Encodes for one queue.
     *
     * @param version of the queue manager
     * @param process whose memory holds parameter blocks
     */
    SecFormat(int version, SvaProcess process) {
        this.version = version;
        this.process = process;
    }

    /** A digest as the device knows it: its number, its size and that of its blocks. */
    private record Digest(int number, int size, int block) {

        static @Nullable Digest of(Algorithm algorithm) {
            return switch (algorithm) {
                case MD5 -> new Digest(SecNumbers.MD5, 16, 64);
                case SHA_1 -> new Digest(SecNumbers.SHA_1, 20, 64);
                case SHA_224 -> new Digest(SecNumbers.SHA_224, 28, 64);
                case SHA_256 -> new Digest(SecNumbers.SHA_256, 32, 64);
                case SHA_384 -> new Digest(SecNumbers.SHA_384, 48, 128);
                case SHA_512 -> new Digest(SecNumbers.SHA_512, 64, 128);
                case SHA_512_224 -> new Digest(SecNumbers.SHA_512_224, 28, 128);
                case SHA_512_256 -> new Digest(SecNumbers.SHA_512_256, 32, 128);
                default -> null;
            };
        }
    }

    @Override
    public int descriptorSize() {
        return SecDescriptor2.SIZE;
    }

    static SortedMap<Integer, Set<Operation>> operationsOfAll() {
        SortedMap<Integer, Set<Operation>> all = new TreeMap<>();
        all.put(
                0,
                EnumSet.of(Operation.DIGEST, Operation.MAC, Operation.ENCRYPT, Operation.DECRYPT));
        return all;
    }

    @Override
    public SortedMap<Integer, Set<Operation>> operations() {
        return operationsOfAll();
    }

    @Override
    public Encoding encode(int tag, Job job) {
        if ((job.flags() & ~JobFlags.PARAMETERS) != 0 || job.sourceLength() == 0) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        if (job.sourceLength() > SecNumbers.MAX_LENGTH) {
            return new Refusal(JobStatus.BAD_DESCRIPTOR);
        }
        try {
            Optional<Operands> operands = Operands.read(process, job);
            if (operands.isEmpty()) {
                return new Refusal(JobStatus.UNSUPPORTED);
            }
            return switch (job.operation()) {
                case DIGEST, MAC -> digest(tag, job, operands.get());
                case ENCRYPT, DECRYPT -> cipher(tag, job, operands.get());
                default -> new Refusal(JobStatus.UNSUPPORTED);
            };
        } catch (CpuFaultException e) {
            return new Refusal(QueueFormat.faulted(e));
        }
    }

    private Encoding digest(int tag, Job job, Operands operands) {
        Digest digest = Digest.of(job.algorithm());
        boolean mac = job.operation() == Operation.MAC;
        long key = mac ? operands.key().length() : 0;
        if (digest == null || mac && (key == 0 || key % WORD != 0 || key > digest.block())) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        if (job.destinationCapacity() < digest.size()) {
            return new Refusal(JobStatus.DESTINATION_FULL);
        }
        byte[] descriptor = new byte[descriptorSize()];
        int number = digest.number() + (mac ? SecNumbers.HMAC : 0);
        if (version >= VERSION_3) {
            SecDescriptor3.LAYOUT.set(descriptor, 3);
            SecDescriptor3.SCENE.set(descriptor, SecNumbers.SCENE_STREAM);
            SecDescriptor3.AUTHENTICATION.set(descriptor, SecNumbers.AUTHENTICATE);
            SecDescriptor3.CODE_WORDS.set(descriptor, digest.size() / WORD);
            SecDescriptor3.KEY_WORDS.set(descriptor, key / WORD);
            SecDescriptor3.DIGEST.set(descriptor, number);
            SecDescriptor3.DIGEST_LENGTH.set(descriptor, job.sourceLength());
            SecDescriptor3.SOURCE.set(descriptor, job.source());
            SecDescriptor3.CODE.set(descriptor, job.destination());
            SecDescriptor3.DIGEST_KEY.set(descriptor, mac ? operands.key().address() : 0);
            prefetch(descriptor, tag, job);
        } else {
            SecDescriptor2.LAYOUT.set(descriptor, 2);
            SecDescriptor2.SCENE.set(descriptor, SecNumbers.SCENE_PACKET);
            SecDescriptor2.AUTHENTICATION.set(descriptor, SecNumbers.AUTHENTICATE);
            SecDescriptor2.CODE_WORDS.set(descriptor, digest.size() / WORD);
            SecDescriptor2.KEY_WORDS.set(descriptor, key / WORD);
            SecDescriptor2.DIGEST.set(descriptor, number);
            SecDescriptor2.DIGEST_LENGTH.set(descriptor, job.sourceLength());
            SecDescriptor2.SOURCE.set(descriptor, job.source());
            SecDescriptor2.CODE.set(descriptor, job.destination());
            SecDescriptor2.DIGEST_KEY.set(descriptor, mac ? operands.key().address() : 0);
            SecDescriptor2.TAG.set(descriptor, tag);
        }
        return work(descriptor, job.sourceLength(), digest.size());
    }

    private static void prefetch(byte[] descriptor, int tag, Job job) {
        SecDescriptor3.TAG.set(descriptor, tag);
        SecDescriptor3.PREFETCH.set(
                descriptor, job.sourceLength() <= SecNumbers.PREFETCH_LIMIT ? 1 : 0);
    }

    private Encoding cipher(int tag, Job job, Operands operands) {
        long length = job.sourceLength();
        boolean xts = job.algorithm() == Algorithm.AES_XTS;
        int mode =
                switch (job.algorithm()) {
                    case AES_ECB -> SecNumbers.ECB;
                    case AES_CBC -> SecNumbers.CBC;
                    case AES_CTR -> version >= VERSION_3 ? SecNumbers.CTR : -1;
                    case AES_XTS -> SecNumbers.XTS;
                    default -> -1;
                };
        if (mode < 0 || xts && operands.value() != 0 && operands.value() != length) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        long keyBytes = xts ? operands.key().length() / 2 : operands.key().length();
        int key = xts && keyBytes == 24 ? -1 : SecNumbers.aesKey(keyBytes);
        boolean vector = mode == SecNumbers.ECB || operands.iv().length() == BLOCK;
        if (key < 0 || xts && operands.key().length() % 2 != 0 || !vector) {
            return new Refusal(JobStatus.BAD_PARAMETERS);
        }
        boolean blocks = mode == SecNumbers.ECB || mode == SecNumbers.CBC;
        if (blocks && length % BLOCK != 0 || xts && length < BLOCK) {
            return new Refusal(JobStatus.BAD_DATA);
        }
        if (job.destinationCapacity() < length) {
            return new Refusal(JobStatus.DESTINATION_FULL);
        }
        byte[] descriptor =
                version >= VERSION_3
                        ? cipher3(tag, job, operands, mode, key)
                        : cipher2(tag, job, operands, mode, key);
        return work(descriptor, length, length);
    }

    private static int direction(Job job) {
        return job.operation() == Operation.ENCRYPT ? SecNumbers.ENCRYPT : SecNumbers.DECRYPT;
    }

    private static byte[] cipher3(int tag, Job job, Operands operands, int mode, int key) {
        byte[] descriptor = new byte[SecDescriptor3.SIZE];
        SecDescriptor3.LAYOUT.set(descriptor, 3);
        SecDescriptor3.SCENE.set(descriptor, SecNumbers.SCENE_PACKET);
        SecDescriptor3.DESTINATION_VALID.set(descriptor, 1);
        SecDescriptor3.CIPHER.set(descriptor, direction(job));
        SecDescriptor3.CIPHER_KEY.set(descriptor, key);
        SecDescriptor3.MODE.set(descriptor, mode);
        SecDescriptor3.ALGORITHM.set(descriptor, SecNumbers.AES);
        SecDescriptor3.COUNTER_WRAP.set(
                descriptor, mode == SecNumbers.CTR ? SecNumbers.WRAP_128 : 0);
        SecDescriptor3.CIPHER_LENGTH.set(descriptor, job.sourceLength());
        SecDescriptor3.SOURCE.set(descriptor, job.source());
        SecDescriptor3.DESTINATION.set(descriptor, job.destination());
        SecDescriptor3.VECTOR.set(descriptor, operands.iv().address());
        SecDescriptor3.KEY.set(descriptor, operands.key().address());
        prefetch(descriptor, tag, job);
        return descriptor;
    }

    private static byte[] cipher2(int tag, Job job, Operands operands, int mode, int key) {
        byte[] descriptor = new byte[SecDescriptor2.SIZE];
        SecDescriptor2.LAYOUT.set(descriptor, 2);
        SecDescriptor2.SCENE.set(descriptor, SecNumbers.SCENE_PACKET);
        SecDescriptor2.DESTINATION_VALID.set(descriptor, 1);
        SecDescriptor2.CIPHER.set(descriptor, direction(job));
        SecDescriptor2.CIPHER_KEY.set(descriptor, key);
        SecDescriptor2.MODE.set(descriptor, mode);
        SecDescriptor2.ALGORITHM.set(descriptor, SecNumbers.AES);
        SecDescriptor2.CIPHER_LENGTH.set(descriptor, job.sourceLength());
        SecDescriptor2.SOURCE.set(descriptor, job.source());
        SecDescriptor2.DESTINATION.set(descriptor, job.destination());
        SecDescriptor2.VECTOR.set(descriptor, operands.iv().address());
        SecDescriptor2.KEY.set(descriptor, operands.key().address());
        SecDescriptor2.TAG.set(descriptor, tag);
        return descriptor;
    }

    private Work work(byte[] descriptor, long consumed, long produced) {
        return new Work(descriptor, done -> result(done, consumed, produced));
    }

    private JobResult result(byte[] done, long consumed, long produced) {
        // Both layouts have these two at the same place.
        boolean well = SecDescriptor3.DONE.get(done) == 1 && SecDescriptor3.ERROR.get(done) == 0;
        if (well) {
            return new JobResult(JobStatus.SUCCESS, consumed, produced, 0, 0);
        }
        boolean fault = version >= VERSION_3 && SecDescriptor3.SVA_STATUS.get(done) != 0;
        return QueueFormat.failed(fault ? JobStatus.PAGE_FAULT : JobStatus.DEVICE_ERROR);
    }
}
