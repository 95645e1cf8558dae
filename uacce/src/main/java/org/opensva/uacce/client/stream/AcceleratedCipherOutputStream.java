package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ContextPool;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Stands in for {@link javax.crypto.CipherOutputStream}: what is written is encrypted or decrypted
 * by accelerators, several blocks at a time where the mode allows it. Memory holds the key for as
 * long as the stream is open, and is overwritten then.
 *
 * <p>Unlike there a message that is no whole blocks, or whose padding is wrong, is an {@link
 * IOException} when the stream is finished or closed.
 */
public final class AcceleratedCipherOutputStream extends BlockOutputStream {

    private final LastBlock last;

    /** True as long as the end has to be filled up. */
    private boolean padding;

    /**
     * Works in blocks of 256 KiB.
     *
     * @param out where the result goes; closed with this stream
     * @param pool who does the work
     * @param cipher what is done
     * @param operation {@link Operation#ENCRYPT} or {@link Operation#DECRYPT}
     */
    public AcceleratedCipherOutputStream(
            OutputStream out, ContextPool pool, BlockCipher cipher, Operation operation) {
        this(out, pool, StreamConfig.of(pool), cipher, operation);
    }

    /**
     * Works in blocks of any size.
     *
     * @param out where the result goes; closed with this stream
     * @param pool who does the work
     * @param config how the stream is cut: into blocks of whole data units with AES-XTS, of a
     *     multiple of 16 otherwise
     * @param cipher what is done
     * @param operation {@link Operation#ENCRYPT} or {@link Operation#DECRYPT}
     */
    public AcceleratedCipherOutputStream(
            OutputStream out,
            ContextPool pool,
            StreamConfig config,
            BlockCipher cipher,
            Operation operation) {
        LastBlock results = new LastBlock(out, cipher.padded() && operation == Operation.DECRYPT);
        CipherBlocks blocks = new CipherBlocks(cipher, operation, results);
        super(results, pool, blocks.checked(config), blocks, false);
        last = results;
        padding = cipher.padded() && operation == Operation.ENCRYPT;
    }

    @Override
    public void finish() throws IOException {
        if (padding) {
            padding = false;
            int pad = BlockCipher.BLOCK - (int) (written() % BlockCipher.BLOCK);
            byte[] bytes = new byte[pad];
            Arrays.fill(bytes, (byte) pad);
            write(bytes, 0, pad);
        }
        super.finish();
        last.end();
    }
}
