package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ContextPool;

import java.io.IOException;
import java.io.InputStream;

/**
 * Stands in for {@link java.util.zip.GZIPInputStream}: what is read was decompressed by an
 * accelerator. Any number of members is one stream, as there, and what follows them and is none is
 * ignored, as padding with zeros; what is no gzip data from the start is a {@link
 * java.util.zip.ZipException}, also where the JDK's class reports a truncated stream otherwise.
 * Unlike there nothing is read before the first {@link #read}.
 */
public final class AcceleratedGzipInputStream extends CodecInputStream {

    /**
     * Decompresses.
     *
     * @param in gzip data; closed with this stream
     * @param pool who does the work
     * @throws IOException if no device can do it
     */
    public AcceleratedGzipInputStream(InputStream in, ContextPool pool) throws IOException {
        super(in, pool, Operation.GUNZIP, 0, new byte[0], true);
    }
}
