package org.opensva.conformance.cli.work;

import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.DataSession;

import java.io.IOException;
import java.io.InputStream;

/** Compares two streams window by window. */
final class Comparison {

    private final ContextPool pool;
    private final int window;

    Comparison(AcceleratorSession session, WorkRequest request) {
        pool = session.pool();
        window = request.window();
    }

    /** Where they differ first: also where one of them has ended; -1 if they are equal. */
    long run(InputStream one, InputStream other) throws IOException {
        DataSession data = new DataSession(pool);
        byte[] bytes = new byte[window];
        try (Buffer first = pool.buffer(window);
                Buffer second = pool.buffer(window)) {
            for (long done = 0; ; done += window) {
                int got = one.readNBytes(bytes, 0, window);
                first.store(0, bytes, 0, got);
                int gotOther = other.readNBytes(bytes, 0, window);
                second.store(0, bytes, 0, gotOther);
                int both = Math.min(got, gotOther);
                long mismatch =
                        both == 0 ? -1 : data.mismatch(first.address(), second.address(), both);
                if (mismatch >= 0) {
                    return done + mismatch;
                }
                if (got != gotOther) {
                    return done + both;
                }
                if (got < window) {
                    return -1;
                }
            }
        }
    }
}
