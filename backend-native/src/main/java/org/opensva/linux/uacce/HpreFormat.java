package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.uacce.spec.HpreDescriptor;

import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Descriptors of {@code hisi_hpre} of version 3: key agreement on P-256, P-384 and Curve25519. The
 * device takes numbers, big-endian and of its own sizes; so the library writes them to memory of
 * the process that it maps for the queue, and clears them when the job is done.
 */
final class HpreFormat implements QueueFormat {

    /** Bytes of one job: a key of four numbers, an input of two, an output of two. */
    private static final int AREA = 512;

    private static final int INPUT = 256;
    private static final int OUTPUT = 384;
    private static final int MAX_KEY = 8192;
    private static final int UNIT = 8;

    private final SvaProcess process;
    private final int areas;
    private long memory;

    /**
     * Encodes for one queue.
     *
     * @param process whose memory holds keys
     * @param areas how many descriptors the ring may have; jobs beyond are refused
     */
    HpreFormat(SvaProcess process, int areas) {
        this.process = process;
        this.areas = areas;
    }

    @Override
    public int descriptorSize() {
        return HpreDescriptor.SIZE;
    }

    static SortedMap<Integer, Set<Operation>> operationsOfAll() {
        SortedMap<Integer, Set<Operation>> all = new TreeMap<>();
        all.put(HpreDescriptor.QUEUE_ECC, EnumSet.of(Operation.AGREE));
        return all;
    }

    @Override
    public SortedMap<Integer, Set<Operation>> operations() {
        return operationsOfAll();
    }

    @Override
    public Encoding encode(int tag, Job job) {
        boolean known =
                job.operation() == Operation.AGREE
                        && (job.flags() & ~JobFlags.PARAMETERS) == 0
                        && (job.algorithm() == Algorithm.ECDH
                                || job.algorithm() == Algorithm.X25519);
        if (!known || tag >= areas) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        try {
            Optional<Operands> operands = Operands.read(process, job);
            if (operands.isEmpty()) {
                return new Refusal(JobStatus.UNSUPPORTED);
            }
            long keyLength = operands.get().key().length();
            if (keyLength < 1 || keyLength > MAX_KEY || job.sourceLength() > MAX_KEY) {
                return new Refusal(JobStatus.BAD_PARAMETERS);
            }
            byte[] key = process.load(operands.get().key().address(), (int) keyLength);
            byte[] peer = process.load(job.source(), (int) job.sourceLength());
            Optional<CurveTask> task = CurveTask.of(job.algorithm(), key, peer);
            if (task.isEmpty()) {
                return new Refusal(JobStatus.UNSUPPORTED);
            }
            if (job.destinationCapacity() < task.get().secretLength()) {
                return new Refusal(JobStatus.DESTINATION_FULL);
            }
            return describe(tag, job, task.get());
        } catch (CpuFaultException e) {
            return new Refusal(QueueFormat.faulted(e));
        } catch (GeneralSecurityException e) {
            return new Refusal(JobStatus.BAD_PARAMETERS);
        }
    }

    private Encoding describe(int tag, Job job, CurveTask task) {
        long area = area(tag);
        process.store(area, task.key());
        process.store(area + INPUT, task.input());
        byte[] descriptor = new byte[HpreDescriptor.SIZE];
        HpreDescriptor.ALGORITHM.set(
                descriptor,
                task.montgomery() ? HpreDescriptor.MULTIPLY_X : HpreDescriptor.MULTIPLY_POINT);
        HpreDescriptor.DONE.set(descriptor, HpreDescriptor.NEW);
        HpreDescriptor.SIZE_UNITS.set(descriptor, task.size() / UNIT - 1);
        HpreDescriptor.KEY.set(descriptor, area);
        HpreDescriptor.SOURCE.set(descriptor, area + INPUT);
        HpreDescriptor.DESTINATION.set(descriptor, area + OUTPUT);
        HpreDescriptor.TAG.set(descriptor, tag);
        return new Work(descriptor, done -> result(done, area, job, task));
    }

    private long area(int tag) {
        if (memory == 0) {
            memory = process.mmap(MapRequest.anonymous((long) AREA * areas));
        }
        return memory + (long) tag * AREA;
    }

    /** The secret goes where the job wants it; nothing of it stays behind. */
    private JobResult result(byte[] done, long area, Job job, CurveTask task) {
        boolean well =
                HpreDescriptor.DONE.get(done) == HpreDescriptor.FINISHED
                        && HpreDescriptor.ERROR.get(done) == 0
                        && HpreDescriptor.ERROR_MORE.get(done) == 0;
        try {
            byte[] output = process.load(area + OUTPUT, task.output());
            process.store(area, new byte[AREA]);
            if (!well) {
                boolean fault =
                        (HpreDescriptor.ERROR_MORE.get(done) & HpreDescriptor.SVA_ERROR) != 0;
                return QueueFormat.failed(fault ? JobStatus.PAGE_FAULT : JobStatus.DEVICE_ERROR);
            }
            byte[] secret = task.secret(output);
            process.store(job.destination(), secret);
            return new JobResult(JobStatus.SUCCESS, job.sourceLength(), secret.length, 0, 0);
        } catch (CpuFaultException e) {
            return QueueFormat.faulted(e);
        } catch (ErrnoException e) {
            // The process has ended, and its memory with it.
            return QueueFormat.failed(JobStatus.ABORTED);
        }
    }
}
