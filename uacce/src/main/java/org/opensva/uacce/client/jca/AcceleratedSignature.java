package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.SignatureSession;

import java.io.ByteArrayOutputStream;
import java.security.AlgorithmParameters;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;

/** A signature. The message is collected, and one job signs or verifies it. */
final class AcceleratedSignature extends SignatureSpi {

    private final SignatureSession session;
    private final SignatureKind kind;
    private byte[] key = new byte[0];
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    AcceleratedSignature(ContextPool pool, SignatureKind kind) {
        this.kind = kind;
        session = new SignatureSession(pool, kind.algorithm(), kind.isPlain());
    }

    @Override
    protected void engineInitVerify(@Nullable PublicKey given) throws InvalidKeyException {
        byte[] bytes = KeyBytes.x509(given);
        if (given != null) {
            KeyBytes.require(given, kind.keys());
        }
        use(bytes);
    }

    @Override
    protected void engineInitSign(@Nullable PrivateKey given) throws InvalidKeyException {
        byte[] bytes = KeyBytes.pkcs8(given);
        if (given != null) {
            KeyBytes.require(given, kind.keys());
        }
        use(bytes);
    }

    private void use(byte[] bytes) {
        Arrays.fill(key, (byte) 0);
        key = bytes;
        message.reset();
    }

    @Override
    protected void engineUpdate(byte b) {
        message.write(b);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int offset, int length) {
        message.write(bytes, offset, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
        byte[] whole = message.toByteArray();
        message.reset();
        try {
            return session.sign(key, whole);
        } catch (ClientException e) {
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
        byte[] whole = message.toByteArray();
        message.reset();
        try {
            return session.verify(key, whole, signature);
        } catch (ClientException e) {
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected void engineSetParameter(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (parameters != null) {
            throw new InvalidAlgorithmParameterException(
                    kind.standardName() + " takes no parameters");
        }
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        return null;
    }

    @Deprecated
    @Override
    protected void engineSetParameter(String name, Object value) {
        throw new InvalidParameterException("there is no parameter " + name);
    }

    @Deprecated
    @Override
    protected Object engineGetParameter(String name) {
        throw new InvalidParameterException("there is no parameter " + name);
    }
}
