package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Operation;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongConsumer;

/**
 * Runs one operation over a whole stream. Not thread-safe.
 *
 * <p>Copying, compression and CRC-32C work on windows: memory use does not depend on the length of
 * the stream. Each window becomes a gzip member of its own (RFC 1952 section 2.2: members are
 * simply concatenated). Decompression works on as many whole members as fit; a single member must
 * fit into the process's memory together with what it expands to.
 */
public final class StreamWork {

    private final AcceleratorSession session;
    private final int window;
    private final LongConsumer progress;

    /**
     * Prepares work.
     *
     * @param session where it is done
     * @param window how many bytes are given to the device at once, at least 1
     * @param progress told how many bytes of input have been taken so far
     */
    public StreamWork(AcceleratorSession session, int window, LongConsumer progress) {
        if (window < 1) {
            throw new IllegalArgumentException("a window of " + window + " bytes");
        }
        this.session = session;
        this.window = window;
        this.progress = progress;
    }

    /**
     * Does the session's operation.
     *
     * @param in the input, read to its end
     * @param out the output; nothing is written for CRC-32C
     * @return how many bytes went in and out, and the value
     * @throws IOException if reading or writing fails
     * @throws BadDataException if the input is not what the operation needs
     * @throws DeviceException if the device or the backend fails
     */
    public WorkResult run(InputStream in, OutputStream out) throws IOException {
        return session.operation() == Operation.GUNZIP
                ? new MemberPipeline(session, window, progress).run(in, out)
                : new WindowPipeline(session, window, progress).run(in, out);
    }
}
