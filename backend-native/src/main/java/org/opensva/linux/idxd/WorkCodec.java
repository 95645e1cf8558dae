package org.opensva.linux.idxd;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.linux.idxd.spec.CompletionRecord;
import org.opensva.linux.idxd.spec.CompletionStatus;
import org.opensva.linux.idxd.spec.CompletionStatus.Device;
import org.opensva.linux.idxd.spec.CompressionState;
import org.opensva.linux.idxd.spec.DsaOpcode;
import org.opensva.linux.idxd.spec.IaaOpcode;
import org.opensva.linux.idxd.spec.WorkDescriptor;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Jobs as descriptors of a work queue, and completion records as results.
 *
 * <p>A batch is not offered: submitted by {@code write(2)} the driver refuses it on every part
 * whose direct use it calls unsafe, which are those that exist ({@code user_submission_safe} in
 * {@code drivers/dma/idxd}). Of IAA, decompression is offered for streams that refer back 4 KiB at
 * most, and compression with fixed codes, whatever the level.
 *
 * @param queue what sysfs says about the queue
 */
record WorkCodec(WorkQueueNode queue) {

    /**
     * {@code decompr_flags}: decompress, flush the output, look for the end of the block and stop
     * there ({@code IAA_DECOMP_FLAGS} in {@code drivers/crypto/intel/iaa/iaa_crypto.h}).
     */
    private static final int DECOMPRESS_FLAGS = 0xf;

    /**
     * {@code compr_flags}: flush the output, append the end of the block ({@code IAA_COMP_FLAGS}).
     */
    private static final int COMPRESS_FLAGS = 0x6;

    private static final int HIGHEST_LEVEL = 9;

    private static final Map<Operation, DsaOpcode> DSA = new EnumMap<>(Operation.class);
    private static final Map<Operation, IaaOpcode> IAA = new EnumMap<>(Operation.class);

    static {
        DSA.put(Operation.NOP, DsaOpcode.NOOP);
        DSA.put(Operation.DRAIN, DsaOpcode.DRAIN);
        DSA.put(Operation.COPY, DsaOpcode.MEMMOVE);
        DSA.put(Operation.FILL, DsaOpcode.MEMFILL);
        DSA.put(Operation.COMPARE, DsaOpcode.COMPARE);
        DSA.put(Operation.COMPARE_PATTERN, DsaOpcode.COMPVAL);
        DSA.put(Operation.CREATE_DELTA, DsaOpcode.CR_DELTA);
        DSA.put(Operation.APPLY_DELTA, DsaOpcode.AP_DELTA);
        DSA.put(Operation.DUAL_CAST, DsaOpcode.DUALCAST);
        DSA.put(Operation.CRC32C, DsaOpcode.CRCGEN);
        DSA.put(Operation.COPY_CRC32C, DsaOpcode.COPY_CRC);
        IAA.put(Operation.NOP, IaaOpcode.NOOP);
        IAA.put(Operation.DRAIN, IaaOpcode.DRAIN);
        IAA.put(Operation.COPY, IaaOpcode.MEMMOVE);
        IAA.put(Operation.INFLATE, IaaOpcode.DECOMPRESS);
        IAA.put(Operation.DEFLATE, IaaOpcode.COMPRESS);
    }

    private Optional<Integer> opcode(Operation operation) {
        Optional<Integer> code =
                queue.kind() == Device.DSA
                        ? Optional.ofNullable(DSA.get(operation)).map(DsaOpcode::code)
                        : Optional.ofNullable(IAA.get(operation)).map(IaaOpcode::code);
        return code.filter(queue.operations()::testBit);
    }

    /** What the queue can be asked for. */
    Set<Operation> operations() {
        Set<Operation> all = EnumSet.noneOf(Operation.class);
        for (Operation operation : Operation.values()) {
            if (opcode(operation).isPresent()) {
                all.add(operation);
            }
        }
        return all;
    }

    /** How a job ends that the device is not asked for; empty if it is. */
    Optional<JobStatus> refusal(Job job) {
        if (opcode(job.operation()).isEmpty() || job.flags() != 0) {
            return Optional.of(JobStatus.UNSUPPORTED);
        }
        if (job.operation() == Operation.DEFLATE
                && (job.argument() < 0 || job.argument() > HIGHEST_LEVEL)) {
            return Optional.of(JobStatus.BAD_DESCRIPTOR);
        }
        boolean copies =
                switch (job.operation()) {
                    case COPY, FILL, DUAL_CAST, COPY_CRC32C -> true;
                    default -> false;
                };
        if (copies && job.destinationCapacity() < job.sourceLength()) {
            return Optional.of(JobStatus.DESTINATION_FULL);
        }
        long longest = Math.max(transfer(job), job.sourceLength());
        return longest > Math.min(queue.maxTransfer(), 0xffff_ffffL)
                ? Optional.of(JobStatus.BAD_DESCRIPTOR)
                : Optional.empty();
    }

    private static long transfer(Job job) {
        return job.operation() == Operation.APPLY_DELTA
                ? job.destinationCapacity()
                : job.sourceLength();
    }

    /**
     * Encodes a job that is not refused.
     *
     * @param job the work
     * @param record where the completion record goes
     * @param state where a {@link CompressionState} is; for compression only
     * @return 64 bytes
     */
    byte[] encode(Job job, long record, long state) {
        byte[] bytes = new byte[WorkDescriptor.SIZE];
        boolean moves = job.operation() != Operation.NOP && job.operation() != Operation.DRAIN;
        int flags = WorkDescriptor.FLAG_RECORD_VALID | WorkDescriptor.FLAG_REQUEST_RECORD;
        flags |= moves && queue.blockOnFault() ? WorkDescriptor.FLAG_BLOCK_ON_FAULT : 0;
        WorkDescriptor.FLAGS.set(bytes, flags);
        WorkDescriptor.OPCODE.set(bytes, opcode(job.operation()).orElseThrow());
        WorkDescriptor.COMPLETION.set(bytes, record);
        if (!moves) {
            return bytes;
        }
        WorkDescriptor.SOURCE.set(bytes, job.source());
        WorkDescriptor.DESTINATION.set(bytes, job.destination());
        WorkDescriptor.LENGTH.set(bytes, transfer(job));
        switch (job.operation()) {
            case FILL -> WorkDescriptor.SOURCE.set(bytes, job.argument());
            case COMPARE, COMPARE_PATTERN -> WorkDescriptor.DESTINATION.set(bytes, job.argument());
            case CREATE_DELTA -> {
                WorkDescriptor.DESTINATION.set(bytes, job.argument());
                WorkDescriptor.SECOND.set(bytes, job.destination());
                WorkDescriptor.MAX_RECORD_SIZE.set(
                        bytes, Math.min(job.destinationCapacity(), 0xffff_ffffL));
            }
            case APPLY_DELTA -> WorkDescriptor.SEED_OR_RECORD_SIZE.set(bytes, job.sourceLength());
            case DUAL_CAST -> WorkDescriptor.SECOND.set(bytes, job.argument());
            case CRC32C, COPY_CRC32C ->
                    WorkDescriptor.SEED_OR_RECORD_SIZE.set(bytes, job.argument() & 0xffff_ffffL);
            case DEFLATE -> {
                WorkDescriptor.FLAGS.set(
                        bytes,
                        flags | WorkDescriptor.FLAG_READ_STATE | WorkDescriptor.FLAG_CACHE_CONTROL);
                WorkDescriptor.IAA_CODEC_FLAGS.set(bytes, COMPRESS_FLAGS);
                WorkDescriptor.IAA_STATE.set(bytes, state);
                WorkDescriptor.IAA_STATE_SIZE.set(bytes, CompressionState.SIZE);
                WorkDescriptor.IAA_OUTPUT_ROOM.set(
                        bytes, Math.min(job.destinationCapacity(), queue.maxTransfer()));
            }
            case INFLATE -> {
                WorkDescriptor.IAA_CODEC_FLAGS.set(bytes, DECOMPRESS_FLAGS);
                WorkDescriptor.IAA_OUTPUT_ROOM.set(
                        bytes, Math.min(job.destinationCapacity(), queue.maxTransfer()));
            }
            default -> {}
        }
        return bytes;
    }

    /**
     * Reads the completion record of a whole job.
     *
     * @param job the work
     * @param record its bytes, with a status that is not 0
     * @return the result
     */
    JobResult result(Job job, byte[] record) {
        CompletionStatus status =
                CompletionStatus.of(queue.kind(), (int) CompletionRecord.STATUS.get(record));
        if (status.status() != JobStatus.SUCCESS) {
            long done = CompletionRecord.COMPLETED.get(record);
            boolean fault = status.status() == JobStatus.PAGE_FAULT;
            return new JobResult(
                    status.status(),
                    done,
                    writes(job) ? done : 0,
                    0,
                    fault ? CompletionRecord.FAULT_ADDRESS.get(record) : 0);
        }
        long length = job.sourceLength();
        return switch (job.operation()) {
            case NOP, DRAIN -> new JobResult(JobStatus.SUCCESS, 0, 0, 0, 0);
            case FILL -> new JobResult(JobStatus.SUCCESS, 0, length, 0, 0);
            case COMPARE, COMPARE_PATTERN -> compared(record, length);
            case CRC32C -> new JobResult(JobStatus.SUCCESS, length, 0, crc(record), 0);
            case COPY_CRC32C -> new JobResult(JobStatus.SUCCESS, length, length, crc(record), 0);
            case CREATE_DELTA ->
                    new JobResult(
                            JobStatus.SUCCESS,
                            length,
                            CompletionRecord.RECORD_SIZE.get(record),
                            CompletionRecord.RESULT.get(record),
                            0);
            case APPLY_DELTA ->
                    new JobResult(JobStatus.SUCCESS, length, job.destinationCapacity(), 0, 0);
            case INFLATE, DEFLATE ->
                    new JobResult(
                            JobStatus.SUCCESS,
                            length,
                            CompletionRecord.IAA_OUTPUT_SIZE.get(record),
                            0,
                            0);
            default -> new JobResult(JobStatus.SUCCESS, length, length, 0, 0);
        };
    }

    private static long crc(byte[] record) {
        return CompletionRecord.CRC.get(record) & 0xffff_ffffL;
    }

    private static JobResult compared(byte[] record, long length) {
        long differ = CompletionRecord.RESULT.get(record);
        long equal = differ == 0 ? length : CompletionRecord.COMPLETED.get(record);
        return new JobResult(JobStatus.SUCCESS, equal, 0, differ == 0 ? 0 : 1, 0);
    }

    private static boolean writes(Job job) {
        return switch (job.operation()) {
            case CRC32C, COMPARE, COMPARE_PATTERN, NOP, DRAIN -> false;
            default -> true;
        };
    }

    /**
     * What is left of a job that a page fault has ended early ("Intel DSA Architecture
     * Specification", partial descriptor completion): the rest of a move or fill, otherwise all of
     * it, which does no harm when it is done again.
     *
     * @param job the work
     * @param record its completion record
     * @return what to submit; empty if the job cannot be done again
     */
    Optional<Job> rest(Job job, byte[] record) {
        long done = CompletionRecord.COMPLETED.get(record);
        if (done > job.sourceLength()) {
            return Optional.empty();
        }
        long left = job.sourceLength() - done;
        return switch (job.operation()) {
            case COPY -> {
                // Overlapping ranges may be moved from the end: then the beginning is left.
                boolean backwards = (CompletionRecord.RESULT.get(record) & 1) != 0;
                long from = backwards ? 0 : done;
                yield Optional.of(Job.copy(job.source() + from, job.destination() + from, left));
            }
            case FILL -> {
                long pattern = Long.rotateRight(job.argument(), (int) (done % 8) * 8);
                yield Optional.of(Job.fill(job.destination() + done, left, pattern));
            }
            case APPLY_DELTA, BATCH -> Optional.empty();
            // Begins anew, if what it has written so far is not what it reads.
            case INFLATE, DEFLATE -> overlaps(job) ? Optional.empty() : Optional.of(job);
            default -> Optional.of(job);
        };
    }

    private static boolean overlaps(Job job) {
        long between = job.destination() - job.source();
        return between >= 0 ? between < job.sourceLength() : between > -job.destinationCapacity();
    }

    /**
     * How often the rest of a job may be submitted: each page that it touches may be absent.
     *
     * @param job the work
     * @param page page size in bytes
     * @return a number of times
     */
    long pages(Job job, int page) {
        long room = Math.min(job.destinationCapacity(), queue.maxTransfer());
        return (2 * Math.max(transfer(job), job.sourceLength()) + room) / page;
    }
}
