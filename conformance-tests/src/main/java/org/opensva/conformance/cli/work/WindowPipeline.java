package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;

/**
 * Works through a stream in windows that do not depend on each other; one is filled while the
 * device works on the other.
 */
final class WindowPipeline {

    private static final int SLOTS = 2;

    /** Compression never needs more than this, unless the compressor is a poor one. */
    private static final int SLACK = 4096;

    private final AcceleratorSession session;
    private final int window;
    private final LongConsumer progress;
    private final byte[] buffer;
    private final Deque<Slot> idle = new ArrayDeque<>();
    private final Deque<Slot> busy = new ArrayDeque<>();
    private long consumed;
    private long produced;
    private long jobs;
    private long value;

    /** A window in the process's memory. */
    private static final class Slot {
        private final long source;
        private long destination;
        private long capacity;
        private int length;
        private long ticket;

        Slot(long source, long destination, long capacity) {
            this.source = source;
            this.destination = destination;
            this.capacity = capacity;
        }
    }

    WindowPipeline(AcceleratorSession session, int window, LongConsumer progress) {
        this.session = session;
        this.window = window;
        this.progress = progress;
        this.buffer = new byte[window];
        long capacity = (long) window + window / 8 + SLACK;
        for (int i = 0; i < Math.min(SLOTS, session.depth()); i++) {
            idle.add(new Slot(session.map(window), session.map(capacity), capacity));
        }
    }

    WorkResult run(InputStream in, OutputStream out) throws IOException {
        int length;
        do {
            if (idle.isEmpty()) {
                collect(out);
            }
            length = in.readNBytes(buffer, 0, window);
            // An empty stream is one empty window: even that has a checksum, or a gzip form.
            if (length > 0 || consumed == 0) {
                Slot slot = idle.remove();
                slot.length = length;
                if (length > 0) {
                    session.store(slot.source, buffer, length);
                }
                consumed += length;
                slot.ticket = session.submit(job(slot));
                busy.add(slot);
            }
        } while (length == window);
        while (!busy.isEmpty()) {
            collect(out);
        }
        return new WorkResult(consumed, produced, jobs, value);
    }

    private Job job(Slot slot) {
        Operation operation = session.operation();
        return switch (operation) {
            case COPY -> Job.copy(slot.source, slot.destination, slot.length);
            case CRC32C -> Job.crc32c(slot.source, slot.length);
            case GZIP ->
                    Job.transform(
                            operation, slot.source, slot.length, slot.destination, slot.capacity);
            default -> throw new IllegalStateException(operation + " does not work in windows");
        };
    }

    /** Takes the result of the oldest job; its window is idle then. */
    private void collect(OutputStream out) throws IOException {
        Slot slot = busy.remove();
        JobResult result = session.await(slot.ticket, slot.length);
        while (result.status() == JobStatus.DESTINATION_FULL && slot.capacity < 64L * window) {
            session.unmap(slot.destination, slot.capacity);
            slot.capacity *= 2;
            slot.destination = session.map(slot.capacity);
            result = session.run(job(slot));
        }
        if (!isSound(slot, result)) {
            throw session.failure(result);
        }
        if (session.operation() == Operation.CRC32C) {
            value = Crc32cCombination.combine(value, result.value(), slot.length);
        } else {
            write(out, slot.destination, result.produced());
            produced += result.produced();
        }
        jobs++;
        idle.add(slot);
        progress.accept(consumed);
    }

    private boolean isSound(Slot slot, JobResult result) {
        return result.succeeded()
                && result.consumed() == slot.length
                && switch (session.operation()) {
                    case CRC32C -> result.produced() == 0;
                    case COPY -> result.produced() == slot.length;
                    default -> result.produced() >= 0 && result.produced() <= slot.capacity;
                };
    }

    private void write(OutputStream out, long address, long length) throws IOException {
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(buffer.length, length - done);
            session.load(address + done, buffer, chunk);
            out.write(buffer, 0, chunk);
            done += chunk;
        }
    }
}
