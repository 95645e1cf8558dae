package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.uacce.spec.ZipDescriptor;

import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Descriptors of {@code hisi_zip}: each job is a stream of its own. The device makes and reads
 * everything but the header of zlib and gzip data, which is left to the library.
 *
 * <p>A level is not asked for: the device has one. Of several gzip members the first one is
 * decompressed; what was consumed tells where the next one begins.
 */
final class ZipFormat implements QueueFormat {

    /** {@code hisi_zip_alg_type} of a queue: compression. */
    private static final int COMPRESS = 0;

    /** Decompression. */
    private static final int DECOMPRESS = 1;

    private static final byte[] ZLIB_HEADER = {0x78, (byte) 0x9c};
    private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    private static final byte[] NO_HEADER = {};

    /** Of a descriptor that says more about its layout than versions 1 and 2 know. */
    private static final int LAYOUT_3 = 3;

    private final int version;
    private final SvaProcess process;

    /**
     * Encodes for one queue.
     *
     * @param version of the queue manager
     * @param process whose memory holds headers
     */
    ZipFormat(int version, SvaProcess process) {
        this.version = version;
        this.process = process;
    }

    @Override
    public int descriptorSize() {
        return ZipDescriptor.SIZE;
    }

    static SortedMap<Integer, Set<Operation>> operations(int version) {
        SortedMap<Integer, Set<Operation>> all = new TreeMap<>();
        all.put(COMPRESS, EnumSet.of(Operation.ZLIB, Operation.GZIP));
        all.put(DECOMPRESS, EnumSet.of(Operation.UNZLIB, Operation.GUNZIP));
        if (version >= LAYOUT_3) {
            all.get(COMPRESS).add(Operation.DEFLATE);
            all.get(DECOMPRESS).add(Operation.INFLATE);
        }
        return all;
    }

    @Override
    public SortedMap<Integer, Set<Operation>> operations() {
        return operations(version);
    }

    @Override
    public Encoding encode(int tag, Job job) {
        boolean known =
                operations().values().stream().anyMatch(all -> all.contains(job.operation()));
        if (!known || job.flags() != 0 || job.sourceLength() == 0) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        if (job.sourceLength() > ZipDescriptor.MAX_LENGTH) {
            return new Refusal(JobStatus.BAD_DESCRIPTOR);
        }
        try {
            return switch (job.operation()) {
                case ZLIB -> compress(tag, job, ZipDescriptor.ZLIB, ZLIB_HEADER);
                case GZIP -> compress(tag, job, ZipDescriptor.GZIP, GZIP_HEADER);
                case DEFLATE -> compress(tag, job, ZipDescriptor.DEFLATE, NO_HEADER);
                case UNZLIB ->
                        decompress(tag, job, ZipDescriptor.ZLIB, StreamHeaders.zlib(process, job));
                case GUNZIP ->
                        decompress(tag, job, ZipDescriptor.GZIP, StreamHeaders.gzip(process, job));
                case INFLATE -> decompress(tag, job, ZipDescriptor.DEFLATE, 0);
                default -> new Refusal(JobStatus.UNSUPPORTED);
            };
        } catch (CpuFaultException e) {
            return new Refusal(QueueFormat.faulted(e));
        }
    }

    private Encoding compress(int tag, Job job, int format, byte[] header) {
        if (job.destinationCapacity() <= header.length) {
            return new Refusal(JobStatus.DESTINATION_FULL);
        }
        process.store(job.destination(), header);
        byte[] descriptor =
                describe(
                        tag,
                        format,
                        job.source(),
                        job.sourceLength(),
                        job.destination() + header.length,
                        job.destinationCapacity() - header.length);
        return new Work(descriptor, done -> result(done, 0, header.length, JobStatus.DEVICE_ERROR));
    }

    private Encoding decompress(int tag, Job job, int format, int header) {
        if (header < 0 || header >= job.sourceLength()) {
            return new Refusal(JobStatus.BAD_DATA);
        }
        byte[] descriptor =
                describe(
                        tag,
                        format,
                        job.source() + header,
                        job.sourceLength() - header,
                        job.destination(),
                        job.destinationCapacity());
        return new Work(descriptor, done -> result(done, header, 0, JobStatus.BAD_DATA));
    }

    private byte[] describe(
            int tag, int format, long source, long length, long destination, long room) {
        byte[] descriptor = new byte[ZipDescriptor.SIZE];
        ZipDescriptor.INPUT_LENGTH.set(descriptor, length);
        ZipDescriptor.OUTPUT_ROOM.set(descriptor, Math.min(room, ZipDescriptor.MAX_LENGTH));
        ZipDescriptor.SOURCE.set(descriptor, source);
        ZipDescriptor.DESTINATION.set(descriptor, destination);
        ZipDescriptor.FORMAT.set(descriptor, format);
        ZipDescriptor.NEW_STREAM.set(descriptor, 1);
        ZipDescriptor.FINISH.set(descriptor, 1);
        if (version >= LAYOUT_3) {
            ZipDescriptor.LAYOUT.set(descriptor, LAYOUT_3);
            ZipDescriptor.TAG.set(descriptor, tag);
        } else {
            ZipDescriptor.TAG_OLD.set(descriptor, tag);
        }
        return descriptor;
    }

    private static JobResult result(byte[] done, int skipped, int prefixed, JobStatus otherError) {
        long consumed = ZipDescriptor.CONSUMED.get(done) + skipped;
        long produced = ZipDescriptor.PRODUCED.get(done) + prefixed;
        JobStatus status =
                switch ((int) ZipDescriptor.STATUS.get(done)) {
                    case 0, ZipDescriptor.STATUS_GREW, ZipDescriptor.STATUS_END ->
                            JobStatus.SUCCESS;
                    case ZipDescriptor.STATUS_FULL -> JobStatus.DESTINATION_FULL;
                    case ZipDescriptor.STATUS_CHECKSUM -> JobStatus.BAD_DATA;
                    default -> otherError;
                };
        return new JobResult(status, consumed, produced, 0, 0);
    }
}
