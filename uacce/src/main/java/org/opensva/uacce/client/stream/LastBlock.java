package org.opensva.uacce.client.stream;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Knows the last whole block of what goes through it in whole blocks; if that has the padding, it
 * does not let it go on before the end.
 */
final class LastBlock extends FilterOutputStream {

    private static final int BLOCK = BlockCipher.BLOCK;

    private final boolean padded;
    private byte[] block = new byte[0];

    LastBlock(OutputStream out, boolean padded) {
        super(out);
        this.padded = padded;
    }

    byte[] block() {
        return block;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (length < BLOCK) {
            // The end of a stream that is not of whole blocks.
            out.write(bytes, offset, length);
            return;
        }
        if (padded) {
            out.write(block);
            out.write(bytes, offset, length - BLOCK);
        } else {
            out.write(bytes, offset, length);
        }
        block = Arrays.copyOfRange(bytes, offset + length - BLOCK, offset + length);
    }

    /** PKCS #7 (RFC 5652 section 6.3): the last byte says how many there are, all of them equal. */
    void end() throws IOException {
        if (!padded || block.length == 0) {
            return;
        }
        int pad = block[BLOCK - 1] & 0xff;
        boolean good = pad >= 1 && pad <= BLOCK;
        for (int i = BLOCK - Math.min(pad, BLOCK); i < BLOCK; i++) {
            good &= (block[i] & 0xff) == pad;
        }
        if (!good) {
            throw new IOException("the last block is not properly padded");
        }
        out.write(block, 0, BLOCK - pad);
        block = new byte[0];
    }
}
