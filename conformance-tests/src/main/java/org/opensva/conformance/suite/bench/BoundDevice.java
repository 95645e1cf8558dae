package org.opensva.conformance.suite.bench;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A device at work in an address space, through one started queue. Reads and writes are jobs: a
 * read is a CRC-32C of eight bytes that is looked up among the bench's tokens (so that reading
 * disturbs no other page), or a copy to a scratch page where that does not tell the value; a write
 * is a fill.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class BoundDevice {

    private static final long UNMAPPED = 0;

    private final TestBench bench;
    private final QueueHandle handle;
    private final SvaProcess process;
    private final boolean checksums;
    private long scratch = UNMAPPED;

    BoundDevice(TestBench bench, QueueHandle handle, SvaProcess process) {
        this.bench = bench;
        this.handle = handle;
        this.process = process;
        Set<Operation> operations = handle.accelerator().info().operations();
        if (!operations.contains(Operation.FILL)
                || !(operations.contains(Operation.CRC32C)
                        || operations.contains(Operation.COPY))) {
            throw new Inconclusive(
                    handle.accelerator().name()
                            + " has not the operations that show its accesses: fill, and crc32c"
                            + " or copy");
        }
        this.checksums = operations.contains(Operation.CRC32C);
        if (!checksums) {
            // Taken before the test changes anything, while it cannot disturb the scenario.
            scratch();
        }
    }

    /**
     * The handle.
     *
     * @return the open queue
     */
    public QueueHandle handle() {
        return handle;
    }

    /**
     * The process whose address space the device uses.
     *
     * @return the opener
     */
    public SvaProcess process() {
        return process;
    }

    /**
     * The PASID of the queue.
     *
     * @return its number
     */
    public int pasid() {
        return handle.pasid().value();
    }

    /** Closes the handle. */
    public void close() {
        handle.close();
    }

    /**
     * Runs a job. A job that does not end in time is a violation.
     *
     * @param job the job
     * @return its result
     */
    public JobResult run(Job job) {
        JobResult result = await(submit(job), job.operation().id() + " job");
        if (job.operation() != Operation.CRC32C && job.operation() != Operation.FILL) {
            noted(job.operation().id(), () -> result.status().toString());
        }
        return result;
    }

    private void noted(String what, Supplier<String> detail) {
        bench.noted(Timeline.Lane.DEVICE, what, detail);
    }

    /**
     * Submits a job, and tries again while the queue is full.
     *
     * @param job the job
     * @return its ticket
     */
    public long submit(Job job) {
        long deadline = System.nanoTime() + bench.limits().job().toNanos();
        while (true) {
            try {
                return handle.submit(job);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.EAGAIN || System.nanoTime() - deadline > 0) {
                    throw e;
                }
                Thread.yield();
            }
        }
    }

    /**
     * Waits for a job.
     *
     * @param ticket what {@link #submit} returned
     * @param what the job in words
     * @return its result
     */
    public JobResult await(long ticket, String what) {
        try {
            return handle.await(ticket, bench.limits().job());
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ETIMEDOUT) {
                throw bench.violation(
                        "the " + what + " to end within " + bench.limits().job().toMillis() + " ms",
                        "it never ended");
            }
            throw e;
        }
    }

    /**
     * The device reads eight bytes.
     *
     * @param address a virtual address, a multiple of 8
     * @return what it found
     */
    public DeviceRead read(long address) {
        DeviceRead seen = readQuietly(address);
        noted(
                "read 0x" + Long.toHexString(address),
                () ->
                        seen.succeeded()
                                ? bench.describe(seen.value())
                                : failure(seen.status(), seen.faultAddress()));
        return seen;
    }

    private DeviceRead readQuietly(long address) {
        if (checksums) {
            JobResult result = run(Job.crc32c(address, Long.BYTES));
            if (!result.succeeded()) {
                return new DeviceRead(result.status(), 0, result.faultAddress());
            }
            OptionalLong token = bench.tokens().ofCrc(result.value());
            if (token.isPresent()) {
                return new DeviceRead(JobStatus.SUCCESS, token.getAsLong(), 0);
            }
        }
        return readByCopy(address);
    }

    private DeviceRead readByCopy(long address) {
        long place = scratch();
        JobResult result = run(Job.copy(address, place, Long.BYTES));
        return result.succeeded()
                ? new DeviceRead(JobStatus.SUCCESS, process.loadLong(place), 0)
                : new DeviceRead(result.status(), 0, result.faultAddress());
    }

    private synchronized long scratch() {
        if (scratch == UNMAPPED) {
            // Shared where possible: a fork must not make the scratch page copy-on-write.
            long length = bench.pageSize();
            scratch =
                    bench.claims(Capability.SHARED_MEMORY)
                            ? process.mmap(
                                    MapRequest.sharedFile(
                                            process.createSharedMemory(length), 0, length))
                            : process.mmap(MapRequest.anonymous(length));
            process.storeLong(scratch, 0);
        }
        return scratch;
    }

    /**
     * The device writes eight bytes.
     *
     * @param address a virtual address, a multiple of 8
     * @param value the bytes, little-endian
     * @return how the job ended
     */
    public JobResult write(long address, long value) {
        JobResult result = run(Job.fill(address, Long.BYTES, value));
        noted(
                "write 0x" + Long.toHexString(address),
                () ->
                        result.succeeded()
                                ? bench.describe(value)
                                : failure(result.status(), result.faultAddress()));
        return result;
    }

    /**
     * Checks that the device reads a value.
     *
     * @param address where
     * @param expected what must be there
     * @param what the place in words
     */
    public void mustRead(long address, long expected, String what) {
        DeviceRead seen = read(address);
        if (!seen.succeeded()) {
            throw bench.violation(
                    "the device to read "
                            + bench.describe(expected)
                            + " at "
                            + place(what, address),
                    "its read failed: " + failure(seen.status(), seen.faultAddress()));
        }
        if (seen.value() != expected) {
            throw bench.violation(
                    "the device to read "
                            + bench.describe(expected)
                            + " at "
                            + place(what, address),
                    "it read " + bench.describe(seen.value()));
        }
    }

    /**
     * Checks that the device can write a value. Whether it arrived is for the caller to check.
     *
     * @param address where
     * @param value what to write
     * @param what the place in words
     */
    public void mustWrite(long address, long value, String what) {
        JobResult result = write(address, value);
        if (!result.succeeded()) {
            throw bench.violation(
                    "success of " + place(what, address),
                    failure(result.status(), result.faultAddress()));
        }
    }

    /**
     * Checks that the device can neither read nor write.
     *
     * @param address where
     * @param what the place in words
     */
    public void mustNotReach(long address, String what) {
        mustNotWrite(address, what);
        mustNotRead(address, what);
    }

    /**
     * Checks that the device cannot read.
     *
     * @param address where
     * @param what the place in words
     */
    public void mustNotRead(long address, String what) {
        DeviceRead seen = read(address);
        if (seen.succeeded()) {
            throw bench.violation(
                    "no device read to succeed at " + place(what, address),
                    "the device read " + bench.describe(seen.value()));
        }
    }

    /**
     * Checks that the device cannot write.
     *
     * @param address where
     * @param what the place in words
     */
    public void mustNotWrite(long address, String what) {
        JobResult result = write(address, bench.token("written where nothing may be written"));
        if (result.succeeded()) {
            throw bench.violation(
                    "no device write to succeed at " + place(what, address),
                    "the device wrote there and reported success");
        }
    }

    private static String place(String what, long address) {
        return what + " (0x" + Long.toHexString(address) + ")";
    }

    private static String failure(JobStatus status, long address) {
        return status
                + (status == JobStatus.PAGE_FAULT ? " at 0x" + Long.toHexString(address) : "");
    }
}
