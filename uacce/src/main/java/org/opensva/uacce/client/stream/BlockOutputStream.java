package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;

/**
 * Cuts what is written into blocks, has a job done for each of them, several at a time, and writes
 * the results in order. Memory use does not depend on the length of the stream.
 *
 * <p>{@link #flush} passes on what has been done, and does not end a block early. A stream that has
 * failed stays failed; closing it then gives everything back and does not write any more.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public class BlockOutputStream extends FilterOutputStream {

    private final ContextPool pool;
    private final StreamConfig config;
    private final BlockTransform transform;
    private final byte[] collected;
    private final Deque<Block> idle = new ArrayDeque<>();
    private final Deque<Block> busy = new ArrayDeque<>();
    private final boolean emptyIsABlock;
    private byte[] loaded = new byte[0];
    private int count;
    private int made;
    private long taken;
    private boolean finished;
    private boolean failed;
    private boolean closed;

    /**
     * Makes the stream. Memory for blocks is taken as they come.
     *
     * @param out where the results go; closed with this stream
     * @param pool who does the work
     * @param config how the stream is cut
     * @param transform what is done to each block
     * @param emptyIsABlock true if a stream without any byte is one empty block, false if it is
     *     none
     */
    public BlockOutputStream(
            OutputStream out,
            ContextPool pool,
            StreamConfig config,
            BlockTransform transform,
            boolean emptyIsABlock) {
        super(Objects.requireNonNull(out, "out"));
        this.pool = pool;
        this.config = config;
        this.transform = transform;
        this.emptyIsABlock = emptyIsABlock;
        collected = new byte[config.blockSize()];
    }

    @Override
    public void write(int b) throws IOException {
        ready();
        collected[count++] = (byte) b;
        if (count == collected.length) {
            send();
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        ready();
        int done = 0;
        while (done < length) {
            int part = Math.min(length - done, collected.length - count);
            System.arraycopy(bytes, offset + done, collected, count, part);
            count += part;
            done += part;
            if (count == collected.length) {
                send();
            }
        }
    }

    /** How many bytes were written to the stream. */
    final long written() {
        return taken + count;
    }

    /** Nobody wants the rest: closing gives everything back, and does nothing more. */
    final void abandon() {
        failed = true;
    }

    private void ready() throws IOException {
        if (closed || finished) {
            throw new IOException("the stream is " + (closed ? "closed" : "finished"));
        }
        if (failed) {
            throw new IOException("the stream has failed");
        }
    }

    private void send() throws IOException {
        boolean sent = false;
        try {
            Block block = next();
            boolean submitted = false;
            try {
                block.fill(transform, collected, count, taken);
                block.submit(transform);
                submitted = true;
            } finally {
                if (submitted) {
                    busy.add(block);
                } else {
                    block.drop();
                }
            }
            taken += count;
            count = 0;
            sent = true;
        } catch (ClientException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            failed |= !sent;
        }
    }

    /** A block that can be filled; the oldest one under way if there are enough of them. */
    private Block next() throws IOException {
        Block block = idle.poll();
        if (block == null && made < config.depth()) {
            block = new Block(pool, config, transform);
            made++;
        }
        return block != null ? block : collect();
    }

    /** Waits for the oldest block and writes its result. */
    private Block collect() throws IOException {
        Block block = busy.remove();
        boolean good = false;
        try {
            JobResult result = await(block);
            while (result.status() == JobStatus.DESTINATION_FULL) {
                block.grow();
                block.submit(transform);
                result = await(block);
            }
            if (!result.succeeded()
                    || result.consumed() != block.length
                    || result.produced() < 0
                    || result.produced() > block.capacity()) {
                Job job = block.job(transform);
                throw ClientException.of(
                        "%s of the block at byte %d"
                                .formatted(job.operation().id(), block.position),
                        result);
            }
            transform.done(result, block.length);
            copy(block, result.produced());
            good = true;
            return block;
        } catch (ClientException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            if (!good) {
                failed = true;
                block.drop();
            }
        }
    }

    private static JobResult await(Block block) {
        try {
            return block.result.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ClientException cause ? cause : e;
        } catch (CancellationException e) {
            throw new ClientException(ClientException.Reason.INTERRUPTED, "a job was cancelled", e);
        }
    }

    private void copy(Block block, long length) throws IOException {
        if (loaded.length == 0 && length > 0) {
            loaded = new byte[Math.min(1 << 16, config.blockSize())];
        }
        for (long done = 0; done < length; ) {
            int part = (int) Math.min(loaded.length, length - done);
            block.load(done, loaded, part);
            out.write(loaded, 0, part);
            done += part;
        }
    }

    /**
     * Ends the stream without closing what is below it.
     *
     * @throws IOException if a job or writing fails
     */
    public void finish() throws IOException {
        if (finished) {
            return;
        }
        ready();
        if (count > 0 || (taken == 0 && emptyIsABlock)) {
            send();
        }
        while (!busy.isEmpty()) {
            idle.add(collect());
        }
        finished = true;
    }

    /**
     * Writes the results of the blocks that have been done.
     *
     * @throws IOException if a job or writing fails
     */
    @Override
    public void flush() throws IOException {
        if (!closed && !failed) {
            while (!busy.isEmpty() && busy.getFirst().result.isDone()) {
                idle.add(collect());
            }
        }
        out.flush();
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        try (OutputStream below = out) {
            if (!failed) {
                finish();
                below.flush();
            }
        } finally {
            closed = true;
            busy.forEach(Block::drop);
            idle.forEach(Block::drop);
            busy.clear();
            idle.clear();
        }
    }
}
