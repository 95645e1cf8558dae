package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.session.CipherParameters;
import org.opensva.uacce.client.session.CipherSession;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Encrypts or decrypts a stream, several pieces at a time.
 *
 * <p>AES-CTR is cut anywhere: the counter says where. AES-GCM is one message, ciphertext and tag;
 * or, in segments, the construction STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015): each one is sealed
 * on its own, with a nonce of 7 bytes of the IV, a counter of 4 bytes, and a byte that is 1 in the
 * last one. So none can be left out, moved, or cut off.
 *
 * <p>Without an IV given one is made, and stands before the ciphertext.
 */
final class CipherPipeline {

    /** Nothing of a message is released before its tag was checked, so devices set a limit. */
    static final int LONGEST_MESSAGE = 1 << 24;

    private static final int TAG = 16;
    private static final int GCM_IV = 12;
    private static final int CTR_IV = 16;
    private static final int PREFIX = 7;

    private final AcceleratorSession session;
    private final WorkRequest request;
    private final boolean gcm;
    private final boolean decrypt;
    private final int ivLength;
    private final int most;
    private final Deque<CompletableFuture<byte[]>> underWay = new ArrayDeque<>();

    CipherPipeline(AcceleratorSession session, WorkRequest request) {
        this.session = session;
        this.request = request;
        gcm = request.task().algorithm() == Algorithm.AES_GCM;
        decrypt = request.secrets().decrypt();
        ivLength = gcm ? GCM_IV : CTR_IV;
        most = session.pool().contexts() * request.depth();
    }

    void run(InputStream in, OutputStream out) throws IOException {
        byte[] iv = iv(in, out);
        try (CipherSession cipher =
                new CipherSession(
                        session.pool(), request.task().algorithm(), request.secrets().key())) {
            if (gcm && request.secrets().segment() == 0) {
                message(cipher, iv, in, out);
            } else {
                pieces(cipher, iv, in, out);
            }
        }
    }

    private byte[] iv(InputStream in, OutputStream out) throws IOException {
        byte[] given = request.secrets().iv();
        if (given.length > 0) {
            return given;
        }
        if (decrypt) {
            byte[] read = in.readNBytes(ivLength);
            if (read.length < ivLength) {
                throw new BadDataException("does not begin with an IV");
            }
            return read;
        }
        byte[] made = new byte[ivLength];
        new SecureRandom().nextBytes(made);
        out.write(made);
        return made;
    }

    private void message(CipherSession cipher, byte[] iv, InputStream in, OutputStream out)
            throws IOException {
        int limit = LONGEST_MESSAGE + (decrypt ? TAG : 0);
        byte[] bytes = in.readNBytes(limit + 1);
        if (bytes.length > limit) {
            throw new BadDataException(
                    "is too large for one message of AES-GCM, which has %d MiB at most;"
                                    .formatted(LONGEST_MESSAGE >> 20)
                            + " use --segment, with the same size for both ways");
        }
        if (decrypt && bytes.length < TAG) {
            throw new BadDataException("is too short to have a tag");
        }
        CipherParameters how = parameters(iv);
        out.write(decrypt ? cipher.decrypt(how, bytes) : cipher.encrypt(how, bytes));
    }

    private CipherParameters parameters(byte[] iv) {
        return CipherParameters.of(iv).withAssociated(request.secrets().associated());
    }

    private void pieces(CipherSession cipher, byte[] iv, InputStream in, OutputStream out)
            throws IOException {
        int size = gcm ? request.secrets().segment() + (decrypt ? TAG : 0) : whole();
        byte[] piece = in.readNBytes(size);
        if (gcm && decrypt && piece.length < TAG) {
            throw new BadDataException("is too short to have a tag");
        }
        for (long number = 0; ; number++) {
            byte[] next = piece.length < size ? new byte[0] : in.readNBytes(size);
            boolean last = next.length == 0;
            if (underWay.size() >= most) {
                write(out);
            }
            CipherParameters how =
                    gcm
                            ? parameters(segmentIv(iv, number, last))
                            : CipherParameters.of(counter(iv, number * (size / CTR_IV)));
            underWay.add(
                    decrypt ? cipher.decryptAsync(how, piece) : cipher.encryptAsync(how, piece));
            if (last) {
                break;
            }
            piece = next;
        }
        while (!underWay.isEmpty()) {
            write(out);
        }
    }

    /** Whole blocks, so that the next piece begins with a block of its own. */
    private int whole() {
        return Math.max(CTR_IV, request.window() & -CTR_IV);
    }

    private void write(OutputStream out) throws IOException {
        try {
            out.write(underWay.remove().join());
        } catch (CompletionException e) {
            throw e.getCause() instanceof ClientException cause ? cause : e;
        }
    }

    private static byte[] segmentIv(byte[] iv, long number, boolean last) {
        if (number > 0xffff_ffffL) {
            throw new BadDataException("has more than 2^32 segments");
        }
        return ByteBuffer.allocate(GCM_IV)
                .put(iv, 0, PREFIX)
                .putInt((int) number)
                .put((byte) (last ? 1 : 0))
                .array();
    }

    /** The counter of 128 bits, modulo 2^128, after a number of blocks. */
    private static byte[] counter(byte[] iv, long blocks) {
        byte[] sum = new BigInteger(1, iv).add(BigInteger.valueOf(blocks)).toByteArray();
        byte[] counter = new byte[CTR_IV];
        int length = Math.min(sum.length, CTR_IV);
        System.arraycopy(sum, sum.length - length, counter, CTR_IV - length, length);
        return counter;
    }
}
