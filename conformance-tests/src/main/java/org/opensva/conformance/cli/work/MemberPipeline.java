package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Decompresses a stream of gzip members. Where a member ends shows only when it is decompressed, so
 * the pipeline looks for places where one may begin, and has the device try: the checksum at the
 * end of each member tells whether a guess was right. The areas for input and output grow only when
 * no guess helps, up to the whole input and what it expands to.
 */
final class MemberPipeline {

    private static final int COMFORTABLE_WINDOWS = 16;

    /** So many wrong guesses are no accident: then the whole area is taken at once. */
    private static final int MAX_GUESSES = 32;

    private final AcceleratorSession session;
    private final byte[] buffer;
    private final MemberStarts starts = new MemberStarts();
    private long source;
    private long sourceCapacity;
    private long filled;
    private long destination;
    private long destinationCapacity;

    /** Below this the output area grows without further thought. */
    private long comfortable;

    private long read;

    private enum Attempt {
        DONE,
        NOT_WHOLE_MEMBERS,
        EXPANDS_TOO_MUCH
    }

    MemberPipeline(AcceleratorSession session, int window) {
        this.session = session;
        this.buffer = new byte[window];
        this.sourceCapacity = 2L * window;
        this.source = session.map(sourceCapacity);
        this.destinationCapacity = 2 * sourceCapacity;
        this.destination = session.map(destinationCapacity);
        this.comfortable = (long) COMFORTABLE_WINDOWS * window;
    }

    void run(InputStream in, OutputStream out) throws IOException {
        boolean more = true;
        while (more || filled > 0) {
            more = more && fill(in);
            if (read == 0) {
                throw new BadDataException("is empty, which is not gzip data");
            }
            if (more && !unpackBeforeAStart(out)) {
                growSource();
            } else if (!more && filled > 0 && !unpackRest(out)) {
                comfortable *= 2;
            }
        }
    }

    /** Fills the area; false if the input ended before it was full. */
    private boolean fill(InputStream in) throws IOException {
        while (filled < sourceCapacity) {
            int wanted = (int) Math.min(buffer.length, sourceCapacity - filled);
            int length = in.readNBytes(buffer, 0, wanted);
            if (length == 0) {
                return false;
            }
            session.store(source + filled, buffer, length);
            starts.scan(buffer, length, filled);
            filled += length;
            read += length;
        }
        return true;
    }

    /** Decompresses all that is left, or a part of it; false if that needs a larger output area. */
    private boolean unpackRest(OutputStream out) throws IOException {
        return switch (unpack(filled, out)) {
            case DONE -> true;
            case NOT_WHOLE_MEMBERS ->
                    throw new BadDataException("is not gzip data, or is damaged or cut off");
            case EXPANDS_TOO_MUCH -> unpackBeforeAStart(out);
        };
    }

    /**
     * Tries to decompress up to a place where a member may begin: up to the last one, since that
     * saves most jobs; if that expands too much, up to the half of it.
     */
    private boolean unpackBeforeAStart(OutputStream out) throws IOException {
        int at = starts.count() - 1;
        for (int guesses = 0; at >= 0 && guesses < MAX_GUESSES; guesses++) {
            switch (unpack(starts.get(at), out)) {
                case DONE -> {
                    return true;
                }
                case NOT_WHOLE_MEMBERS -> {
                    starts.remove(at);
                    at = starts.count() == 0 ? -1 : 0;
                }
                case EXPANDS_TOO_MUCH -> {
                    if (at == 0) {
                        comfortable *= 2;
                    }
                    at /= 2;
                }
            }
        }
        return false;
    }

    /** Has the device decompress the first bytes of the area, and drops them if it could. */
    private Attempt unpack(long length, OutputStream out) throws IOException {
        while (true) {
            JobResult result =
                    session.run(
                            Job.transform(
                                    Operation.GUNZIP,
                                    source,
                                    length,
                                    destination,
                                    destinationCapacity));
            if (result.status() == JobStatus.BAD_DATA) {
                return Attempt.NOT_WHOLE_MEMBERS;
            }
            if (result.status() == JobStatus.DESTINATION_FULL) {
                if (2 * destinationCapacity > comfortable) {
                    return Attempt.EXPANDS_TOO_MUCH;
                }
                growDestination();
                continue;
            }
            if (!result.succeeded()
                    || result.consumed() != length
                    || result.produced() < 0
                    || result.produced() > destinationCapacity) {
                throw session.failure(result);
            }
            write(out, result.produced());
            drop(length);
            return Attempt.DONE;
        }
    }

    private void write(OutputStream out, long length) throws IOException {
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(buffer.length, length - done);
            session.load(destination + done, buffer, chunk);
            out.write(buffer, 0, chunk);
            done += chunk;
        }
    }

    /** Drops the first bytes of the area. Upwards in address, so that nothing is overwritten. */
    private void drop(long length) {
        copy(source + length, source, filled - length);
        filled -= length;
        starts.drop(length);
    }

    private void growSource() {
        long capacity = 2 * sourceCapacity;
        long area = session.map(capacity);
        copy(source, area, filled);
        session.unmap(source, sourceCapacity);
        source = area;
        sourceCapacity = capacity;
    }

    private void growDestination() {
        session.unmap(destination, destinationCapacity);
        destinationCapacity *= 2;
        destination = session.map(destinationCapacity);
    }

    private void copy(long from, long to, long length) {
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(buffer.length, length - done);
            session.load(from + done, buffer, chunk);
            session.store(to + done, buffer, chunk);
            done += chunk;
        }
    }
}
