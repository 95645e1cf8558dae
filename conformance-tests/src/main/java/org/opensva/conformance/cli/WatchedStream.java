package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Remembers that writing failed: writers of text swallow it, and a full disk behind standard output
 * must not look like success.
 */
final class WatchedStream extends OutputStream {

    private final OutputStream target;
    private volatile @Nullable IOException failure;

    WatchedStream(OutputStream target) {
        this.target = target;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            target.write(bytes, offset, length);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            target.flush();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /** What went wrong first, or null. */
    @Nullable IOException failure() {
        return failure;
    }

    /** Tells whether the reader at the other end has gone: that is its right, and no error. */
    static boolean isReaderGone(IOException failure) {
        String message = failure.getMessage();
        return message != null
                && (message.contains("Broken pipe") || message.contains("pipe is being closed"));
    }
}
