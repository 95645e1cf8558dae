package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.CipherParameters;
import org.opensva.uacce.client.session.CipherSession;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidParameterSpecException;
import java.util.Arrays;

import javax.crypto.AEADBadTagException;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.NoSuchPaddingException;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES in Galois/Counter Mode (NIST SP 800-38D). The message is collected, and one job does it at
 * the end: {@code update} returns nothing. Encrypting twice with the same key and IV is refused.
 * What is too long for one job of a device, the next provider does.
 */
final class GcmCipher extends AesTransformation {

    private static final String NAME = "AES/GCM/NoPadding";
    private static final int USUAL_IV = 12;
    private static final int USUAL_TAG = 16;

    private final ContextPool pool;
    private @Nullable CipherSession session;
    private boolean encrypting;
    private byte[] key = new byte[0];
    private byte[] iv = new byte[0];
    private int tagLength = USUAL_TAG;

    /** What the last encryption was done with; the same once more would give the key away. */
    private byte[] spentKey = new byte[0];

    private byte[] spentIv = new byte[0];
    private boolean spent;
    private ByteArrayOutputStream associated = new ByteArrayOutputStream();
    private ByteArrayOutputStream message = new ByteArrayOutputStream();
    private boolean begun;

    GcmCipher(ContextPool pool) {
        this.pool = pool;
    }

    @Override
    protected byte @Nullable [] engineGetIV() {
        return iv.length == 0 ? null : iv.clone();
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        if (iv.length == 0) {
            return null;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("GCM");
            parameters.init(new GCMParameterSpec(tagLength * Byte.SIZE, iv));
            return parameters;
        } catch (GeneralSecurityException e) {
            throw new ProviderException("the JDK has no parameters for GCM", e);
        }
    }

    @Override
    protected void engineInit(
            int opmode,
            Key given,
            @Nullable AlgorithmParameterSpec parameters,
            @Nullable SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        boolean encrypts = opmode == Cipher.ENCRYPT_MODE || opmode == Cipher.WRAP_MODE;
        byte[] bytes = AesKey.of(given);
        byte[] nextIv;
        int nextTag = USUAL_TAG;
        if (parameters == null) {
            if (!encrypts) {
                throw new InvalidAlgorithmParameterException("parameters are missing: the IV");
            }
            nextIv = new byte[USUAL_IV];
            (random == null ? new SecureRandom() : random).nextBytes(nextIv);
        } else if (parameters instanceof GCMParameterSpec spec) {
            nextIv = spec.getIV();
            nextTag = tagBytes(spec.getTLen());
            if (nextIv.length == 0) {
                throw new InvalidAlgorithmParameterException("the IV is empty");
            }
        } else {
            throw new InvalidAlgorithmParameterException("the parameters are not for GCM");
        }
        if (encrypts
                && MessageDigest.isEqual(bytes, spentKey)
                && MessageDigest.isEqual(nextIv, spentIv)) {
            throw new InvalidAlgorithmParameterException("cannot reuse iv for GCM encryption");
        }
        CipherSession old = session;
        if (old != null) {
            old.close();
        }
        Arrays.fill(key, (byte) 0);
        session = new CipherSession(pool, Algorithm.AES_GCM, bytes);
        key = bytes;
        iv = nextIv;
        tagLength = nextTag;
        encrypting = encrypts;
        if (encrypts) {
            spentKey = bytes.clone();
            spentIv = nextIv.clone();
        }
        spent = false;
        restart();
    }

    private static int tagBytes(int bits) throws InvalidAlgorithmParameterException {
        if (bits < 96 || bits > 128 || bits % Byte.SIZE != 0) {
            throw new InvalidAlgorithmParameterException(
                    "a tag has 96, 104, 112, 120 or 128 bits, not " + bits);
        }
        return bits / Byte.SIZE;
    }

    @Override
    protected void engineInit(
            int opmode,
            Key given,
            @Nullable AlgorithmParameters parameters,
            @Nullable SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        try {
            AlgorithmParameterSpec spec =
                    parameters == null ? null : parameters.getParameterSpec(GCMParameterSpec.class);
            engineInit(opmode, given, spec, random);
        } catch (InvalidParameterSpecException e) {
            throw new InvalidAlgorithmParameterException("the parameters are not for GCM", e);
        }
    }

    private void restart() {
        associated = new ByteArrayOutputStream();
        message = new ByteArrayOutputStream();
        begun = false;
    }

    private CipherSession session() {
        CipherSession current = session;
        if (current == null) {
            throw new IllegalStateException("the cipher has no key");
        }
        if (encrypting && spent) {
            throw new IllegalStateException(
                    "must use either different key or iv for GCM encryption");
        }
        return current;
    }

    @Override
    protected void engineUpdateAAD(byte[] source, int offset, int length) {
        session();
        if (begun) {
            throw new IllegalStateException("associated data have to come before the message");
        }
        associated.write(source, offset, length);
    }

    @Override
    protected void engineUpdateAAD(ByteBuffer source) {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        engineUpdateAAD(bytes, 0, bytes.length);
    }

    @Override
    protected int engineGetOutputSize(int length) {
        int total = Math.addExact(message.size(), length);
        return encrypting ? Math.addExact(total, tagLength) : Math.max(0, total - tagLength);
    }

    @Override
    protected byte @Nullable [] engineUpdate(byte[] input, int offset, int length) {
        session();
        begun = true;
        message.write(input, offset, length);
        // As the JDK's: programs write what they get without a look.
        return encrypting ? new byte[0] : null;
    }

    @Override
    protected int engineUpdate(
            byte[] input, int offset, int length, byte[] output, int outputOffset) {
        engineUpdate(input, offset, length);
        return 0;
    }

    @Override
    protected byte[] engineDoFinal(byte @Nullable [] input, int offset, int length)
            throws IllegalBlockSizeException, BadPaddingException {
        CipherSession current = session();
        if (input != null && length > 0) {
            message.write(input, offset, length);
        }
        byte[] whole = message.toByteArray();
        CipherParameters how = new CipherParameters(iv, associated.toByteArray(), tagLength, 0);
        restart();
        if (!encrypting && whole.length < tagLength) {
            throw new AEADBadTagException("the input is shorter than a tag of " + tagLength);
        }
        spent |= encrypting;
        try {
            return encrypting ? current.encrypt(how, whole) : current.decrypt(how, whole);
        } catch (ClientException e) {
            if (Failures.isTooLong(e)) {
                return inSoftware(how, whole);
            }
            if (e.reason() == Reason.AUTHENTICATION_FAILED) {
                AEADBadTagException bad = new AEADBadTagException("tag mismatch");
                bad.initCause(e);
                throw bad;
            }
            throw Failures.of(e);
        }
    }

    private byte[] inSoftware(CipherParameters how, byte[] whole)
            throws IllegalBlockSizeException, BadPaddingException {
        try {
            Cipher cipher = Cipher.getInstance(NAME, Elsewhere.provider("Cipher", NAME));
            cipher.init(
                    encrypting ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE,
                    new SecretKeySpec(key, "AES"),
                    new GCMParameterSpec(tagLength * Byte.SIZE, iv));
            cipher.updateAAD(how.associated());
            return cipher.doFinal(whole);
        } catch (NoSuchAlgorithmException
                | NoSuchPaddingException
                | InvalidKeyException
                | InvalidAlgorithmParameterException e) {
            throw new ProviderException("the message is too long for a device", e);
        }
    }

    @Override
    protected int engineDoFinal(
            byte @Nullable [] input, int offset, int length, byte[] output, int outputOffset)
            throws ShortBufferException, IllegalBlockSizeException, BadPaddingException {
        session();
        int size = engineGetOutputSize(length);
        if (output.length - outputOffset < size) {
            throw new ShortBufferException("the output needs %d bytes of room".formatted(size));
        }
        byte[] made = engineDoFinal(input, offset, length);
        System.arraycopy(made, 0, output, outputOffset, made.length);
        return made.length;
    }
}
