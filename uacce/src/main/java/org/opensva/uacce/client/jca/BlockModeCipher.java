package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.CipherParameters;
import org.opensva.uacce.client.session.CipherSession;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidParameterSpecException;
import java.util.Arrays;

import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;

/**
 * AES in the modes that go on from block to block. Each update is a job of its own for the whole
 * blocks that are there.
 */
final class BlockModeCipher extends AesTransformation {

    private static final int LONGEST_JOB = 1 << 22;

    private final ContextPool pool;
    private final BlockMode mode;
    private final boolean padded;
    private @Nullable CipherSession session;
    private boolean encrypting;
    private byte[] firstIv = new byte[0];
    private byte[] iv = new byte[0];

    /** Bytes that wait for their block; in CTR mode the ones of the block under way. */
    private byte[] waiting = new byte[2 * BlockMode.BLOCK];

    private int count;

    BlockModeCipher(ContextPool pool, BlockMode mode, boolean padded) {
        this.pool = pool;
        this.mode = mode;
        this.padded = padded;
    }

    @Override
    protected byte @Nullable [] engineGetIV() {
        return mode.hasIv && firstIv.length > 0 ? firstIv.clone() : null;
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        if (!mode.hasIv || firstIv.length == 0) {
            return null;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("AES");
            parameters.init(new IvParameterSpec(firstIv));
            return parameters;
        } catch (GeneralSecurityException e) {
            throw new ProviderException("the JDK has no parameters for AES", e);
        }
    }

    @Override
    protected void engineInit(int opmode, Key key, @Nullable SecureRandom random)
            throws InvalidKeyException {
        if (mode.hasIv && (opmode == Cipher.DECRYPT_MODE || opmode == Cipher.UNWRAP_MODE)) {
            throw new InvalidKeyException("parameters are missing: the IV");
        }
        byte[] fresh = new byte[mode.hasIv ? BlockMode.BLOCK : 0];
        if (mode.hasIv) {
            SecureRandom source = random == null ? new SecureRandom() : random;
            source.nextBytes(fresh);
        }
        begin(opmode, key, fresh);
    }

    @Override
    protected void engineInit(
            int opmode,
            Key key,
            @Nullable AlgorithmParameterSpec parameters,
            @Nullable SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        if (parameters == null) {
            if (mode.hasIv && (opmode == Cipher.DECRYPT_MODE || opmode == Cipher.UNWRAP_MODE)) {
                throw new InvalidAlgorithmParameterException("parameters are missing: the IV");
            }
            engineInit(opmode, key, random == null ? new SecureRandom() : random);
            return;
        }
        if (!mode.hasIv) {
            throw new InvalidAlgorithmParameterException("ECB mode cannot use an IV");
        }
        if (!(parameters instanceof IvParameterSpec spec)) {
            throw new InvalidAlgorithmParameterException("the parameters are not an IV");
        }
        if (spec.getIV().length != BlockMode.BLOCK) {
            throw new InvalidAlgorithmParameterException("an IV has 16 bytes");
        }
        begin(opmode, key, spec.getIV());
    }

    @Override
    protected void engineInit(
            int opmode,
            Key key,
            @Nullable AlgorithmParameters parameters,
            @Nullable SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        try {
            AlgorithmParameterSpec spec =
                    parameters == null ? null : parameters.getParameterSpec(IvParameterSpec.class);
            engineInit(opmode, key, spec, random);
        } catch (InvalidParameterSpecException e) {
            throw new InvalidAlgorithmParameterException("the parameters are not an IV", e);
        }
    }

    private void begin(int opmode, Key key, byte[] first) throws InvalidKeyException {
        byte[] bytes = AesKey.of(key);
        CipherSession old = session;
        if (old != null) {
            old.close();
        }
        session = new CipherSession(pool, mode.algorithm, bytes);
        Arrays.fill(bytes, (byte) 0);
        encrypting = opmode == Cipher.ENCRYPT_MODE || opmode == Cipher.WRAP_MODE;
        firstIv = first;
        restart();
    }

    private void restart() {
        iv = firstIv;
        count = 0;
        Arrays.fill(waiting, (byte) 0);
    }

    private CipherSession session() {
        CipherSession current = session;
        if (current == null) {
            throw new IllegalStateException("the cipher has no key");
        }
        return current;
    }

    @Override
    protected int engineGetOutputSize(int length) {
        int total = Math.addExact(mode == BlockMode.CTR ? 0 : count, length);
        if (!padded || mode == BlockMode.CTR) {
            return total;
        }
        return encrypting ? Math.addExact(total, BlockMode.BLOCK - total % BlockMode.BLOCK) : total;
    }

    @Override
    protected byte @Nullable [] engineUpdate(byte[] input, int offset, int length) {
        byte[] output = work(input, offset, length, ready(length));
        return output.length == 0 ? null : output;
    }

    @Override
    protected int engineUpdate(
            byte[] input, int offset, int length, byte[] output, int outputOffset)
            throws ShortBufferException {
        require(ready(length), output, outputOffset);
        byte[] made = work(input, offset, length, ready(length));
        System.arraycopy(made, 0, output, outputOffset, made.length);
        return made.length;
    }

    private static void require(int size, byte[] output, int offset) throws ShortBufferException {
        if (output.length - offset < size) {
            throw new ShortBufferException("the output needs %d bytes of room".formatted(size));
        }
    }

    /** How many bytes of output come of an update: whole blocks, but never the last one padded. */
    private int ready(int length) {
        session();
        if (mode == BlockMode.CTR) {
            return length;
        }
        int total = Math.addExact(count, length);
        int sure = padded && !encrypting ? Math.max(0, total - BlockMode.BLOCK) : total;
        return sure - sure % BlockMode.BLOCK;
    }

    /** Puts what waits and what comes together, has the first bytes done, and keeps the rest. */
    private byte[] work(byte[] input, int offset, int length, int size) {
        if (mode == BlockMode.CTR) {
            return counter(input, offset, length);
        }
        byte[] all = new byte[count + length];
        System.arraycopy(waiting, 0, all, 0, count);
        System.arraycopy(input, offset, all, count, length);
        byte[] output = size == 0 ? new byte[0] : blocks(all, size);
        count = all.length - size;
        System.arraycopy(all, size, waiting, 0, count);
        return output;
    }

    /** A message of any length, in pieces that a buffer of the pool has room for. */
    private byte[] blocks(byte[] bytes, int size) {
        if (size <= LONGEST_JOB) {
            return piece(bytes, 0, size);
        }
        byte[] output = new byte[size];
        for (int done = 0; done < size; done += LONGEST_JOB) {
            byte[] made = piece(bytes, done, Math.min(LONGEST_JOB, size - done));
            System.arraycopy(made, 0, output, done, made.length);
        }
        return output;
    }

    private byte[] piece(byte[] bytes, int from, int size) {
        byte[] output = job(bytes, from, size);
        iv =
                mode.next(
                        iv,
                        encrypting ? output : bytes,
                        encrypting ? size : from + size,
                        size / BlockMode.BLOCK);
        return output;
    }

    /** A stream cipher: begins inside a block where the update before ended inside it. */
    private byte[] counter(byte[] input, int offset, int length) {
        if (length == 0) {
            return new byte[0];
        }
        byte[] all = new byte[count + length];
        System.arraycopy(input, offset, all, count, length);
        byte[] output = blocks(all, all.length);
        int skipped = count;
        count = all.length % BlockMode.BLOCK;
        return Arrays.copyOfRange(output, skipped, output.length);
    }

    private byte[] job(byte[] bytes, int from, int size) {
        CipherParameters how = CipherParameters.of(iv);
        try {
            return encrypting
                    ? session().encrypt(how, bytes, from, size)
                    : session().decrypt(how, bytes, from, size);
        } catch (ClientException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected byte[] engineDoFinal(byte @Nullable [] input, int offset, int length)
            throws IllegalBlockSizeException, BadPaddingException {
        boolean finished = false;
        try {
            byte[] output = last(input == null ? new byte[0] : input, offset, length);
            finished = true;
            return output;
        } finally {
            // As in the JDK: a message that could not be finished is begun anew, too.
            if (finished || session != null) {
                restart();
            }
        }
    }

    @Override
    protected int engineDoFinal(
            byte @Nullable [] input, int offset, int length, byte[] output, int outputOffset)
            throws ShortBufferException, IllegalBlockSizeException, BadPaddingException {
        int room = output.length - outputOffset;
        int most = engineGetOutputSize(length);
        boolean exact = !padded || encrypting;
        if (room < (exact ? most : most - BlockMode.BLOCK)) {
            throw new ShortBufferException("the output needs %d bytes of room".formatted(most));
        }
        byte[] keptIv = iv;
        byte[] kept = waiting.clone();
        int keptCount = count;
        byte[] made = engineDoFinal(input, offset, length);
        if (made.length > room) {
            // How long it is shows only when the padding is read; then it is as if never tried.
            iv = keptIv;
            waiting = kept;
            count = keptCount;
            throw new ShortBufferException(
                    "the output needs %d bytes of room".formatted(made.length));
        }
        System.arraycopy(made, 0, output, outputOffset, made.length);
        return made.length;
    }

    private byte[] last(byte[] input, int offset, int length)
            throws IllegalBlockSizeException, BadPaddingException {
        session();
        if (mode == BlockMode.CTR) {
            return counter(input, offset, length);
        }
        int total = Math.addExact(count, length);
        int pad = padded && encrypting ? BlockMode.BLOCK - total % BlockMode.BLOCK : 0;
        if ((total + pad) % BlockMode.BLOCK != 0) {
            throw new IllegalBlockSizeException(
                    "%d bytes are no whole blocks of 16".formatted(total));
        }
        byte[] all = new byte[total + pad];
        System.arraycopy(waiting, 0, all, 0, count);
        System.arraycopy(input, offset, all, count, length);
        Arrays.fill(all, total, all.length, (byte) pad);
        if (all.length == 0) {
            return all;
        }
        byte[] output = blocks(all, all.length);
        return padded && !encrypting ? unpadded(output) : output;
    }

    /** PKCS #7 (RFC 5652 section 6.3): the last byte says how many there are, all of them equal. */
    private static byte[] unpadded(byte[] bytes) throws BadPaddingException {
        int pad = bytes[bytes.length - 1] & 0xff;
        boolean good = pad >= 1 && pad <= BlockMode.BLOCK;
        for (int i = bytes.length - Math.min(pad, BlockMode.BLOCK); i < bytes.length; i++) {
            good &= (bytes[i] & 0xff) == pad;
        }
        if (!good) {
            throw new BadPaddingException("the last block is not properly padded");
        }
        return Arrays.copyOf(bytes, bytes.length - pad);
    }
}
