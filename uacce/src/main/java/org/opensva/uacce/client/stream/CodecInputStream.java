package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.JobStream;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.ZipException;

/**
 * What another stream becomes when a device compresses or decompresses it, piece by piece in one
 * stream of jobs: memory use does not depend on the lengths of either.
 *
 * <p>The device keeps the state. If its queue fails in the middle, reading fails: what was read
 * before stays good, and the source has to be read again from its start.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public class CodecInputStream extends ProducedInputStream {

    private final Operation operation;
    private final int level;
    private final boolean trailIgnored;
    private final byte[] dictionary;
    private final JobStream stream;
    private final Buffer memory;
    private final byte[] chunk;
    private final long inputAt;
    private final long outputAt;
    private long position;
    private long limit;
    private long made;
    private long given;
    private boolean begun;
    private boolean sourceEnded;
    private boolean ended;
    private boolean closed;

    /** The device may still have the memory: it goes back with the last holder. */
    private int holders = 1;

    /**
     * Makes the stream.
     *
     * @param in what is to be compressed or decompressed; closed with this stream
     * @param pool who does the work
     * @param operation a compression or decompression
     * @param level for compression 1 (fast) to 9 (small), 0 for the device's own choice
     * @param dictionary the preset dictionary, at most 32 KiB; empty for none
     * @throws IOException if no device can do it
     */
    public CodecInputStream(
            InputStream in, ContextPool pool, Operation operation, int level, byte[] dictionary)
            throws IOException {
        this(in, pool, operation, level, dictionary, false);
    }

    /** With a trail behind gzip data ignored, or not. */
    CodecInputStream(
            InputStream in,
            ContextPool pool,
            Operation operation,
            int level,
            byte[] dictionary,
            boolean trailIgnored)
            throws IOException {
        super(in);
        this.trailIgnored = trailIgnored;
        this.operation = operation;
        this.level = level;
        this.dictionary = dictionary.clone();
        int size = StreamConfig.of(pool).blockSize();
        chunk = new byte[Math.min(size, 1 << 16)];
        inputAt = JobParameters.SIZE + (dictionary.length + 63L & -64L);
        outputAt = inputAt + chunk.length;
        JobStream opened = null;
        try {
            opened = pool.stream(operation);
            memory = pool.buffer(outputAt + size);
            stream = opened;
            opened = null;
            memory.store(JobParameters.SIZE, dictionary, 0, dictionary.length);
        } catch (ClientException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            if (opened != null) {
                opened.close();
            }
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (length == 0) {
            return 0;
        }
        try {
            while (given == made) {
                if (ended) {
                    return -1;
                }
                step();
            }
            int part = (int) Math.min(length, made - given);
            memory.load(outputAt + given, target, offset, part);
            given += part;
            return part;
        } catch (ClientException e) {
            if (e.reason() == Reason.BAD_DATA) {
                ZipException bad =
                        new ZipException("not %s data, or damaged or cut off".formatted(format()));
                bad.initCause(e);
                throw bad;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    private String format() {
        return switch (operation) {
            case GUNZIP -> "gzip";
            case UNZLIB -> "zlib";
            default -> "DEFLATE";
        };
    }

    /** One job; some of the input is consumed, or some output made, or the end reached. */
    private void step() throws IOException {
        if (position == limit && !sourceEnded) {
            position = 0;
            limit = Math.max(0, in.readNBytes(chunk, 0, chunk.length));
            sourceEnded = limit == 0;
            memory.store(inputAt, chunk, 0, (int) limit);
        }
        boolean last = sourceEnded && position == limit;
        Job job = job(last);
        take();
        JobResult result = stream.run(job, this::drop);
        position += Math.clamp(result.consumed(), 0, limit - position);
        given = 0;
        made = Math.clamp(result.produced(), 0, memory.capacity() - outputAt);
        switch (result.status()) {
            case SUCCESS -> {
                begun = true;
                // The value tells that the compressed data may end here, or what is left that they
                // did.
                boolean left = position < limit;
                boolean complete = result.value() != 0 && (operation != Operation.GUNZIP || left);
                if (left && operation == Operation.GUNZIP && !trailIgnored) {
                    throw fail(new JobResult(JobStatus.BAD_DATA, 0, 0, 0, 0));
                }
                ended = last || complete;
            }
            case DESTINATION_FULL -> begun = true;
            case PAGE_FAULT -> {
                begun = true;
                if (!stream.repair(job, result)) {
                    throw fail(result);
                }
            }
            default -> throw fail(result);
        }
    }

    private ClientException fail(JobResult result) {
        ended = true;
        made = 0;
        return ClientException.of(operation.id(), result);
    }

    private Job job(boolean last) {
        int options = (begun ? 0 : JobParameters.BEGIN) | (last ? JobParameters.END : 0);
        Operand preset =
                dictionary.length == 0
                        ? Operand.NONE
                        : new Operand(memory.address() + JobParameters.SIZE, dictionary.length);
        JobParameters parameters =
                JobParameters.EMPTY
                        .withSession(stream.number())
                        .withOptions(options)
                        .withDictionary(preset);
        memory.store(0, parameters.encode(), 0, JobParameters.SIZE);
        return new Job(
                operation,
                memory.address() + inputAt + position,
                limit - position,
                memory.address() + outputAt,
                memory.capacity() - outputAt,
                level,
                Algorithm.NONE,
                JobFlags.PARAMETERS,
                memory.address());
    }

    /**
     * What of the source was read and not consumed, because the compressed data ended before.
     *
     * @return bytes; empty unless the end has been reached
     */
    public byte[] remaining() {
        byte[] rest = new byte[ended ? (int) (limit - position) : 0];
        System.arraycopy(chunk, (int) position, rest, 0, rest.length);
        return rest;
    }

    @Override
    public int available() throws IOException {
        if (closed) {
            throw new IOException("the stream is closed");
        }
        // As the JDK's streams: 0 only at the end, for programs that take it for that.
        return ended && given == made ? 0 : (int) Math.max(1, made - given);
    }

    private synchronized void take() {
        holders++;
    }

    private synchronized void drop() {
        if (--holders == 0) {
            memory.close();
        }
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try {
                stream.close();
                drop();
            } finally {
                in.close();
            }
        }
    }
}
