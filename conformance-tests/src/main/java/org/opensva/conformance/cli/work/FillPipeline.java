package org.opensva.conformance.cli.work;

import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.DataSession;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.LongConsumer;

/** Writes what a device has filled. The pattern goes on from window to window. */
final class FillPipeline {

    private final ContextPool pool;
    private final WorkRequest request;
    private final LongConsumer progress;

    FillPipeline(AcceleratorSession session, WorkRequest request, LongConsumer progress) {
        pool = session.pool();
        this.request = request;
        this.progress = progress;
    }

    void run(OutputStream out) throws IOException {
        int window = (request.window() + Long.BYTES - 1) & -Long.BYTES;
        byte[] bytes = new byte[window];
        DataSession data = new DataSession(pool);
        try (Buffer buffer = pool.buffer(window)) {
            for (long done = 0; done < request.length(); ) {
                int part = (int) Math.min(window, request.length() - done);
                data.fill(buffer.address(), part, request.pattern());
                buffer.load(0, bytes, 0, part);
                out.write(bytes, 0, part);
                done += part;
                progress.accept(done);
            }
        }
    }
}
