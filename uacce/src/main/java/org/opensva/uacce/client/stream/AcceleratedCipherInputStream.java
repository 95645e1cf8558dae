package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ContextPool;

import java.io.InputStream;

/**
 * Stands in for {@link javax.crypto.CipherInputStream}: what is read was encrypted or decrypted by
 * accelerators, several blocks at a time where the mode allows it.
 *
 * <p>A message that is no whole blocks, or whose padding is wrong, is an {@link
 * java.io.IOException} when its end is reached.
 */
public final class AcceleratedCipherInputStream extends BlockInputStream {

    /**
     * Works in blocks of 256 KiB.
     *
     * @param in the message; closed with this stream
     * @param pool who does the work
     * @param cipher what is done
     * @param operation {@link Operation#ENCRYPT} or {@link Operation#DECRYPT}
     */
    public AcceleratedCipherInputStream(
            InputStream in, ContextPool pool, BlockCipher cipher, Operation operation) {
        this(in, pool, StreamConfig.of(pool), cipher, operation);
    }

    /**
     * Works in blocks of any size.
     *
     * @param in the message; closed with this stream
     * @param pool who does the work
     * @param config how the stream is cut, see {@link AcceleratedCipherOutputStream}
     * @param cipher what is done
     * @param operation {@link Operation#ENCRYPT} or {@link Operation#DECRYPT}
     */
    public AcceleratedCipherInputStream(
            InputStream in,
            ContextPool pool,
            StreamConfig config,
            BlockCipher cipher,
            Operation operation) {
        super(in, out -> new AcceleratedCipherOutputStream(out, pool, config, cipher, operation));
    }
}
