package org.opensva.conformance.cli.fake;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** A queue whose jobs are done when they are submitted. */
final class FakeQueue implements QueueHandle {

    private final Accelerator accelerator;
    private final FakeProcess process;
    private final boolean dying;
    private final Map<Long, JobResult> results = new ConcurrentHashMap<>();
    private final AtomicLong tickets = new AtomicLong();

    FakeQueue(Accelerator accelerator, FakeProcess process, boolean dying) {
        this.accelerator = accelerator;
        this.process = process;
        this.dying = dying;
    }

    @Override
    public long submit(Job job) {
        long ticket = tickets.getAndIncrement();
        results.put(ticket, dying ? failed(JobStatus.DEVICE_ERROR) : execute(job));
        return ticket;
    }

    private JobResult execute(Job job) {
        if (job.flags() != 0) {
            // No parameter blocks, and so no streams.
            return failed(JobStatus.UNSUPPORTED);
        }
        byte[] source = process.load(job.source(), (int) job.sourceLength());
        return switch (job.operation()) {
            case COPY -> produce(job, source);
            case GZIP -> produce(job, gzip(source));
            case GUNZIP -> gunzip(job, source);
            case CRC32C -> {
                CRC32C crc = new CRC32C();
                crc.update(source);
                yield new JobResult(JobStatus.SUCCESS, source.length, 0, crc.getValue(), 0);
            }
            default -> failed(JobStatus.UNSUPPORTED);
        };
    }

    private static JobResult failed(JobStatus status) {
        return new JobResult(status, 0, 0, 0, 0);
    }

    private static byte[] gzip(byte[] source) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private JobResult gunzip(Job job, byte[] source) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(source))) {
            return produce(job, in.readAllBytes());
        } catch (IOException e) {
            return failed(JobStatus.BAD_DATA);
        }
    }

    private JobResult produce(Job job, byte[] bytes) {
        if (bytes.length > job.destinationCapacity()) {
            return failed(JobStatus.DESTINATION_FULL);
        }
        process.store(job.destination(), bytes);
        return new JobResult(JobStatus.SUCCESS, job.sourceLength(), bytes.length, 0, 0);
    }

    @Override
    public JobResult await(long ticket, Duration timeout) {
        JobResult result = results.remove(ticket);
        if (result == null) {
            throw new ErrnoException(Errno.EINVAL, "await", "no such ticket");
        }
        return result;
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public SvaProcess holder() {
        return process;
    }

    @Override
    public int fd() {
        return 3;
    }

    @Override
    public QueueState state() {
        return QueueState.STARTED;
    }

    @Override
    public Pasid pasid() {
        throw refused("pasid");
    }

    @Override
    public void start() {}

    @Override
    public void putQueue() {}

    @Override
    public void control(int command) {
        throw refused("ioctl");
    }

    @Override
    public long mapRegion(QueueRegion region) {
        throw refused("mmap");
    }

    @Override
    public boolean poll(Duration timeout) {
        return !results.isEmpty();
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        throw refused("inherit");
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        throw refused("pass");
    }

    @Override
    public void close() {}

    private static ErrnoException refused(String call) {
        return new ErrnoException(Errno.EOPNOTSUPP, call, "");
    }
}
