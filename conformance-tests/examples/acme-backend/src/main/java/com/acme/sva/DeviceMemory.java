package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.memory.Access;
import org.opensva.api.process.FaultOutcome;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/**
 * The source and the destination of a job as the device reaches them: at most a page at a time,
 * each time through the bond. It looks whether the job is cancelled before every page.
 */
final class DeviceMemory {

    /** Why a job cannot go on. */
    static final class Stop extends IOException {

        private static final long serialVersionUID = 1L;

        private final JobStatus status;
        private final long address;

        Stop(JobStatus status, long address) {
            super(status + " at 0x" + Long.toHexString(address));
            this.status = status;
            this.address = address;
        }

        JobStatus status() {
            return status;
        }

        long address() {
            return address;
        }
    }

    private final Task task;
    private final Job job;
    private final InputStream source = new Source();
    private final OutputStream destination = new Destination();
    private long consumed;
    private long produced;
    private @Nullable Stop stop;

    DeviceMemory(Task task) {
        this.task = task;
        this.job = task.job();
    }

    InputStream source() {
        return source;
    }

    OutputStream destination() {
        return destination;
    }

    long consumed() {
        return consumed;
    }

    long produced() {
        return produced;
    }

    /** Once stopped, always stopped: a codec that swallows an exception does not go on. */
    void requireGoing() throws Stop {
        if (stop == null && task.isCancelled()) {
            stop = new Stop(JobStatus.ABORTED, 0);
        }
        if (stop != null) {
            throw new Stop(stop.status(), stop.address());
        }
    }

    private Stop stop(JobStatus status, long address) {
        stop = new Stop(status, address);
        return stop;
    }

    private void touch(long address, int access, TranslationCache.Use use) throws Stop {
        requireGoing();
        FaultOutcome outcome = task.queue().bond().use(address, access, use);
        switch (outcome) {
            case RESOLVED -> {}
            case INVALID, OUT_OF_MEMORY -> throw stop(JobStatus.PAGE_FAULT, address);
            case DEAD -> throw stop(JobStatus.ABORTED, 0);
        }
    }

    private final class Source extends InputStream {

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) {
                return 0;
            }
            long left = job.sourceLength() - consumed;
            if (left == 0) {
                return -1;
            }
            long address = job.source() + consumed;
            int count = Frame.inPage(address, Math.min(length, left));
            touch(address, Access.READ, (frame, at) -> frame.load(at, target, offset, count));
            consumed += count;
            return count;
        }

        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, job.sourceLength() - consumed);
        }
    }

    private final class Destination extends OutputStream {

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            for (int done = 0; done < length; ) {
                long room = job.destinationCapacity() - produced;
                if (room == 0) {
                    requireGoing();
                    throw stop(JobStatus.DESTINATION_FULL, 0);
                }
                long address = job.destination() + produced;
                int count = Frame.inPage(address, Math.min(length - done, room));
                int from = offset + done;
                touch(address, Access.WRITE, (frame, at) -> frame.store(at, bytes, from, count));
                produced += count;
                done += count;
            }
        }
    }
}
