package org.opensva.uacce.client.stream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.function.Function;

/**
 * What another stream becomes when it goes through a {@link BlockOutputStream}: several blocks are
 * under way at once, and memory use does not depend on the length of the stream.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public class BlockInputStream extends ProducedInputStream {

    private static final int CHUNK = 1 << 16;

    private final Results results = new Results();
    private final BlockOutputStream blocks;
    private final byte[] chunk = new byte[CHUNK];
    private boolean ended;
    private boolean closed;

    /** Bytes that were made and not read. */
    private static final class Results extends ByteArrayOutputStream {

        private int taken;

        int left() {
            return count - taken;
        }

        int take(byte[] target, int offset, int length) {
            int part = Math.min(length, left());
            System.arraycopy(buf, taken, target, offset, part);
            taken += part;
            if (taken == count) {
                taken = 0;
                count = 0;
            }
            return part;
        }
    }

    /**
     * Makes the stream. Nothing is read before the first {@link #read()}.
     *
     * @param in what goes through; closed with this stream
     * @param maker makes the stream that works, for a place where its results go
     */
    public BlockInputStream(InputStream in, Function<OutputStream, BlockOutputStream> maker) {
        super(in);
        blocks = maker.apply(results);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        open();
        if (length == 0) {
            return 0;
        }
        while (results.left() == 0) {
            if (ended) {
                return -1;
            }
            step();
        }
        return results.take(target, offset, length);
    }

    private void open() throws IOException {
        if (closed) {
            throw new IOException("the stream is closed");
        }
    }

    private void step() throws IOException {
        int got = in.read(chunk, 0, chunk.length);
        if (got > 0) {
            blocks.write(chunk, 0, got);
        } else if (got < 0) {
            ended = true;
            blocks.finish();
        }
    }

    @Override
    public int available() throws IOException {
        open();
        return ended ? results.left() : Math.max(1, results.left());
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            blocks.abandon();
            try {
                blocks.close();
            } finally {
                in.close();
            }
        }
    }
}
