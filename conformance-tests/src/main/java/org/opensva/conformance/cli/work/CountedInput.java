package org.opensva.conformance.cli.work;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Counts what is read, and tells. */
final class CountedInput extends FilterInputStream {

    private final LongConsumer progress;
    private long count;

    CountedInput(InputStream in, LongConsumer progress) {
        super(in);
        this.progress = progress;
    }

    long count() {
        return count;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        int got = super.read(target, offset, length);
        if (got > 0) {
            count += got;
            progress.accept(count);
        }
        return got;
    }

    @Override
    public void close() {
        // Whoever opened it closes it.
    }
}
