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
 * Decompresses a stream of gzip members. Where a member ends shows only when it is decompressed, so
 * the pipeline looks for places where one may begin, and has the device try: the checksum at the
 * end of each member tells whether a guess was right. Without a right guess in reach the area
 * grows, up to the whole input.
 */
final class MemberPipeline {

    private static final long MIN_OUTPUT = 1 << 16;
    private static final int LIKELY_RATIO = 4;

    private final AcceleratorSession session;
    private final LongConsumer progress;
    private final byte[] buffer;
    private final MemberStarts starts = new MemberStarts();
    private long source;
    private long sourceCapacity;
    private long filled;
    private long destination;
    private long destinationCapacity;
    private long read;
    private long consumed;
    private long produced;
    private long jobs;

    MemberPipeline(AcceleratorSession session, int window, LongConsumer progress) {
        this.session = session;
        this.progress = progress;
        this.buffer = new byte[window];
        this.sourceCapacity = 2L * window;
        this.source = session.map(sourceCapacity);
        this.destinationCapacity = Math.max(MIN_OUTPUT, LIKELY_RATIO * sourceCapacity);
        this.destination = session.map(destinationCapacity);
    }

    WorkResult run(InputStream in, OutputStream out) throws IOException {
        while (fill(in)) {
            if (!unpackMembers(out)) {
                growSource();
            }
        }
        if (read == 0) {
            throw new BadDataException("is empty, which is not gzip data");
        }
        if (filled > 0 && !unpack(filled, out)) {
            throw new BadDataException("is not gzip data, or is damaged or cut off");
        }
        return new WorkResult(consumed, produced, jobs, 0);
    }

    /** Fills the area; false if the input ended before it was full. */
    private boolean fill(InputStream in) throws IOException {
        while (filled < sourceCapacity) {
            int length =
                    in.readNBytes(
                            buffer, 0, (int) Math.min(buffer.length, sourceCapacity - filled));
            if (length == 0) {
                return false;
            }
            session.store(source + filled, buffer, length);
            starts.scan(buffer, length, filled);
            filled += length;
            read += length;
            progress.accept(read);
        }
        return true;
    }

    /** Tries up to the last place where a member may begin, and then up to the first one. */
    private boolean unpackMembers(OutputStream out) throws IOException {
        return tryUpTo(starts.takeLast(), out) || tryUpTo(starts.takeFirst(), out);
    }

    private boolean tryUpTo(long end, OutputStream out) throws IOException {
        if (end <= 0 || !unpack(end, out)) {
            return false;
        }
        moveDown(end);
        return true;
    }

    /** Has the device decompress the first bytes of the area; false if they are not members. */
    private boolean unpack(long length, OutputStream out) throws IOException {
        while (true) {
            JobResult result =
                    session.run(
                            Job.transform(
                                    Operation.GUNZIP,
                                    source,
                                    length,
                                    destination,
                                    destinationCapacity));
            jobs++;
            if (result.status() == JobStatus.BAD_DATA) {
                return false;
            }
            if (result.status() == JobStatus.DESTINATION_FULL) {
                session.unmap(destination, destinationCapacity);
                destinationCapacity *= 2;
                destination = session.map(destinationCapacity);
                continue;
            }
            if (!result.succeeded()
                    || result.consumed() != length
                    || result.produced() < 0
                    || result.produced() > destinationCapacity) {
                throw session.failure(result);
            }
            write(out, result.produced());
            consumed += length;
            produced += result.produced();
            return true;
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
    private void moveDown(long by) {
        for (long from = by; from < filled; ) {
            int chunk = (int) Math.min(buffer.length, filled - from);
            session.load(source + from, buffer, chunk);
            session.store(source + from - by, buffer, chunk);
            from += chunk;
        }
        filled -= by;
        starts.drop(by);
    }

    private void growSource() {
        long capacity = 2 * sourceCapacity;
        long area = session.map(capacity);
        for (long done = 0; done < filled; ) {
            int chunk = (int) Math.min(buffer.length, filled - done);
            session.load(source + done, buffer, chunk);
            session.store(area + done, buffer, chunk);
            done += chunk;
        }
        session.unmap(source, sourceCapacity);
        source = area;
        sourceCapacity = capacity;
    }

    /** Places where a member may begin, in ascending order. */
    private static final class MemberStarts {

        /** More are of no use: one right guess is enough, and the last ones are the best. */
        private static final int MAX_PLACES = 64;

        // RFC 1952 section 2.3: ID1, ID2, CM 8, and FLG without reserved bits.
        private static final int MAGIC = 0x1f8b0800;
        private static final int MAGIC_MASK = 0xffffffe0;

        private final Deque<Long> places = new ArrayDeque<>();
        private int lastFour;

        void scan(byte[] bytes, int length, long offset) {
            int four = lastFour;
            for (int i = 0; i < length; i++) {
                four = four << Byte.SIZE | bytes[i] & 0xff;
                long place = offset + i - 3;
                if ((four & MAGIC_MASK) == MAGIC && place > 0) {
                    if (places.size() == MAX_PLACES) {
                        places.removeFirst();
                    }
                    places.addLast(place);
                }
            }
            lastFour = four;
        }

        long takeLast() {
            Long place = places.pollLast();
            return place == null ? 0 : place;
        }

        long takeFirst() {
            Long place = places.pollFirst();
            return place == null ? 0 : place;
        }

        void drop(long bytes) {
            Deque<Long> kept = new ArrayDeque<>();
            for (long place : places) {
                if (place > bytes) {
                    kept.addLast(place - bytes);
                }
            }
            places.clear();
            places.addAll(kept);
        }
    }
}
