package org.opensva.uacce.queue;

import org.opensva.api.accelerator.Job;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The project's own queue format, version 1: what a user library and the device agree on.
 *
 * <p>Everything is little-endian. Both rings lie in memory of the process and are reached by DMA
 * under the PASID of the queue; both have the same number of entries, a power of two; the entries
 * are {@value #ENTRY_SIZE} bytes, and a ring begins at a multiple of that.
 *
 * <p><b>Submission descriptor</b>
 *
 * <pre>
 * offset  bits    field
 * 0x00    [7:0]   operation ({@link org.opensva.api.accelerator.Operation#code})
 *         [15:8]  flags ({@link org.opensva.api.accelerator.JobFlags})
 *         [31:16] algorithm ({@link org.opensva.api.accelerator.Algorithm#code})
 *         [63:32] reserved, 0
 * 0x08    [63:0]  tag, returned in the completion
 * 0x10    [63:0]  source, virtual address
 * 0x18    [62:0]  source length in bytes;            [63] reserved, 0
 * 0x20    [63:0]  destination, virtual address
 * 0x28    [62:0]  destination capacity in bytes;     [63] reserved, 0
 * 0x30    [63:0]  argument
 * 0x38    [63:0]  with the flag PARAMETERS: virtual address of the parameter block
 *                 ({@link org.opensva.api.accelerator.JobParameters}); otherwise 0
 * </pre>
 *
 * <p>A reserved bit that is set, an unknown operation or algorithm, a flag or algorithm that the
 * operation does not take, or a range that runs over the end of the address space is answered with
 * {@code BAD_DESCRIPTOR}.
 *
 * <p><b>Completion</b>
 *
 * <pre>
 * 0x00    [63:0]  tag of the descriptor
 * 0x08    [7:0]   status ({@link org.opensva.api.accelerator.JobStatus#code}); [63:8] 0
 * 0x10    [63:0]  bytes consumed
 * 0x18    [63:0]  bytes produced
 * 0x20    [63:0]  value
 * 0x28    [63:0]  fault address
 * 0x30    [63:0]  0
 * 0x38    [0]     phase; [63:1] 0
 * </pre>
 *
 * <p><b>Batch</b>: the source of {@link org.opensva.api.accelerator.Operation#BATCH} is an array of
 * 1 to {@value #MAX_BATCH} descriptors, the destination an array of as many completions, both at a
 * multiple of {@value #ENTRY_SIZE}. The jobs are done in order; the phase of their completions is
 * 1, and is written last. A batch is not in a batch.
 *
 * <p>The phase is 1 in the first lap over the ring, 0 in the second, and so on; software clears the
 * ring before it starts the queue. The device writes the first 56 bytes, and only when they are
 * visible the phase: a reader that sees the phase it waits for sees the rest. Completions are
 * written in the order of the descriptors.
 *
 * <p><b>Command of the shared queue</b>: like a submission descriptor, but for the first two words.
 *
 * <pre>
 * 0x00    [19:0]  PASID, [30:20] 0, [31] privileged: written by the processor, see
 *                 {@link org.opensva.api.memory.EnqueuePortal}
 *         [63:32] operation, flags and algorithm
 * 0x08    [63:0]  virtual address of the completion, a multiple of 64; it is the tag as well
 * </pre>
 *
 * <p>The completion is one of a ring whose phase is always 1. One that cannot be written fails the
 * parts of that PASID with {@link QueueError#COMPLETION_UNREACHABLE}. The MMIO region takes a
 * command at every multiple of 64; parameters of rings make no sense.
 *
 * <p><b>MMIO region</b>: one register, {@link #DOORBELL}, 32 bits wide (the upper half of a 64-bit
 * write is ignored): how many descriptors have been put into the ring since START, modulo
 * 2<sup>32</sup>. Everything else reads as zero and ignores writes. A value that claims more
 * descriptors than the ring has entries stops the queue.
 *
 * <p><b>SHARED region</b>: see {@link SharedPage}.
 */
public final class QueueLayout {

    /** Name and version of the format, as the {@code api} attribute shows it. */
    public static final String API = "opensva_queue_v1";

    /** Size of a descriptor and of a completion in bytes. */
    public static final int ENTRY_SIZE = 64;

    /** log2 of {@link #ENTRY_SIZE}. */
    public static final int ENTRY_SHIFT = 6;

    /** The largest number of descriptors of a batch. */
    public static final int MAX_BATCH = 1024;

    /** The largest number of entries of a ring. */
    public static final int MAX_DEPTH = 1 << 20;

    /** Descriptor: operation, flags, algorithm, and reserved bits. */
    public static final int DESCRIPTOR_OPERATION = 0x00;

    /** Lowest bit of the flags in the word of the operation. */
    public static final int FLAGS_SHIFT = 8;

    /** Lowest bit of the algorithm in the word of the operation. */
    public static final int ALGORITHM_SHIFT = 16;

    /** Descriptor: tag. */
    public static final int DESCRIPTOR_TAG = 0x08;

    /** Descriptor: source address. */
    public static final int DESCRIPTOR_SOURCE = 0x10;

    /** Descriptor: source length. */
    public static final int DESCRIPTOR_SOURCE_LENGTH = 0x18;

    /** Descriptor: destination address. */
    public static final int DESCRIPTOR_DESTINATION = 0x20;

    /** Descriptor: destination capacity. */
    public static final int DESCRIPTOR_CAPACITY = 0x28;

    /** Descriptor: argument. */
    public static final int DESCRIPTOR_ARGUMENT = 0x30;

    /** Descriptor: address of the parameter block. */
    public static final int DESCRIPTOR_PARAMETERS = 0x38;

    /** Shared queue: how many bits of a command say whose it is. */
    public static final int SUBMITTER_BITS = 32;

    /** Completion: tag. */
    public static final int COMPLETION_TAG = 0x00;

    /** Completion: status. */
    public static final int COMPLETION_STATUS = 0x08;

    /** Completion: bytes consumed. */
    public static final int COMPLETION_CONSUMED = 0x10;

    /** Completion: bytes produced. */
    public static final int COMPLETION_PRODUCED = 0x18;

    /** Completion: value. */
    public static final int COMPLETION_VALUE = 0x20;

    /** Completion: fault address. */
    public static final int COMPLETION_FAULT_ADDRESS = 0x28;

    /** Completion: phase, the last eight bytes. */
    public static final int COMPLETION_PHASE = 0x38;

    /** MMIO region: the doorbell. */
    public static final int DOORBELL = 0x00;

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private QueueLayout() {}

    /**
     * Reads a field.
     *
     * @param entry the bytes of a descriptor or completion
     * @param offset of the field
     * @return its value
     */
    public static long get(byte[] entry, int offset) {
        return (long) LONGS.get(entry, offset);
    }

    /**
     * Writes a field.
     *
     * @param entry the bytes of a descriptor or completion
     * @param offset of the field
     * @param value its value
     */
    public static void put(byte[] entry, int offset, long value) {
        LONGS.set(entry, offset, value);
    }

    /**
     * The phase of a completion.
     *
     * @param index how many completions came before it since START
     * @param depth entries of the ring, a power of two
     * @return 1 or 0
     */
    public static int phase(int index, int depth) {
        return (index & depth) == 0 ? 1 : 0;
    }

    /**
     * Writes a job into a descriptor.
     *
     * @param entry {@value #ENTRY_SIZE} bytes
     * @param tag the tag
     * @param job the job
     */
    public static void encode(byte[] entry, long tag, Job job) {
        put(
                entry,
                DESCRIPTOR_OPERATION,
                job.operation().code()
                        | (long) job.flags() << FLAGS_SHIFT
                        | (long) job.algorithm().code() << ALGORITHM_SHIFT);
        put(entry, DESCRIPTOR_TAG, tag);
        put(entry, DESCRIPTOR_SOURCE, job.source());
        put(entry, DESCRIPTOR_SOURCE_LENGTH, job.sourceLength());
        put(entry, DESCRIPTOR_DESTINATION, job.destination());
        put(entry, DESCRIPTOR_CAPACITY, job.destinationCapacity());
        put(entry, DESCRIPTOR_ARGUMENT, job.argument());
        put(entry, DESCRIPTOR_PARAMETERS, job.parameters());
    }

    /**
     * Writes a job into a command of the shared queue, whose submitter the processor fills in.
     *
     * @param entry {@value #ENTRY_SIZE} bytes
     * @param record where the completion goes, a multiple of {@value #ENTRY_SIZE}
     * @param job the job
     */
    public static void encodeShared(byte[] entry, long record, Job job) {
        encode(entry, record, job);
        put(entry, DESCRIPTOR_OPERATION, get(entry, DESCRIPTOR_OPERATION) << SUBMITTER_BITS);
    }
}
