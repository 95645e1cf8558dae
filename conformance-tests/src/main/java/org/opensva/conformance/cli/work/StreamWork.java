package org.opensva.conformance.cli.work;

import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.PoolStatistics;
import org.opensva.uacce.client.session.DigestSession;
import org.opensva.uacce.client.session.DigestStream;
import org.opensva.uacce.client.stream.AcceleratedGzipOutputStream;
import org.opensva.uacce.client.stream.BlockOutputStream;
import org.opensva.uacce.client.stream.CodecInputStream;
import org.opensva.uacce.client.stream.StreamConfig;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.zip.ZipException;

/**
 * Runs one task over whole streams. Not thread-safe.
 *
 * <p>Memory use does not depend on the length of the streams, with two exceptions: AES-GCM without
 * segments is one message, and on a device that keeps no streams each gzip member must fit into the
 * process's memory together with what it expands to.
 */
public final class StreamWork {

    private static final byte[] NONE = {};

    private final AcceleratorSession session;
    private final WorkRequest request;
    private final LongConsumer progress;

    /**
     * Prepares work.
     *
     * @param session where it is done
     * @param request how it is done
     * @param progress told how many bytes of input have been taken so far; of output for a fill
     */
    public StreamWork(AcceleratorSession session, WorkRequest request, LongConsumer progress) {
        this.session = session;
        this.request = request;
        this.progress = progress;
    }

    /**
     * Does the task.
     *
     * @param input the input, read to its end; not looked at by a fill
     * @param other the other input of a comparison; otherwise not looked at
     * @param output the output; nothing is written where the result is a line of text
     * @return what was done
     * @throws IOException if reading or writing fails
     * @throws BadDataException if the input is not what the task needs
     * @throws DeviceException if the device or the backend fails
     */
    public WorkResult run(InputStream input, InputStream other, OutputStream output)
            throws IOException {
        CountedInput in = new CountedInput(input, progress);
        CountedOutput out = new CountedOutput(output);
        byte[] digest = NONE;
        long mismatch = -1;
        try {
            switch (request.task().shape()) {
                case BLOCKS -> blocks(in, out);
                case CHECKSUM -> digest = checksum(in);
                case CODEC -> codec(in, out);
                case DIGEST, MAC -> digest = digest(in);
                case CIPHER -> new CipherPipeline(session, request).run(in, out);
                case FILL -> new FillPipeline(session, request, progress).run(out);
                case COMPARE -> mismatch = new Comparison(session, request).run(in, other);
            }
        } catch (ClientException e) {
            throw session.explain(e);
        } catch (ZipException e) {
            String empty = "is empty, which is not %s data".formatted(session.format());
            throw in.count() == 0 ? new BadDataException(empty) : damaged(e);
        } catch (IOException e) {
            if (e.getCause() instanceof ClientException cause) {
                throw session.explain(cause);
            }
            throw e;
        }
        PoolStatistics done = session.pool().statistics();
        return new WorkResult(
                in.count(),
                out.count(),
                HexFormat.of().formatHex(digest),
                mismatch,
                done.jobs(),
                done.retries(),
                done.repairs(),
                done.reopened());
    }

    private RuntimeException damaged(ZipException e) {
        return e.getCause() instanceof ClientException cause
                ? session.explain(cause)
                : new BadDataException(String.valueOf(e.getMessage()));
    }

    private StreamConfig config() {
        ContextPool pool = session.pool();
        return new StreamConfig(request.window(), pool.contexts() * request.depth(), false);
    }

    private void blocks(InputStream in, OutputStream out) throws IOException {
        ContextPool pool = session.pool();
        try (OutputStream blocks =
                request.task().id().equals("gzip")
                        ? new AcceleratedGzipOutputStream(out, pool, config(), request.level())
                        : new BlockOutputStream(out, pool, config(), new CopiedBlocks(), false)) {
            in.transferTo(blocks);
        }
    }

    private byte[] checksum(InputStream in) throws IOException {
        ChecksumBlocks checksum = new ChecksumBlocks();
        try (OutputStream blocks =
                new BlockOutputStream(
                        OutputStream.nullOutputStream(),
                        session.pool(),
                        config(),
                        checksum,
                        true)) {
            in.transferTo(blocks);
        }
        return checksum.bytes();
    }

    private void codec(CountedInput in, CountedOutput out) throws IOException {
        if (request.task().id().equals("gunzip") && !session.keepsStreams()) {
            new MemberPipeline(session, request.window()).run(in, out);
            return;
        }
        try (InputStream codec =
                new CodecInputStream(
                        in, session.pool(), request.task().operation(), request.level(), NONE)) {
            codec.transferTo(out);
        }
    }

    private byte[] digest(InputStream in) throws IOException {
        Task task = request.task();
        byte[] key = request.secrets().key();
        try (DigestSession algorithm =
                        task.shape() == Task.Shape.MAC
                                ? new DigestSession(session.pool(), task.algorithm(), key)
                                : new DigestSession(session.pool(), task.algorithm());
                DigestStream stream = algorithm.begin()) {
            byte[] bytes = new byte[request.window()];
            for (int got = fill(in, bytes); got > 0; got = fill(in, bytes)) {
                stream.update(bytes, 0, got);
            }
            return stream.finish();
        }
    }

    private static int fill(InputStream in, byte[] bytes) throws IOException {
        return in.readNBytes(bytes, 0, bytes.length);
    }
}
