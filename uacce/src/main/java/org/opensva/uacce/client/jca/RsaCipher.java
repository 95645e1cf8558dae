package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.CipherParameters;
import org.opensva.uacce.client.session.CipherSession;

import java.io.ByteArrayOutputStream;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidParameterSpecException;
import java.util.Arrays;

import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.OAEPParameterSpec;

/**
 * RSA encryption (RFC 8017, section 7). One block is collected, and one job does it. What a private
 * key encrypts is a signature: that is refused, as is OAEP of which the mask has another digest.
 */
final class RsaCipher extends Transformation {

    private static final CipherParameters PLAIN = CipherParameters.of(new byte[0]);

    private final ContextPool pool;
    private final RsaPadding padding;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private @Nullable CipherSession session;
    private @Nullable OAEPParameterSpec oaep;
    private boolean encrypting;
    private int blockSize;

    RsaCipher(ContextPool pool, RsaPadding padding) {
        this.pool = pool;
        this.padding = padding;
    }

    @Override
    protected int engineGetBlockSize() {
        return 0;
    }

    @Override
    protected int engineGetOutputSize(int length) {
        return blockSize;
    }

    @Override
    protected byte @Nullable [] engineGetIV() {
        return null;
    }

    @Override
    protected int engineGetKeySize(Key key) throws InvalidKeyException {
        if (key instanceof RSAKey rsa) {
            return rsa.getModulus().bitLength();
        }
        throw new InvalidKeyException("an RSA key is needed, this one is " + key.getAlgorithm());
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        OAEPParameterSpec spec = oaep;
        if (spec == null) {
            return null;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("OAEP");
            parameters.init(spec);
            return parameters;
        } catch (GeneralSecurityException e) {
            throw new ProviderException("the JDK has no parameters for OAEP", e);
        }
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
                    parameters == null
                            ? null
                            : parameters.getParameterSpec(OAEPParameterSpec.class);
            engineInit(opmode, given, spec, random);
        } catch (InvalidParameterSpecException e) {
            throw new InvalidAlgorithmParameterException("the parameters are not for OAEP", e);
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
        OAEPParameterSpec spec = padding.parameters(parameters);
        Algorithm algorithm = padding.algorithm(spec);
        int bits = engineGetKeySize(given);
        byte[] key = encrypts ? publicKey(given) : privateKey(given);
        close();
        session = new CipherSession(pool, algorithm, key);
        Arrays.fill(key, (byte) 0);
        oaep = spec;
        encrypting = encrypts;
        blockSize = (bits + 7) / Byte.SIZE;
        message.reset();
    }

    private static byte[] publicKey(Key given) throws InvalidKeyException {
        if (!(given instanceof PublicKey)) {
            throw new InvalidKeyException("encryption needs a public key");
        }
        KeyBytes.require(given, "RSA");
        return KeyBytes.x509(given);
    }

    private static byte[] privateKey(Key given) throws InvalidKeyException {
        if (!(given instanceof PrivateKey)) {
            throw new InvalidKeyException("decryption needs a private key");
        }
        KeyBytes.require(given, "RSA");
        return KeyBytes.pkcs8(given);
    }

    private void close() {
        CipherSession old = session;
        if (old != null) {
            old.close();
        }
    }

    private CipherSession session() {
        CipherSession current = session;
        if (current == null) {
            throw new IllegalStateException("the cipher has no key");
        }
        return current;
    }

    @Override
    protected byte[] engineUpdate(byte[] input, int offset, int length) {
        session();
        // One byte more than fits is kept, so that the end can say that it was too much.
        message.write(input, offset, Math.clamp(blockSize + 1L - message.size(), 0, length));
        return new byte[0];
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
            engineUpdate(input, offset, length);
        }
        byte[] whole = message.toByteArray();
        message.reset();
        int most = encrypting ? blockSize - padding.overhead(oaep) : blockSize;
        if (whole.length > most) {
            throw new IllegalBlockSizeException("more than " + Math.max(0, most) + " bytes");
        }
        try {
            return encrypting ? current.encrypt(PLAIN, whole) : current.decrypt(PLAIN, whole);
        } catch (ClientException e) {
            if (e.reason() == Reason.BAD_DATA) {
                // Nobody is to learn from the message what was wrong with the padding.
                BadPaddingException bad = new BadPaddingException("it was not made for this key");
                bad.initCause(e);
                throw bad;
            }
            throw Failures.of(e);
        } finally {
            Arrays.fill(whole, (byte) 0);
        }
    }

    @Override
    protected int engineDoFinal(
            byte @Nullable [] input, int offset, int length, byte[] output, int outputOffset)
            throws ShortBufferException, IllegalBlockSizeException, BadPaddingException {
        session();
        if (encrypting && output.length - outputOffset < blockSize) {
            throw new ShortBufferException("the output needs %d bytes".formatted(blockSize));
        }
        byte[] made = engineDoFinal(input, offset, length);
        if (output.length - outputOffset < made.length) {
            throw new ShortBufferException("the output needs %d bytes".formatted(made.length));
        }
        System.arraycopy(made, 0, output, outputOffset, made.length);
        return made.length;
    }
}
