package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.AgreementSession;

import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import java.util.List;

import javax.crypto.KeyAgreementSpi;
import javax.crypto.SecretKey;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/** A key agreement of two parties. */
final class AcceleratedAgreement extends KeyAgreementSpi {

    /** Keys that are the secret itself. */
    private static final List<String> RAW = List.of("Generic", "TlsPremasterSecret");

    private final AgreementSession session;
    private final Algorithm algorithm;
    private final String keys;
    private byte[] own = new byte[0];
    private byte[] secret = new byte[0];

    AcceleratedAgreement(ContextPool pool, Algorithm algorithm, String keys) {
        session = new AgreementSession(pool, algorithm);
        this.algorithm = algorithm;
        this.keys = keys;
    }

    @Override
    protected void engineInit(@Nullable Key key, @Nullable SecureRandom random)
            throws InvalidKeyException {
        byte[] bytes = KeyBytes.pkcs8(key);
        require(key);
        Arrays.fill(own, (byte) 0);
        forget();
        own = bytes;
    }

    private void require(@Nullable Key key) throws InvalidKeyException {
        if (key != null) {
            KeyBytes.require(key, keys, algorithm.id());
            KeyBytes.requireCurve(key, algorithm.id());
        }
    }

    @Override
    protected void engineInit(
            @Nullable Key key,
            @Nullable AlgorithmParameterSpec parameters,
            @Nullable SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        if (parameters != null) {
            throw new InvalidAlgorithmParameterException("the agreement takes no parameters");
        }
        engineInit(key, random);
    }

    @Override
    protected @Nullable Key engineDoPhase(@Nullable Key key, boolean lastPhase)
            throws InvalidKeyException {
        if (own.length == 0) {
            throw new IllegalStateException("the agreement has no private key");
        }
        if (secret.length > 0) {
            throw new IllegalStateException("phase already executed");
        }
        if (!lastPhase) {
            throw new IllegalStateException("two parties agree in one phase");
        }
        byte[] peer = KeyBytes.x509(key);
        require(key);
        try {
            secret = session.agree(own, peer);
        } catch (ClientException e) {
            if (e.result().isPresent()) {
                throw new InvalidKeyException(e.getMessage(), e);
            }
            throw Failures.of(e);
        }
        return null;
    }

    private void forget() {
        Arrays.fill(secret, (byte) 0);
        secret = new byte[0];
    }

    private byte[] secret() {
        if (secret.length == 0) {
            throw new IllegalStateException("the phase of the agreement has not been executed");
        }
        return secret;
    }

    @Override
    protected byte[] engineGenerateSecret() {
        byte[] result = secret().clone();
        forget();
        return result;
    }

    @Override
    protected int engineGenerateSecret(byte[] target, int offset) throws ShortBufferException {
        byte[] result = secret();
        if (target.length - offset < result.length) {
            throw new ShortBufferException(
                    "the secret needs %d bytes of room".formatted(result.length));
        }
        System.arraycopy(result, 0, target, offset, result.length);
        int length = result.length;
        forget();
        return length;
    }

    @Override
    protected SecretKey engineGenerateSecret(@Nullable String name)
            throws NoSuchAlgorithmException {
        if (name == null || !RAW.contains(name)) {
            throw new NoSuchAlgorithmException(
                    "of a raw secret are made %s, not %s".formatted(RAW, name));
        }
        byte[] bytes = engineGenerateSecret();
        SecretKey key = new SecretKeySpec(bytes, name);
        Arrays.fill(bytes, (byte) 0);
        return key;
    }
}
