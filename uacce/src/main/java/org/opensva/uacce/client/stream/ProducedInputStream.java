package org.opensva.uacce.client.stream;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** What streams have in common whose bytes are made of those of another one. */
abstract class ProducedInputStream extends FilterInputStream {

    ProducedInputStream(InputStream in) {
        super(Objects.requireNonNull(in, "in"));
    }

    @Override
    public abstract int read(byte[] target, int offset, int length) throws IOException;

    @Override
    public abstract int available() throws IOException;

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] dropped = new byte[Math.clamp(count, 0, 1 << 12)];
        long skipped = 0;
        while (skipped < count) {
            int part = read(dropped, 0, (int) Math.min(dropped.length, count - skipped));
            if (part < 0) {
                break;
            }
            skipped += part;
        }
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    @Override
    public synchronized void mark(int limit) {}

    @Override
    public synchronized void reset() throws IOException {
        throw new IOException("mark and reset are not supported");
    }
}
