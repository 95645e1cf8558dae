package com.acme.sva;

import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.io.EOFException;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * Does the work of a job. All data goes through {@link DeviceMemory}; whatever happens, a job ends
 * with a result that says how far it came.
 */
final class JobEngine {

    /** What the device can do. */
    static final Set<Operation> OPERATIONS =
            Collections.unmodifiableSet(
                    EnumSet.of(
                            Operation.NOP,
                            Operation.COPY,
                            Operation.FILL,
                            Operation.CRC32C,
                            Operation.GZIP,
                            Operation.GUNZIP));

    private final Task task;
    private final DeviceMemory memory;

    private JobEngine(Task task) {
        this.task = task;
        this.memory = new DeviceMemory(task);
    }

    static JobResult run(Task task) {
        return new JobEngine(task).run();
    }

    private JobResult run() {
        try {
            memory.requireGoing();
            long value = 0;
            switch (task.job().operation()) {
                case NOP -> {}
                case COPY -> copy();
                case FILL -> fill();
                case CRC32C -> value = checksum();
                case GZIP -> compress();
                case GUNZIP -> decompress();
                default -> {
                    return result(JobStatus.UNSUPPORTED, 0, 0);
                }
            }
            memory.requireGoing();
            return result(JobStatus.SUCCESS, value, 0);
        } catch (DeviceMemory.Stop stop) {
            return result(stop.status(), 0, stop.address());
        } catch (ZipException | EOFException e) {
            return result(JobStatus.BAD_DATA, 0, 0);
        } catch (IOException e) {
            return result(JobStatus.DEVICE_ERROR, 0, 0);
        }
    }

    private JobResult result(JobStatus status, long value, long faultAddress) {
        // Moving data uses what it writes; a page that was only read was not copied.
        boolean moves =
                task.job().operation() == Operation.COPY
                        || task.job().operation() == Operation.FILL;
        long consumed = moves ? memory.produced() : memory.consumed();
        return new JobResult(status, consumed, memory.produced(), value, faultAddress);
    }

    private void copy() throws IOException {
        byte[] page = new byte[Frame.SIZE];
        for (int count = memory.source().read(page); count > 0; ) {
            memory.destination().write(page, 0, count);
            count = memory.source().read(page);
        }
    }

    private void fill() throws IOException {
        byte[] pattern = new byte[Frame.SIZE];
        for (int i = 0; i < pattern.length; i++) {
            pattern[i] = (byte) (task.job().argument() >>> (8 * (i % Long.BYTES)));
        }
        // Whole pages keep the pattern's phase, wherever the destination begins.
        for (long left = task.job().sourceLength(); left > 0; ) {
            int count = (int) Math.min(left, pattern.length);
            memory.destination().write(pattern, 0, count);
            left -= count;
        }
    }

    private long checksum() throws IOException {
        CRC32C crc = new CRC32C();
        byte[] page = new byte[Frame.SIZE];
        for (int count = memory.source().read(page); count > 0; ) {
            crc.update(page, 0, count);
            count = memory.source().read(page);
        }
        return crc.getValue();
    }

    private void compress() throws IOException {
        try (GZIPOutputStream gzip = new GZIPOutputStream(memory.destination(), Frame.SIZE)) {
            memory.source().transferTo(gzip);
        }
    }

    private void decompress() throws IOException {
        try (GZIPInputStream gzip = new GZIPInputStream(memory.source(), Frame.SIZE)) {
            gzip.transferTo(memory.destination());
        }
    }
}
